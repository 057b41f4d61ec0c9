//! keyspace/capture/fill.rs — a capture put back into a keyspace, by as many threads as there are.
//!
//! Each thread hands in pieces ([`Filling::take`]), in any order; what of a big value has come is
//! kept until all of it is there. It is no change: no watch is marked, nobody who waits is served.
//! Neighbours in a capture were neighbours in a stripe, so with the seed of the keyspace that it
//! was made of, a stripe is locked once for many of them.
//!
//! Trusts nothing: what does not read back, or is there twice, is a fault.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::item::{Head, Item, Items};
use crate::error::Fault;
use crate::keyspace::entry::Slot;
use crate::keyspace::stripe::Held;
use crate::keyspace::table::{NEVER, slot_mark};
use crate::keyspace::{Keyspace, Kind, Object, STRING_TAG, StripeId};
use crate::structure::FixedState;

/// Entries that are looked at before the first of them is put in.
const AHEAD: usize = 32;

/// See the module.
pub struct Filling<'k> {
    space: &'k Keyspace,
    kinds: [Option<&'static Kind>; 256],
    pieces: Mutex<HashMap<u64, Pieces, FixedState>>,
    entries: AtomicU64,
}

/// What has come of a big value.
#[derive(Default)]
struct Pieces {
    head: Option<OwnedHead>,
    parts: BTreeMap<u64, Vec<u8>>,
    bytes: u64,
    expected: Option<u64>,
}

struct OwnedHead {
    database: usize,
    deadline: Option<u64>,
    tag: u8,
    key: Box<[u8]>,
}

impl Pieces {
    fn is_whole(&self) -> bool {
        self.head.is_some() && self.expected == Some(self.bytes)
    }

    /// All parts in order, if none is missing.
    fn join(self) -> Option<Vec<u8>> {
        let mut parts = self.parts.into_iter();
        let (at, mut whole) = parts.next()?;
        let mut is_sound = at == 0;
        for (at, part) in parts {
            is_sound &= at == whole.len() as u64;
            whole.extend_from_slice(&part);
        }
        is_sound.then_some(whole)
    }
}

/// What an entry is to hold.
enum Content<'b> {
    String(&'b [u8]),
    Object(Box<dyn Object>),
}

