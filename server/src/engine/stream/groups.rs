//! engine/stream/groups.rs — the consumer groups of a stream, by name.

use std::collections::BTreeMap;

use super::group::Group;
use crate::structure::blocks::Id;
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::room;

/// See the module. A group is changed through here, so that the weight is known at any time.
#[derive(Default, Clone)]
pub struct Groups {
    by_name: BTreeMap<Box<[u8]>, Group>,
    /// Heap bytes of names and groups.
    heap: usize,
}

/// Heap bytes of a group besides what it holds.
fn frame(name: &[u8]) -> usize {
    // Nodes of a tree are about two thirds full.
    room(name.len()) + (size_of::<Box<[u8]>>() + size_of::<Group>()) * 3 / 2
}

impl Groups {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The group of this name.
    pub fn get(&self, name: &[u8]) -> Option<&Group> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Group)> {
        self.by_name.iter().map(|(name, group)| (&name[..], group))
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        self.heap
    }

    /// The weight, counted anew.
    #[cfg(test)]
    pub fn counted(&self) -> usize {
        self.iter().map(|(name, group)| frame(name) + group.counted()).sum()
    }

    /// Makes a group; false if there is one of this name.
    pub fn create(&mut self, name: &[u8], group: Group) -> bool {
        if self.by_name.contains_key(name) {
            return false;
        }
        self.heap += frame(name) + group.weight();
        self.by_name.insert(name.into(), group);
        true
    }

    /// Removes a group with all that is pending in it; false if there is none of this name.
    pub fn destroy(&mut self, name: &[u8]) -> bool {
        let Some(group) = self.by_name.remove(name) else { return false };
        self.heap -= frame(name) + group.weight();
        true
    }

    /// Changes a group; `None` if there is none of this name.
    pub fn change<R>(&mut self, name: &[u8], change: impl FnOnce(&mut Group) -> R) -> Option<R> {
        let group = self.by_name.get_mut(name)?;
        let before = group.weight();
        let result = change(group);
        self.heap = self.heap + group.weight() - before;
        Some(result)
    }

    /// Whether a group has still to be given the entry, or was given it and did not acknowledge it.
    pub fn need(&self, id: Id) -> bool {
        self.by_name.values().any(|group| group.last < id || group.pending(id).is_some())
    }

    /// Up to which entry all groups were given everything.
    pub fn given_to_all(&self) -> Id {
        self.by_name.values().map(|group| group.last).min().unwrap_or(Id::MAX)
    }

    /// Takes an entry out of what is pending, in all groups.
    pub fn forget(&mut self, id: Id) -> bool {
        let mut found = false;
        for group in self.by_name.values_mut() {
            let before = group.weight();
            found |= group.acknowledge(id);
            self.heap = self.heap + group.weight() - before;
        }
        found
    }

    /// Frees about `most` blocks of memory, and says how many; for what is to be freed.
    pub fn shed(&mut self, most: usize) -> usize {
        let Some(mut group) = self.by_name.first_entry() else { return 0 };
        match group.get_mut().shed(most) {
            0 => {
                group.remove();
                1
            }
            some => some,
        }
    }

    /// Appends the number of groups, and each with its name.
    pub fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.by_name.len());
        for (name, group) in &self.by_name {
            put_string(to, name);
            group.freeze(to);
        }
    }

    /// Reads what [`Groups::freeze`] wrote; `None` if it is not that.
    pub fn thaw(frozen: &mut Frozen<'_>) -> Option<Groups> {
        let mut groups = Groups::default();
        let count = frozen.length()?;
        for _ in 0..count {
            let name = frozen.string()?;
            let follows = groups.by_name.last_key_value().is_none_or(|(last, _)| **last < *name);
            let group = Group::thaw(frozen)?;
            if !follows || !groups.create(name, group) {
                return None;
            }
        }
        Some(groups)
    }
}
