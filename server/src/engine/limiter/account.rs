//! engine/limiter/account.rs — what one rule knows of one key: the state of its algorithm.
//!
//! Twenty-four bytes, of which six say whose it is. Beside the states of the algorithms there are
//! two more things a rule may know of a key: that it is blocked, and that its limit is another.

use super::algorithm::bucket::Bucket;
use super::algorithm::gcra::Gcra;
use super::algorithm::log::Log;
use super::algorithm::sliding::Sliding;
use super::algorithm::window::Window;
use super::algorithm::{Algorithm, Terms};
use super::quota::{Nanos, Quota, millis_up};
use crate::clock::Millis;
use crate::structure::frozen::{Frozen, put_length};

/// Whose an account is: the rule, and the edition of its definition that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    rule: [u8; 4],
    edition: [u8; 2],
}

impl Head {
    /// Of budgets without a rule: RL.TAKE, CL.THROTTLE and GCRA.
    pub const NONE: Head = Head::new(0, 0);

    /// Of a rule's edition.
    pub const fn new(rule: u32, edition: u16) -> Head {
        Head { rule: rule.to_le_bytes(), edition: edition.to_le_bytes() }
    }

    /// The rule's number.
    #[inline]
    pub fn rule(self) -> u32 {
        u32::from_le_bytes(self.rule)
    }

    /// The edition.
    #[inline]
    pub fn edition(self) -> u16 {
        u16::from_le_bytes(self.edition)
    }
}

/// A limit that holds for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// In place of the rule's limit.
    pub limit: u64,
    /// In place of the rule's burst.
    pub burst: u64,
    /// When it ends; the maximum for never.
    pub until: Millis,
}

/// A debt as the same share of another quota's burst, down to a part of a unit.
fn share(debt: u128, from: &Quota, to: &Quota) -> u128 {
    let (old, new) = (u128::from(from.period), u128::from(to.period));
    let (units, rest) = (debt / old, debt % old);
    let (burst, burst_before) = (u128::from(to.burst), u128::from(from.burst));
    // Units of the new quota, and what is left over of one, in old periods' parts.
    let (whole, over) = (units * burst / burst_before, units * burst % burst_before);
    let part = over.checked_mul(old).and_then(|over| over.checked_add(rest.checked_mul(burst)?));
    let part = part.and_then(|part| (part / burst_before).checked_mul(new)).unwrap_or(0) / old;
    whole * new + part
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// Of `gcra` and `leaky`.
    Gcra(Head, Gcra),
    /// Of `bucket`.
    Bucket(Head, Bucket),
    /// Of `fixed` and `calendar`.
    Window(Head, Window),
    /// Of `sliding`.
    Sliding(Head, Sliding),
    /// Of `log`.
    Log(Head, Box<Log>),
    /// Nothing is admitted before an instant.
    Blocked(Head, Millis),
    /// Another limit.
    Override(Head, Box<Override>),
}

/// What an account is about: a rule has at most one of each at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// What was taken.
    State,
    /// A block.
    Block,
    /// An override.
    Override,
}

impl Account {
    /// A full budget.
    pub fn full(head: Head, algorithm: Algorithm) -> Account {
        match algorithm {
            Algorithm::Gcra | Algorithm::Leaky => Account::Gcra(head, Gcra::default()),
            Algorithm::Bucket => Account::Bucket(head, Bucket::default()),
            Algorithm::Fixed | Algorithm::Calendar(..) => Account::Window(head, Window::default()),
            Algorithm::Sliding => Account::Sliding(head, Sliding::default()),
            Algorithm::Log => Account::Log(head, Box::default()),
        }
    }

    /// Whose it is.
    #[inline]
    pub fn head(&self) -> Head {
        match *self {
            Account::Gcra(head, _)
            | Account::Bucket(head, _)
            | Account::Window(head, _)
            | Account::Sliding(head, _)
            | Account::Log(head, _)
            | Account::Blocked(head, _)
            | Account::Override(head, _) => head,
        }
    }