impl<'k> Filling<'k> {
    /// Into this keyspace, with values of these kinds.
    pub fn new(space: &'k Keyspace, kinds: impl Iterator<Item = &'static Kind>) -> Filling<'k> {
        let mut known = [None; 256];
        kinds.for_each(|kind| known[usize::from(kind.tag)] = Some(kind));
        let (pieces, entries) = (Mutex::default(), AtomicU64::new(0));
        Filling { space, kinds: known, pieces, entries }
    }

    /// Puts in what a piece of a capture says. A piece is as [`Keyspace::walk`] appended it, or
    /// several such one behind the other.
    ///
    /// # Errors
    /// If it is not that: where in the piece. What was before that is put in.
    pub fn take(&self, piece: &[u8]) -> Result<(), Fault> {
        let _gate = self.space.gate.share();
        let mut items = Items::of(piece);
        let mut ahead: Vec<(usize, u64, Head<'_>, &[u8])> = Vec::with_capacity(AHEAD);
        loop {
            let begin = items.offset();
            let item = items.next();
            match item {
                Some(Item::Entry(head, value)) => {
                    let hash = self.space.hash(head.key);
                    if head.database < self.space.databases() {
                        self.space.prefetch(head.database, hash);
                    }
                    ahead.push((begin, hash, head, value));
                }
                Some(Item::Begin(number, head)) => {
                    let Head { database, deadline, tag, key } = head;
                    let head = OwnedHead { database, deadline, tag, key: key.into() };
                    self.gather(number, begin, |pieces| pieces.head.replace(head).is_none())?;
                }
                Some(Item::Part(number, at, bytes)) => self.gather(number, begin, |pieces| {
                    pieces.bytes += bytes.len() as u64;
                    pieces.parts.insert(at, bytes.to_vec()).is_none()
                })?,
                Some(Item::End(number, bytes)) => {
                    self.gather(number, begin, |pieces| pieces.expected.replace(bytes).is_none())?;
                }
                None => {}
            }
            if ahead.len() == AHEAD || item.is_none() {
                self.put_in(&ahead)?;
                self.entries.fetch_add(ahead.len() as u64, Relaxed);
                ahead.clear();
            }
            if item.is_none() {
                break;
            }
        }
        if items.offset() < piece.len() {
            return Err(damaged("an entry", items.offset()));
        }
        Ok(())
    }

    /// Entries that were put in so far.
    pub fn entries(&self) -> u64 {
        self.entries.load(Relaxed)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// If a big value is half there.
    pub fn finish(self) -> Result<u64, Fault> {
        if !self.pieces.into_inner().is_empty() {
            return Err(damaged("a big value, which is not whole,", 0));
        }
        Ok(self.entries.into_inner())
    }

    fn put_in(&self, entries: &[(usize, u64, Head<'_>, &[u8])]) -> Result<(), Fault> {
        let mut locked: Option<(StripeId, Held<'_>)> = None;
        for (offset, hash, head, value) in entries {
            let content = match head.tag {
                STRING_TAG => Content::String(value),
                tag => Content::Object(self.thaw(tag, value, *offset)?),
            };
            if head.database >= self.space.databases() {
                return Err(damaged("the number of a database", *offset));
            }
            let id = self.space.stripe_of(head.database, *hash);
            let held = match locked.take() {
                Some((at, held)) if at == id => held,
                other => {
                    drop(other);
                    self.space.lock(id)
                }
            };
            let (_, held) = locked.insert((id, held));
            self.put(held, *hash, head, content, *offset)?;
        }
        Ok(())
    }

    fn put(
        &self,
        held: &mut Held<'_>,
        hash: u64,
        head: &Head<'_>,
        content: Content<'_>,
        offset: usize,
    ) -> Result<(), Fault> {
        let guarded = held.edit();
        if guarded.find(head.key, hash).is_some() {
            return Err(damaged("a key, which is there twice,", offset));
        }
        let mark = slot_mark(hash, self.space.captures.cut().parity());
        let slot = match content {
            Content::String(value) => Slot::string(head.key, value, mark),
            Content::Object(object) => Slot::boxed(head.key, object, mark),
        };
        guarded.insert(slot, hash, head.deadline.unwrap_or(NEVER));
        Ok(())
    }

    fn thaw(&self, tag: u8, value: &[u8], offset: usize) -> Result<Box<dyn Object>, Fault> {
        let Some(kind) = self.kinds[usize::from(tag)] else {
            let what = format!("a value of unknown kind {tag}");
            return Err(Fault::Corrupt { what: what.into(), offset });
        };
        (kind.thaw)(value).map_err(|fault| match fault {
            Fault::Corrupt { what, offset: within } => {
                Fault::Corrupt { what, offset: offset + within }
            }
            other => other,
        })
    }

    /// Adds to what there is of a big value, and puts it in when it is whole.
    fn gather(
        &self,
        number: u64,
        offset: usize,
        add: impl FnOnce(&mut Pieces) -> bool,
    ) -> Result<(), Fault> {
        let whole = {
            let mut all = self.pieces.lock();
            let pieces = all.entry(number).or_default();
            if !add(pieces) {
                return Err(damaged("a part of a big value, which is there twice,", offset));
            }
            if pieces.is_whole() { all.remove(&number) } else { None }
        };
        let Some(mut pieces) = whole else { return Ok(()) };
        let Some(head) = pieces.head.take() else { return Ok(()) };
        let value = pieces.join().ok_or_else(|| damaged("a big value", offset))?;
        let hash = self.space.hash(&head.key);
        let OwnedHead { database, deadline, tag, key } = &head;
        let head = Head { database: *database, deadline: *deadline, tag: *tag, key };
        self.put_in(&[(offset, hash, head, &value)])?;
        self.entries.fetch_add(1, Relaxed);
        Ok(())
    }
}

fn damaged(what: &'static str, offset: usize) -> Fault {
    Fault::Corrupt { what: what.into(), offset }
}
