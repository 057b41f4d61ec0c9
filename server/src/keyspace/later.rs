//! keyspace/later.rs — what takes long to free is freed later, a slice at a time.
//!
//! A list of ten million elements is some ten thousand blocks, a set of a million is a million of
//! them; freeing one costs some tens of nanoseconds. So whoever removes such a value only puts it
//! aside, and its loop frees a bounded number of blocks per turn ([`Keyspace::free_slice`]).
//!
//! A long string is one block, and yet freeing it takes as long as it has pages; so its pages are
//! returned to the system one slice after the other before it is freed.
//!
//! Not on a thread of its own: blocks that another thread frees come back to the allocator only
//! when their owner meets them again, all of a page at once; on one core that thread would take
//! whole time slices besides. The queue belongs to the thread, since the thread that removes a
//! value most likely also made it.
//!
//! Not here: what is big enough to be put aside (`BIG_BYTES`), and how a kind comes apart
//! ([`Object::shed`](super::Object::shed)).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::Slot;
use super::stripe::Guarded;
use super::{BIG_BYTES, Keyspace, Object};

thread_local! {
    static ASIDE: RefCell<VecDeque<Garbage>> = const { RefCell::new(VecDeque::new()) };
}

/// That values may be freed later, and how much is. Whoever gives one to a keyspace calls
/// [`Keyspace::free_slice`] on every thread that removes values.
#[derive(Debug, Default)]
pub struct Later {
    pending: AtomicU64,
    freed: AtomicU64,
    blocks: AtomicU64,
}

/// How much was put aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aside {
    /// Values, parts of values and of emptied databases that wait to be freed.
    pub pending: u64,
    /// Those that were freed.
    pub freed: u64,
    /// Blocks freed so far, one for each 4 KiB of a string.
    pub blocks: u64,
}

/// Something whose memory takes long to free.
enum Garbage {
    /// An entry, and how many pages of its string are gone.
    Entry(Slot, usize),
    Part(Box<dyn Object>),
    Stripe(Box<Guarded>),
}

impl Garbage {
    /// Frees about `most` blocks; returns how many are left of `most`, or `None` when there is more
    /// to free.
    fn shed(&mut self, most: usize, aside: &mut Vec<Slot>) -> Option<usize> {
        let mut left = most;
        match self {
            Garbage::Entry(slot, done) => {
                while left > 0 {
                    let gone = slot.shed(*done, left);
                    if gone == 0 {
                        return Some(left);
                    }
                    *done += gone;
                    left = left.saturating_sub(gone);
                }
                None
            }
            Garbage::Part(part) => {
                while left > 0 {
                    let gone = part.shed(left);
                    if gone == 0 {
                        return Some(left);
                    }
                    left = left.saturating_sub(gone);
                }
                None
            }
            Garbage::Stripe(stripe) => {
                while let Some(slot) = stripe.shed() {
                    if slot.weight() >= BIG_BYTES {
                        aside.push(slot);
                    }
                    // The entry, and what a small value may consist of.
                    left = left.saturating_sub(2);
                    if left == 0 {
                        return None;
                    }
                }
                Some(left)
            }
        }
    }
}

impl Keyspace {
    /// Frees an entry, later if it is big.
    #[inline]
    pub(super) fn discard(&self, slot: Slot) {
        if self.later.is_some() && slot.weight() >= BIG_BYTES {
            self.put_aside(Garbage::Entry(slot, 0));
        }
    }

    /// Frees what was taken out of an object, later if it is big.
    pub(super) fn discard_part(&self, part: impl Object) {
        if self.later.is_some() && part.weight() >= BIG_BYTES {
            self.put_aside(Garbage::Part(Box::new(part)));
        }
    }

    /// Frees all that a stripe held, later if that may be.
    pub(super) fn discard_stripe(&self, taken: Guarded) {
        if self.later.is_some() && taken.len() > 0 {
            self.put_aside(Garbage::Stripe(Box::new(taken)));
        }
    }

    #[cold]
    fn put_aside(&self, garbage: Garbage) {
        if let Some(later) = &self.later {
            later.pending.fetch_add(1, Relaxed);
            ASIDE.with_borrow_mut(|queue| queue.push_back(garbage));
        }
    }

    /// Frees about `most` blocks of what this thread has put aside; says whether there is more.
    pub fn free_slice(&self, most: usize) -> bool {
        let Some(later) = &self.later else { return false };
        if later.pending.load(Relaxed) == 0 {
            return false;
        }
        ASIDE.with_borrow_mut(|queue| {
            let mut left = most;
            let count = |left: usize| {
                later.blocks.fetch_add((most - left) as u64, Relaxed);
            };
            while let Some(first) = queue.front_mut() {
                let mut aside = Vec::new();
                let shed = first.shed(left, &mut aside);
                for slot in aside {
                    later.pending.fetch_add(1, Relaxed);
                    queue.push_back(Garbage::Entry(slot, 0));
                }
                let Some(rest) = shed else {
                    count(0);
                    return true;
                };
                // What is left of it is one block or a few.
                left = rest.saturating_sub(1);
                queue.pop_front();
                later.pending.fetch_sub(1, Relaxed);
                later.freed.fetch_add(1, Relaxed);
                if left == 0 {
                    break;
                }
            }
            count(left);
            !queue.is_empty()
        })
    }

    /// How much was put aside by all threads.
    pub fn aside(&self) -> Aside {
        let Some(later) = &self.later else { return Aside::default() };
        Aside {
            pending: later.pending.load(Relaxed),
            freed: later.freed.load(Relaxed),
            blocks: later.blocks.load(Relaxed),
        }
    }
}