    /// Makes it another edition's.
    pub fn set_head(&mut self, new: Head) {
        match self {
            Account::Gcra(head, _)
            | Account::Bucket(head, _)
            | Account::Window(head, _)
            | Account::Sliding(head, _)
            | Account::Log(head, _)
            | Account::Blocked(head, _)
            | Account::Override(head, _) => *head = new,
        }
    }

    /// What it is about.
    #[inline]
    pub fn matter(&self) -> Matter {
        match self {
            Account::Blocked(..) => Matter::Block,
            Account::Override(..) => Matter::Override,
            _ => Matter::State,
        }
    }

    /// Whether it is a state of this algorithm.
    pub fn is_of(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{Bucket, Calendar, Fixed, Gcra, Leaky, Log, Sliding};
        matches!(
            (self, algorithm),
            (Account::Gcra(..), Gcra | Leaky)
                | (Account::Bucket(..), Bucket)
                | (Account::Window(..), Fixed | Calendar(..))
                | (Account::Sliding(..), Sliding)
                | (Account::Log(..), Log)
        )
    }

    /// How long until `cost` units can be taken; 0 if they can be now.
    #[inline]
    pub fn wait(&self, now: Nanos, quota: &Quota, cost: u64) -> Nanos {
        match self {
            Account::Gcra(_, gcra) => gcra.wait(now, quota, cost),
            Account::Bucket(_, bucket) => bucket.wait(now, quota, cost),
            Account::Window(_, window) => window.wait(now, quota, cost),
            Account::Sliding(_, sliding) => sliding.wait(now, quota, cost),
            Account::Log(_, log) => log.wait(now, quota, cost),
            Account::Blocked(..) | Account::Override(..) => 0,
        }
    }

    /// Takes `cost` units.
    #[inline]
    pub fn charge(&mut self, now: Nanos, terms: &Terms, cost: u64) {
        let quota = &terms.quota;
        match self {
            Account::Gcra(_, gcra) => gcra.charge(now, quota, cost),
            Account::Bucket(_, bucket) => bucket.charge(now, quota, cost),
            Account::Window(_, window) => window.charge(now, cost, || terms.window_end(now)),
            Account::Sliding(_, sliding) => sliding.charge(now, quota, cost),
            Account::Log(_, log) => log.charge(now, quota, cost),
            Account::Blocked(..) | Account::Override(..) => {}
        }
    }

    /// Gives `cost` units back, or as many as were taken.
    pub fn refund(&mut self, now: Nanos, quota: &Quota, cost: u64) {
        match self {
            Account::Gcra(_, gcra) => gcra.refund(now, quota, cost),
            Account::Bucket(_, bucket) => bucket.refund(now, quota, cost),
            Account::Window(_, window) => window.refund(now, cost),
            Account::Sliding(_, sliding) => sliding.refund(now, quota, cost),
            Account::Log(_, log) => log.refund(now, quota, cost),
            Account::Blocked(..) | Account::Override(..) => {}
        }
    }

    /// How many units can be taken now, and how long until the budget is full.
    #[inline]
    pub fn room(&self, now: Nanos, quota: &Quota) -> (u64, Nanos) {
        match self {
            Account::Gcra(_, gcra) => gcra.room(now, quota),
            Account::Bucket(_, bucket) => bucket.room(now, quota),
            Account::Window(_, window) => window.room(now, quota),
            Account::Sliding(_, sliding) => sliding.room(now, quota),
            Account::Log(_, log) => log.room(now, quota),
            Account::Blocked(..) | Account::Override(..) => (0, 0),
        }
    }

