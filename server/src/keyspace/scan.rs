//! keyspace/scan.rs — looking through a whole database: SCAN, KEYS, RANDOMKEY, DBSIZE.
//!
//! A cursor names a stripe and a point in it, 10 + 30 bits, so it also survives clients that keep
//! numbers as doubles. An element that stays from the first call to the last is shown at least
//! once; one that comes or goes meanwhile may or may not be.

use std::sync::atomic::Ordering::Relaxed;

use super::keys::Keys;
use super::stripe::ScanPoint;
use super::value::Value;
use super::{STRIPE_BITS, StripeId};
use crate::clock::Millis;
use crate::dice::Dice;

/// How often RANDOMKEY tries again when it hits a dead key before it looks for any live one.
const RANDOM_TRIES: usize = 100;

const POINT_BITS: u32 = 30;

impl Keys<'_> {
    /// Shows about `count` entries from the cursor on, and says where to go on: 0 at the end.
    /// At most `count` entries are looked at; a stripe is never left in the middle for a smaller
    /// reason. An unknown cursor starts at the nearest place there is.
    pub fn scan(&self, cursor: u64, count: usize, mut show: impl FnMut(&[u8], Value<'_>)) -> u64 {
        self.scan_entries(cursor, count, |key, value, _| show(key, value))
    }

    /// As [`Keys::scan`], with the deadline of each entry.
    pub fn each_from(
        &self,
        cursor: u64,
        count: usize,
        mut show: impl FnMut(&[u8], Value<'_>, Option<Millis>),
    ) -> u64 {
        self.scan_entries(cursor, count, |key, value, deadline| {
            show(key, value, (deadline != super::table::NEVER).then_some(deadline));
        })
    }

    /// As [`Keys::scan`], with the deadline (the maximum for none) of each entry.
    fn scan_entries(
        &self,
        cursor: u64,
        count: usize,
        mut show: impl FnMut(&[u8], Value<'_>, Millis),
    ) -> u64 {
        let mut left = count.max(1);
        let mut index = (cursor >> POINT_BITS) as usize;
        let mut point = ScanPoint::from_bits(cursor as u32 & ((1 << POINT_BITS) - 1));
        // Empty stripes cost a look too; bound them, so that a sparse database stays cheap.
        let mut visits = left.saturating_mul(16).saturating_add(64);
        while index < 1 << STRIPE_BITS && left > 0 && visits > 0 {
            visits -= 1;
            let id = StripeId::new(self.database(), index);
            let step = self.visit(id, |guarded| {
                guarded.scan(point, left, |place| {
                    let (table, slot) = (guarded.table(place), guarded.slot(place));
                    if table.is_dead(place.position, self.now()) {
                        return;
                    }
                    let deadline = table.deadline(place.position);
                    match (slot.as_string(), slot.as_object()) {
                        (Some(bytes), _) => show(slot.key(), Value::String(bytes), deadline),
                        (None, Some(object)) => {
                            show(slot.key(), Value::Object(object), deadline);
                        }
                        (None, None) => {}
                    }
                })
            });
            let (seen, next) = step.unwrap_or((0, None));
            left = left.saturating_sub(seen);
            match next {
                Some(next) => point = next,
                None => {
                    index += 1;
                    point = ScanPoint::default();
                }
            }
        }
        if index >> STRIPE_BITS != 0 {
            return 0;
        }
        (index as u64) << POINT_BITS | u64::from(point.to_bits())
    }

    /// Shows every live entry of the database, in order.
    pub fn each(&self, mut show: impl FnMut(&[u8], Value<'_>)) {
        self.each_with_deadline(|key, value, _| show(key, value));
    }

    /// As [`Keys::each`], with the deadline of each entry.
    pub fn each_entry(&self, mut show: impl FnMut(&[u8], Value<'_>, Option<Millis>)) {
        self.each_with_deadline(|key, value, deadline| {
            show(key, value, (deadline != super::table::NEVER).then_some(deadline));
        });
    }

    /// As [`Keys::each`], with the deadline (the maximum for none) of each entry.
    pub(super) fn each_with_deadline(&self, mut show: impl FnMut(&[u8], Value<'_>, Millis)) {
        let mut cursor = 0;
        loop {
            cursor = self.scan_entries(cursor, usize::MAX >> 8, &mut show);
            if cursor == 0 {
                break;
            }
        }
    }

    /// A random live key: every entry has the same chance.
    pub fn random(&self, dice: &mut Dice) -> Option<Vec<u8>> {
        for _ in 0..RANDOM_TRIES {
            let total: usize = (0..1 << STRIPE_BITS)
                .map(|index| StripeId::new(self.database(), index))
                .filter_map(|id| self.visit(id, super::Guarded::len))
                .sum();
            if total == 0 {
                return None;
            }
            let mut index = dice.below(total);
            for stripe in 0..1 << STRIPE_BITS {
                let id = StripeId::new(self.database(), stripe);
                let found = self.visit(id, |guarded| {
                    let len = guarded.len();
                    let place = (index < len).then(|| guarded.nth(index)).flatten();
                    index = index.saturating_sub(len);
                    place.map(|place| {
                        let dead = guarded.table(place).is_dead(place.position, self.now());
                        (!dead).then(|| guarded.slot(place).key().to_vec())
                    })
                });
                match found.flatten() {
                    Some(Some(key)) => return Some(key),
                    Some(None) => break,
                    None => {}
                }
            }
        }
        // Nearly all entries are dead: look for the first that is not.
        let (mut any, mut cursor) = (None, 0);
        loop {
            cursor = self.scan(cursor, RANDOM_TRIES, |key, _| {
                any.get_or_insert_with(|| key.to_vec());
            });
            if cursor == 0 || any.is_some() {
                return any;
            }
        }
    }

    /// Live keys in the database. Only stripes in which a key may be dead are looked into.
    pub fn len(&self) -> usize {
        let space = self.space();
        (0..1 << STRIPE_BITS)
            .filter_map(|index| {
                let id = StripeId::new(self.database(), index);
                if self.is_roving() && space.due(id).load(Relaxed) > self.now() {
                    return Some(space.stripe(id).meter().keys.load(Relaxed) as usize);
                }
                self.visit(id, |guarded| guarded.live_len(self.now()))
            })
            .sum()
    }

    /// Whether the database has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the database that is selected; says how many entries there were.
    pub fn flush(&mut self) -> usize {
        let (mut gone, now) = (0, self.now());
        for index in 0..1 << STRIPE_BITS {
            let id = StripeId::new(self.database(), index);
            let space = self.space();
            let Some(guarded) = self.stripe_mut(id) else { continue };
            let taken = guarded.take();
            gone += taken.len();
            let there = |key: &[u8]| taken.holds(key, space.hash(key), now);
            if let Some(watchers) = &guarded.watchers {
                watchers.mark_where(there);
                let awaited = self.awaited(id, there);
                awaited.iter().for_each(|(database, key)| self.make_ready(*database, key));
            }
            space.let_stripe_go(self.cut, self.database(), taken);
        }
        self.add_changes(gone as u64);
        self.collect_everything();
        gone
    }

    /// Exchanges the keys of two databases.
    pub fn swap(&mut self, one: usize, other: usize) {
        self.swap_shelves(one, other);
        let (space, now) = (self.space(), self.now());
        space.captures.swap(one, other);
        for index in 0..1 << STRIPE_BITS {
            let (id, other_id) = (StripeId::new(one, index), StripeId::new(other, index));
            let Some(first) = self.stripe_mut(id).map(super::Guarded::take) else { continue };
            let Some(second) = self.stripe_mut(other_id).map(super::Guarded::take) else {
                continue;
            };
            let there = |key: &[u8]| {
                let hash = space.hash(key);
                first.holds(key, hash, now) || second.holds(key, hash, now)
            };
            let mut awaited = Vec::new();
            for id in [id, other_id] {
                if let Some(watchers) = self.stripe(id).and_then(|held| held.watchers.as_ref()) {
                    watchers.mark_where(there);
                    awaited.extend(self.awaited(id, there));
                }
            }
            if let Some(guarded) = self.stripe_mut(id) {
                guarded.adopt(second);
            }
            if let Some(guarded) = self.stripe_mut(other_id) {
                guarded.adopt(first);
            }
            awaited.iter().for_each(|(database, key)| self.make_ready(*database, key));
        }
        self.add_changes(1);
        self.collect_everything();
    }
}
