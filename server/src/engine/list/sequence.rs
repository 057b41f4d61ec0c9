//! engine/list/sequence.rs — a list as a value: what the keyspace asks of it.
//!
//! Knows no RESP. How the entries lie in memory is `structure/segments`' business; it shows in
//! nothing but the weight.

use std::io::{self, BufRead};

use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Elements, Kind, Object, Shape};
use crate::persist::rdb;
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::segments::{End, List};

/// What a listpack has besides its entries: a header and an end mark.
const LISTPACK_FRAME_BYTES: usize = 7;

/// The kind of lists.
pub static KIND: Kind = Kind { name: "list", tag: 1, thaw, forms: rdb::list::FORMS, restore };

/// A list of byte strings.
#[derive(Default)]
pub struct Sequence {
    /// The entries.
    pub entries: List,
}

/// When more than one entry in so many is to be removed, the list is written anew instead.
const REWRITE_EVERY: usize = 64;

/// Up to so many entries are cut off one by one, and freed at once.
const FEW: usize = 1000;

impl Sequence {
    /// Cuts the list down to `count` entries from `first` on. What is cut off and is more than a
    /// few entries is given back, for it may take long to free.
    pub fn trim(&mut self, first: usize, count: usize) -> [Option<Sequence>; 2] {
        let mut cut = [None, None];
        let behind = first.saturating_add(count);
        if self.entries.len().saturating_sub(behind) > FEW {
            cut[1] = Some(Sequence { entries: self.entries.split_off(behind) });
        } else {
            self.entries.remove(behind, usize::MAX);
        }
        if first > FEW {
            let kept = self.entries.split_off(first);
            cut[0] = Some(Sequence { entries: std::mem::replace(&mut self.entries, kept) });
        } else {
            self.entries.remove(0, first);
        }
        cut
    }

    /// Removes up to `most` entries equal to `element`, the nearest to the end `from` first;
    /// returns how many.
    pub fn remove_equal(&mut self, from: End, most: usize, element: &[u8]) -> usize {
        let entries = &self.entries;
        let is_equal = |&(_, entry): &(usize, &[u8])| entry == element;
        let last = entries.len().saturating_sub(1);
        let mut found: Vec<usize> = match from {
            End::Front => {
                let walk = entries.iter().enumerate();
                walk.filter(is_equal).take(most).map(|(at, _)| at).collect()
            }
            End::Back => {
                let walk = entries.iter_back().enumerate();
                walk.filter(is_equal).take(most).map(|(at, _)| last - at).collect()
            }
        };
        if found.len() > 1 && found.len() > entries.len() / REWRITE_EVERY {
            found.sort_unstable();
            let mut kept = List::new();
            let mut gone = found.iter().copied().peekable();
            for (at, entry) in entries.iter().enumerate() {
                if gone.next_if_eq(&at).is_none() {
                    kept.push(End::Back, entry);
                }
            }
            self.entries = kept;
        } else {
            // From the tail, so that what is still to go keeps its position.
            found.sort_unstable_by(|a, b| b.cmp(a));
            for &at in &found {
                self.entries.remove(at, 1);
            }
        }
        found.len()
    }
}

impl Object for Sequence {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        self.entries.weight()
    }

    fn shed(&mut self, most: usize) -> usize {
        self.entries.shed(most)
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Follows from the entries' bytes alone. Redis 7.2 counts the bytes of its own format, which
    /// has shorter integers, and turns a quicklist back only when it has shrunk to half.
    fn encoding(&self) -> &'static str {
        let most = Shape::current().list;
        let fits = self.entries.len() <= most.elements
            && self.entries.bytes() + LISTPACK_FRAME_BYTES <= most.bytes;
        if fits { "listpack" } else { "quicklist" }
    }

    fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.entries.len());
        for entry in self.entries.iter() {
            put_string(to, entry);
        }
    }

    fn freeze_part(&self, _: Millis, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        let begin = to.len();
        if from == 0 {
            put_length(to, self.entries.len());
        }
        for (at, entry) in (from..).zip(self.entries.iter_from(from as usize)) {
            if to.len() - begin >= most {
                return Some(at);
            }
            put_string(to, entry);
        }
        None
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        rdb::list::write(to, self.entries.iter());
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut entries = List::new();
        for entry in self.entries.iter() {
            entries.push(End::Back, entry);
        }
        Box::new(Sequence { entries })
    }

    fn as_elements(&self) -> Option<&dyn Elements> {
        Some(self)
    }
}

impl Elements for Sequence {
    fn count(&self) -> usize {
        self.entries.len()
    }

    fn show<'a>(&'a self, skip: usize, count: usize, back: bool, show: &mut dyn FnMut(&'a [u8])) {
        match (self.entries.len() - skip).checked_sub(1) {
            None => {}
            Some(at) if back => self.entries.iter_back_from(at).take(count).for_each(show),
            Some(_) => self.entries.iter_from(skip).take(count).for_each(show),
        }
    }
}

fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut entries = List::new();
    rdb::list::read(form, from, |entry| {
        entries.push(End::Back, entry);
        Ok(())
    })?;
    Ok(Box::new(Sequence { entries }))
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut frozen = Frozen::new(bytes);
    let read = |frozen: &mut Frozen<'_>| {
        let count = frozen.length().filter(|&count| count > 0 && count <= frozen.left())?;
        let mut entries = List::new();
        for _ in 0..count {
            entries.push(End::Back, frozen.string()?);
        }
        (frozen.left() == 0).then_some(entries)
    };
    match read(&mut frozen) {
        Some(entries) => Ok(Box::new(Sequence { entries })),
        None => Err(Fault::Corrupt { what: "a list".into(), offset: frozen.offset() }),
    }
}