    /// The same share of another quota, as of the instant `at`.
    pub fn scale(&mut self, at: Nanos, from: &Quota, to: &Quota) {
        match self {
            Account::Gcra(_, gcra) => {
                let debt = gcra.debt(at, from).min(from.worth(from.burst));
                *gcra = Gcra::owing(share(debt, from, to), at, to);
            }
            Account::Bucket(_, bucket) => *bucket = bucket.scale(at, from, to),
            Account::Window(_, window) => *window = window.scale(from, to),
            Account::Sliding(_, sliding) => *sliding = sliding.scale(at, from, to),
            // What was admitted was admitted.
            Account::Log(..) | Account::Blocked(..) | Account::Override(..) => {}
        }
    }

    /// Whether it certainly means nothing any more, whatever its rule says.
    pub fn is_over(&self, now: Millis) -> bool {
        match self {
            Account::Gcra(_, gcra) => millis_up(gcra.full) <= now,
            Account::Window(_, window) => millis_up(window.end) <= now,
            Account::Blocked(_, until) => *until <= now,
            Account::Override(_, other) => other.until <= now,
            Account::Bucket(..) | Account::Sliding(..) | Account::Log(..) => false,
        }
    }

    /// Heap bytes.
    pub fn weight(&self) -> usize {
        match self {
            Account::Log(_, log) => size_of::<Log>() + log.weight(),
            Account::Override(..) => size_of::<Override>(),
            _ => 0,
        }
    }

    /// Appends its bytes; see `docs/formats.md`.
    pub fn freeze(&self, to: &mut Vec<u8>) {
        let head = self.head();
        let mut put = |tag: u8, words: &[u64]| {
            to.push(tag);
            to.extend_from_slice(&head.rule);
            to.extend_from_slice(&head.edition);
            words.iter().for_each(|word| to.extend_from_slice(&word.to_le_bytes()));
        };
        match self {
            Account::Gcra(_, gcra) => put(1, &[gcra.full, gcra.fraction]),
            Account::Bucket(_, bucket) => put(2, &[bucket.since, bucket.used]),
            Account::Window(_, window) => put(3, &[window.end, window.used]),
            Account::Sliding(_, sliding) => {
                let counts = u64::from(sliding.previous) << 32 | u64::from(sliding.current);
                put(4, &[sliding.start, counts]);
            }
            Account::Log(_, log) => {
                put(5, &[]);
                put_length(to, log.entries().len());
                log.entries().for_each(|entry| to.extend_from_slice(&entry.to_le_bytes()));
            }
            Account::Blocked(_, until) => put(6, &[*until]),
            Account::Override(_, other) => put(7, &[other.limit, other.burst, other.until]),
        }
    }

    /// Reads back what [`Account::freeze`] wrote.
    pub fn thaw(from: &mut Frozen<'_>) -> Option<Account> {
        fn word(from: &mut Frozen<'_>) -> Option<u64> {
            let mut bytes = [0; 8];
            for byte in &mut bytes {
                *byte = from.byte()?;
            }
            Some(u64::from_le_bytes(bytes))
        }
        let tag = from.byte()?;
        let rule = [from.byte()?, from.byte()?, from.byte()?, from.byte()?];
        let head = Head { rule, edition: [from.byte()?, from.byte()?] };
        Some(match tag {
            1 => Account::Gcra(head, Gcra { full: word(from)?, fraction: word(from)? }),
            2 => Account::Bucket(head, Bucket { since: word(from)?, used: word(from)? }),
            3 => Account::Window(head, Window { end: word(from)?, used: word(from)? }),
            4 => {
                let (start, counts) = (word(from)?, word(from)?);
                let (previous, current) = ((counts >> 32) as u32, counts as u32);
                Account::Sliding(head, Sliding { start, previous, current })
            }
            5 => {
                let count = from.length().filter(|&count| count <= from.left() / 8)?;
                let entries: Option<Vec<u64>> = (0..count).map(|_| word(from)).collect();
                Account::Log(head, Box::new(Log::from_entries(entries?.into_iter())?))
            }
            6 => Account::Blocked(head, word(from)?),
            7 => {
                let (limit, burst, until) = (word(from)?, word(from)?, word(from)?);
                Account::Override(head, Box::new(Override { limit, burst, until }))
            }
            _ => return None,
        })
    }
}
