//! The segments of a long list, in groups with counts.
//!
//! A list of ten million short values has 44 thousand segments: too many to walk for one index, and
//! too many to move when one is put in between. So they stand in groups of at most [`GROUP`], and
//! an index skips groups, then segments, then entries.
//!
//! Invariants: no group and no segment is empty; a group's counts are those of its segments;
//! the weights are kept up to date, because every change to a list asks for its weight twice.

use std::collections::VecDeque;

use super::segment::{End, FULL, Segment};
use crate::structure::room;

/// The most segments in a group.
pub(super) const GROUP: usize = if cfg!(test) { 6 } else { 128 };

#[derive(Default)]
pub(super) struct Group {
    segments: VecDeque<Segment>,
    count: usize,
}

impl Group {
    /// Heap bytes of the segments' own words, without what they hold.
    fn frame(&self) -> usize {
        room(self.segments.capacity() * size_of::<Segment>())
    }
}

#[derive(Default)]
pub(super) struct Directory {
    groups: VecDeque<Group>,
    len: usize,
    /// Heap bytes of the buffers.
    heap: usize,
    /// Heap bytes of the groups.
    frames: usize,
}

/// A segment's place: its group and its number there.
pub(super) type Place = (usize, usize);

impl Directory {
    pub(super) fn new(only: Segment) -> Self {
        let mut directory = Self::default();
        directory.add(End::Back, only);
        directory
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(super) fn buffers(&self) -> usize {
        self.heap
    }

    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The heap bytes of the groups as kept up to date, and as counted anew.
    #[cfg(test)]
    pub(super) fn frames(&self) -> (usize, usize) {
        (self.frames, self.groups.iter().map(Group::frame).sum())
    }

    pub(super) fn weight(&self) -> usize {
        self.heap + self.frames + room(self.groups.capacity() * size_of::<Group>())
    }

    /// Takes the first segment out; for a directory that is given up.
    pub(super) fn take_only(&mut self) -> Segment {
        let segment = self.groups.front_mut().and_then(|group| group.segments.pop_front());
        segment.unwrap_or_default()
    }

    pub(super) fn is_single(&self) -> bool {
        self.groups.len() <= 1 && self.groups.front().is_none_or(|group| group.segments.len() <= 1)
    }

    /// Adds a segment at an end.
    pub(super) fn add(&mut self, end: End, segment: Segment) {
        self.len += segment.len();
        self.heap += segment.weight();
        let group = match end {
            End::Front => self.groups.front_mut(),
            End::Back => self.groups.back_mut(),
        };
        let group = match (group, end) {
            (Some(group), _) if group.segments.len() < GROUP => group,
            (_, End::Front) => {
                self.groups.push_front(Group::default());
                &mut self.groups[0]
            }
            (_, End::Back) => {
                self.groups.push_back(Group::default());
                let last = self.groups.len() - 1;
                &mut self.groups[last]
            }
        };
        let before = group.frame();
        group.count += segment.len();
        match end {
            End::Front => group.segments.push_front(segment),
            End::Back => group.segments.push_back(segment),
        }
        self.frames = self.frames + group.frame() - before;
    }

    /// The place of the segment at an end.
    #[inline]
    pub(super) fn end(&self, end: End) -> Option<Place> {
        match end {
            End::Front => (!self.groups.is_empty()).then_some((0, 0)),
            End::Back => {
                let group = self.groups.len().checked_sub(1)?;
                Some((group, self.groups[group].segments.len() - 1))
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, (group, segment): Place) -> Option<&Segment> {
        self.groups.get(group)?.segments.get(segment)
    }

    /// The place before or behind this one.
    pub(super) fn next(&self, (group, segment): Place, towards: End) -> Option<Place> {
        match towards {
            End::Back if segment + 1 < self.groups.get(group)?.segments.len() => {
                Some((group, segment + 1))
            }
            End::Back => (group + 1 < self.groups.len()).then_some((group + 1, 0)),
            End::Front if segment > 0 => Some((group, segment - 1)),
            End::Front => {
                let group = group.checked_sub(1)?;
                Some((group, self.groups.get(group)?.segments.len() - 1))
            }
        }
    }

    /// The segment that holds this index, and the index there. Skips from the nearer end.
    pub(super) fn find(&self, index: usize) -> Option<(Place, usize)> {
        if index >= self.len {
            return None;
        }
        let (group, index) = skip(&self.groups, self.len, index, |group| group.count);
        let segments = &self.groups[group].segments;
        let (segment, index) = skip(segments, self.groups[group].count, index, Segment::len);
        Some(((group, segment), index))
    }

    /// Changes a segment, then brings the counts up to date; drops the segment when it became
    /// empty.
    #[inline]
    pub(super) fn change<R>(
        &mut self,
        (number, at): Place,
        change: impl FnOnce(&mut Segment) -> R,
    ) -> Option<R> {
        let group = self.groups.get_mut(number)?;
        let segment = group.segments.get_mut(at)?;
        let (count, weight) = (segment.len(), segment.weight());
        let result = change(segment);
        let (count_now, weight_now) = (segment.len(), segment.weight());
        group.count = group.count + count_now - count;
        self.len = self.len + count_now - count;
        self.heap = self.heap + weight_now - weight;
        if count_now == 0 {
            self.drop_segment((number, at));
        }
        Some(result)
    }

    /// Takes the segments from a place on out, as a directory of their own; says also how many
    /// bytes their entries are. Reads the segments' own words and moves the groups'.
    pub(super) fn split_off(&mut self, (number, at): Place) -> (Self, usize) {
        let mut rest = Self::default();
        let whole = number + usize::from(at > 0);
        rest.groups = self.groups.split_off(whole.min(self.groups.len()));
        let moved: usize = rest.groups.iter().map(Group::frame).sum();
        if at > 0
            && let Some(group) = self.groups.back_mut()
            && at < group.segments.len()
        {
            let segments = group.segments.split_off(at);
            let count = segments.iter().map(Segment::len).sum();
            group.count -= count;
            rest.groups.push_front(Group { segments, count });
        }
        self.groups.shrink_to_fit();
        let mut bytes = 0;
        for group in &rest.groups {
            rest.len += group.count;
            rest.frames += group.frame();
            for segment in &group.segments {
                rest.heap += segment.weight();
                bytes += segment.used();
            }
        }
        self.len -= rest.len;
        self.heap -= rest.heap;
        self.frames -= moved;
        (rest, bytes)
    }

    /// Drops up to `most` segments from the end and leaves the counts as they are.
    pub(super) fn shed(&mut self, most: usize) -> usize {
        let mut gone = 0;
        while gone < most
            && let Some(group) = self.groups.back_mut()
        {
            if group.segments.pop_back().is_none() {
                self.groups.pop_back();
            }
            gone += 1;
        }
        gone
    }

    /// Removes a segment with all its entries.
    pub(super) fn drop_segment(&mut self, (number, at): Place) {
        let Some(group) = self.groups.get_mut(number) else { return };
        let Some(segment) = group.segments.remove(at) else { return };
        group.count -= segment.len();
        self.len -= segment.len();
        self.heap -= segment.weight();
        if group.segments.is_empty() {
            self.frames -= group.frame();
            self.groups.remove(number);
        }
    }

    /// Puts a segment at a place, before the one that is there, and returns the place it got. A
    /// group that is too long is cut in half.
    pub(super) fn insert(&mut self, (mut number, mut at): Place, segment: Segment) -> Place {
        if number >= self.groups.len() {
            self.add(End::Back, segment);
            return self.end(End::Back).unwrap_or_default();
        }
        if self.groups[number].segments.len() >= GROUP {
            let segments = self.groups[number].segments.split_off(GROUP / 2);
            let count = segments.iter().map(Segment::len).sum();
            self.groups[number].count -= count;
            let group = Group { segments, count };
            self.frames += group.frame();
            self.groups.insert(number + 1, group);
            if at > GROUP / 2 {
                (number, at) = (number + 1, at - GROUP / 2);
            }
        }
        self.len += segment.len();
        self.heap += segment.weight();
        let group = &mut self.groups[number];
        let before = group.frame();
        group.count += segment.len();
        group.segments.insert(at, segment);
        self.frames = self.frames + group.frame() - before;
        (number, at)
    }

    /// Joins the segment at a place with the next one when both together are small.
    pub(super) fn join(&mut self, place: Place) {
        let Some(next) = self.next(place, End::Back) else { return };
        let used = |place| self.get(place).map_or(FULL, Segment::used);
        if used(place) + used(next) > FULL / 2 {
            return;
        }
        let (Some(segment), Some(other)) = (self.get(place), self.get(next)) else { return };
        let joined = segment.join(other);
        self.drop_segment(next);
        self.change(place, |segment| *segment = joined);
    }
}

/// The item that holds the index of the whole, and the index within it.
fn skip<T>(
    items: &VecDeque<T>,
    whole: usize,
    index: usize,
    count: impl Fn(&T) -> usize,
) -> (usize, usize) {
    if index <= whole / 2 {
        let mut index = index;
        for (number, item) in items.iter().enumerate() {
            if index < count(item) {
                return (number, index);
            }
            index -= count(item);
        }
    } else {
        let mut behind = whole - index;
        for (number, item) in items.iter().enumerate().rev() {
            if behind <= count(item) {
                return (number, count(item) - behind);
            }
            behind -= count(item);
        }
    }
    (items.len().saturating_sub(1), 0)
}
