//! Elements that die by themselves, for a structure that has deadlines.
//!
//! A dead element counts as not there; its memory stays until somebody removes it or
//! [`Dense::drop_dead`] comes by. Because removal moves elements, the order of a structure with
//! deadlines depends on when its dead were removed: whoever needs a defined order sorts.
//!
//! Cost: nothing for a structure without deadlines. With them, what looks for the dead passes over
//! the sub-tables' headers and reads the numbers of those where something may be dead.

use super::deadlines::{Deadlines, NEVER};
use super::{Dense, Element, Place, hash_of};

/// What is known of all deadlines of a structure together.
pub(super) struct Times {
    /// None is earlier.
    due: u64,
    /// None is later.
    last: u64,
    /// How many elements have one.
    mortal: usize,
}

impl Times {
    const NONE: Self = Self { due: NEVER, last: 0, mortal: 0 };

    fn note(&mut self, deadline: u64) {
        if deadline != NEVER {
            self.mortal += 1;
            self.due = self.due.min(deadline);
            self.last = self.last.max(deadline);
        }
    }

    /// Forgets one deadline, which may have been none.
    pub(super) fn forget(&mut self, deadline: u64) {
        self.mortal -= usize::from(deadline != NEVER);
        if self.mortal == 0 {
            *self = Self::NONE;
        }
    }
}

impl<E: Element> Dense<E> {
    /// Whether any element ever had a deadline.
    #[inline]
    pub(super) fn is_timed(&self) -> bool {
        self.times.is_some()
    }

    /// From now on it counts as one that had.
    pub(super) fn set_timed(&mut self) {
        self.times.get_or_insert_with(|| Box::new(Times::NONE));
    }

    /// No deadline is earlier; [`NEVER`] if there is none.
    pub(super) fn due(&self) -> u64 {
        self.times.as_ref().map_or(NEVER, |times| times.due)
    }

    /// The earliest deadline that is later than `now`, or one between; [`NEVER`] if there is none.
    pub(super) fn due_after(&self, now: u64) -> u64 {
        let earliest = |deadlines: &Deadlines| match deadlines.due() {
            due if due > now => due,
            _ => deadlines.iter().filter(|&deadline| deadline > now).min().unwrap_or(NEVER),
        };
        self.tables
            .iter()
            .filter_map(|table| table.deadlines().map(earliest))
            .min()
            .unwrap_or(NEVER)
    }

    /// The element of a key, unless it is dead.
    #[inline]
    pub(super) fn get_live(&self, key: &[u8], now: u64) -> Option<&E> {
        let hash = hash_of(key);
        let table = &self.tables[self.address(hash)];
        let (_, position) = table.find(hash, key)?;
        table.get(position).filter(|_| table.deadline(position) > now)
    }

    /// As [`Dense::at`]; `None` for a dead element, too.
    pub(super) fn at_live(&self, position: usize, now: u64) -> Option<&E> {
        let (table, position) = self.locate(position)?;
        let table = &self.tables[table];
        table.get(position).filter(|_| table.deadline(position) > now)
    }

    /// The deadline of a live element; [`NEVER`] if it has none.
    pub(super) fn deadline(&self, key: &[u8], now: u64) -> Option<u64> {
        let hash = hash_of(key);
        let table = &self.tables[self.address(hash)];
        let (_, position) = table.find(hash, key)?;
        Some(table.deadline(position)).filter(|&deadline| deadline > now)
    }

    /// Gives an element a deadline, or takes it away with [`NEVER`]; false, and nothing done, when
    /// there is no such element.
    pub(super) fn set_deadline(&mut self, key: &[u8], deadline: u64) -> bool {
        let hash = hash_of(key);
        let table = self.address(hash);
        let found = self.tables[table].find(hash, key);
        if let Some((_, position)) = found {
            self.set_deadline_at(Place { table, position }, deadline);
        }
        found.is_some()
    }

    /// As [`Dense::set_deadline`]; returns what it was.
    pub(super) fn set_deadline_at(&mut self, place: Place, deadline: u64) -> u64 {
        if deadline == NEVER && self.times.is_none() {
            return NEVER;
        }
        let times = self.times.get_or_insert_with(|| Box::new(Times::NONE));
        let table = &mut self.tables[place.table];
        let before = table.weight();
        let was = table.set_deadline(place.position, deadline);
        self.heap = self.heap + table.weight() - before;
        times.note(deadline);
        if was != NEVER {
            times.forget(was);
        }
        was
    }

    /// Removes an element; true when it was there and not dead.
    pub(super) fn remove_live(&mut self, key: &[u8], now: u64) -> bool {
        let hash = hash_of(key);
        let address = self.address(hash);
        let table = &self.tables[address];
        table.prefetch_last();
        let Some((cell, position)) = table.find(hash, key) else { return false };
        let was_live = table.deadline(position) > now;
        self.take(address, cell, position).is_some() && was_live
    }

    /// As [`Dense::remove_live`], and keeps the order of the sub-table's other elements, in time
    /// linear in them.
    pub(super) fn remove_live_in_order(&mut self, key: &[u8], now: u64) -> bool {
        let hash = hash_of(key);
        let address = self.address(hash);
        let Some((cell, position)) = self.tables[address].find(hash, key) else { return false };
        let was_live = self.tables[address].deadline(position) > now;
        let take = |table: &mut super::Table<E>| table.remove_in_order(cell, position);
        self.take_by(address, position, take).is_some() && was_live
    }

    /// How many elements are not dead. O(1) while none can be.
    pub(super) fn live_len(&self, now: u64) -> usize {
        if self.due() > now {
            return self.len;
        }
        let dead = |deadlines: &Deadlines| deadlines.dead(now);
        self.len - self.tables.iter().filter_map(|table| table.deadlines().map(dead)).sum::<usize>()
    }

    /// Whether there are elements and all are dead. Stops at the first that lives.
    pub(super) fn is_dead(&self, now: u64) -> bool {
        let Some(times) = &self.times else { return false };
        if times.mortal < self.len || times.due > now || self.len == 0 {
            return false;
        }
        let mut deadlines = self.tables.iter().filter_map(|table| table.deadlines());
        times.last <= now
            || !deadlines.any(|deadlines| deadlines.iter().any(|deadline| deadline > now))
    }

    /// The elements that are not dead, by sub-table and position.
    pub(super) fn iter_live(&self, now: u64) -> impl Iterator<Item = &E> {
        self.tables.iter().flat_map(move |table| {
            let lives = move |&(at, _): &(usize, &E)| table.deadline(at) > now;
            table.iter().enumerate().filter(lives).map(|(_, element)| element)
        })
    }

    /// The elements that are not dead with their deadlines, [`NEVER`] for none.
    pub(super) fn iter_deadlines(&self, now: u64) -> impl Iterator<Item = (&E, u64)> {
        self.tables.iter().flat_map(move |table| {
            let with = move |(at, element)| (element, table.deadline(at));
            table.iter().enumerate().map(with).filter(move |&(_, deadline)| deadline > now)
        })
    }

    /// Removes up to `most` dead elements and returns how many. When it is fewer than `most`, all
    /// are removed and [`Dense::due`] is exact.
    pub(super) fn drop_dead(&mut self, now: u64, most: usize) -> usize {
        if self.due() > now {
            return 0;
        }
        let (mut gone, mut number) = (0, 0);
        while gone < most && number < self.tables.len() {
            let tables = self.tables.len();
            let mut end = self.tables[number].len();
            let is_due = self.tables[number].deadlines().is_some_and(|all| all.due() <= now);
            // A removal may merge two sub-tables, this one among them: then it begins again.
            while is_due && gone < most && self.tables.len() == tables {
                let Some(position) = self.tables[number].last_dead(end, now) else { break };
                self.remove_from(number, position);
                gone += 1;
                end = position;
            }
            if self.tables.len() == tables && gone < most {
                number += 1;
            } else if gone < most {
                // What was merged may stand in a sub-table that was passed.
                number = 0;
            }
        }
        let due = |deadlines: &Deadlines| deadlines.due();
        let due = self.tables.iter().filter_map(|table| table.deadlines().map(due)).min();
        if let Some(times) = &mut self.times {
            times.due = due.unwrap_or(NEVER);
        }
        gone
    }

    fn remove_from(&mut self, number: usize, position: usize) {
        let table = &self.tables[number];
        table.prefetch_last();
        let hash = table.get(position).map(|element| hash_of(element.key()));
        if let Some(cell) = hash.and_then(|hash| table.cell(hash, position)) {
            self.take(number, cell, position);
        }
    }
}

#[cfg(test)]
impl<E: Element> Dense<E> {
    /// Whether what is known of all deadlines fits what the sub-tables have.
    pub(super) fn check_times(&self, mortal: usize, due: u64, last: u64) {
        match &self.times {
            None => assert_eq!(mortal, 0),
            Some(times) => {
                assert_eq!(times.mortal, mortal);
                assert!(times.due <= due && times.last >= last);
            }
        }
    }
}
