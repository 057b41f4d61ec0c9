//! keyspace/table.rs — a dense table: slots in a vector, and beside it an index of their positions.
//!
//! ```text
//! cell    | 18 bits of hash | position + 1: 14 bits |      0 is empty
//! hash    | stripe: top bits ... | 18 bits: cell tag | 1 bit | 15 bits: slot tag, home cell |
//! ```
//!
//! A lookup probes cells linearly from the home cell; a cell whose tag fits leads to the slot, and
//! only the slot whose own tag fits leads to the entry. Growing the index and taking an entry out
//! read cells and slots, never keys. A table holds at most [`Table::MAX`] entries, so neither ever
//! moves more than 128 KiB; the stripe splits a fuller one in two ([`Table::split`]).
//!
//! Invariants: every slot has exactly one cell; `deadlines` is empty or as long as `slots`; a slot
//! is VOLATILE if and only if its deadline is not [`NEVER`]; `due` is never above the earliest
//! deadline. `inner` is there if and only if an object has deadlines inside, and says of each slot
//! when something in it is due. Order is the order of insertion, with the last entry moved into
//! each hole.

use super::capture::Saver;
use super::entry::Slot;
use super::object::Object;
use crate::clock::Millis;
use crate::structure::{Chunks, room};

/// The deadline of an entry that has none.
pub(super) const NEVER: Millis = Millis::MAX;

const POSITION_BITS: u32 = 14;
const POSITION: u32 = (1 << POSITION_BITS) - 1;
const TAG_BITS: u32 = 18;

/// What a table may hold, and where: see the module.
#[derive(Default)]
pub(super) struct Table {
    cells: Box<[u32]>,
    slots: Chunks<Slot>,
    deadlines: Chunks<Millis>,
    volatile: u32,
    due: Millis,
    inner: Option<Box<Inner>>,
}

/// When something inside the objects of a table dies: a number beside each slot.
struct Inner {
    dues: Chunks<Millis>,
    count: u32,
    due: Millis,
}

/// What a sweep may still do, and what it has done.
pub(super) struct Sweep<'k> {
    /// The time.
    pub(super) now: Millis,
    /// How many more keys and parts may be freed.
    pub(super) left: usize,
    /// Keys freed because their own deadline had passed.
    pub(super) keys: usize,
    /// Parts of objects freed, those of objects that were all dead included.
    pub(super) parts: usize,
    /// The entries that were taken out, with their deadlines.
    pub(super) gone: Vec<(Slot, Millis)>,
    /// Who must be asked before dead parts are freed.
    pub(super) saver: Option<Saver<'k>>,
    /// The names of entries that lost parts and stay, if anybody asks.
    pub(super) thinned: Option<Vec<Box<[u8]>>>,
    /// What those weighed before and after, in bytes.
    pub(super) thinner: (usize, usize),
    /// How many deadlines were looked at.
    pub(super) looked: usize,
}

impl Sweep<'_> {
    /// A sweep that may free about `most` keys and parts.
    pub(super) fn new(now: Millis, most: usize) -> Self {
        Sweep {
            now,
            left: most,
            keys: 0,
            parts: 0,
            gone: Vec::new(),
            saver: None,
            thinned: None,
            thinner: (0, 0),
            looked: 0,
        }
    }
}

/// The bits of a key's hash that go into its cell.
#[inline]
fn cell_tag(hash: u64) -> u32 {
    (hash >> 16) as u32 & ((1 << TAG_BITS) - 1)
}

/// The bits of a key's hash that go into its slot, and lead to its home cell: as many as there are
/// cells.
#[inline]
pub(super) fn slot_tag(hash: u64) -> u16 {
    hash as u16 & 0x7FFF
}

/// What a new slot is marked with: the tag, and the parity of the keyspace.
#[inline]
pub(super) fn slot_mark(hash: u64, parity: bool) -> u16 {
    slot_tag(hash) << 1 | u16::from(parity)
}

impl Table {
    /// The most entries that a table takes.
    pub(super) const MAX: usize = POSITION as usize - 1;

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn volatile(&self) -> u32 {
        self.volatile
    }

    /// Entries whose objects have deadlines inside.
    pub(super) fn mortal(&self) -> u32 {
        self.inner.as_ref().map_or(0, |inner| inner.count)
    }

    /// No deadline in the table is earlier, nor inside its objects.
    pub(super) fn due(&self) -> Millis {
        let inner = self.inner.as_ref().map_or(NEVER, |inner| inner.due);
        if self.volatile == 0 { inner } else { self.due.min(inner) }
    }

    /// Heap bytes of slots, deadlines and index; the entries' own are counted by the stripe, since
    /// telling which of two parts has how many of them would read every entry.
    pub(super) fn weight(&self) -> usize {
        self.cells.len() * size_of::<u32>()
            + self.slots.weight()
            + self.deadlines.weight()
            + self.inner.as_ref().map_or(0, |inner| room(size_of::<Inner>()) + inner.dues.weight())
    }

    /// Where the index lies, for prefetching.
    pub(super) fn cells(&self) -> (*const u32, usize) {
        (self.cells.as_ptr(), self.cells.len())
    }

    /// The position of a key.
    #[inline]
    pub(super) fn find(&self, key: &[u8], hash: u64) -> Option<usize> {
        let mask = self.cells.len().wrapping_sub(1);
        let tag = cell_tag(hash);
        let mut at = slot_tag(hash) as usize & mask;
        // An empty table has no cells, and `get` ends the loop at once.
        while let Some(&cell) = self.cells.get(at) {
            if cell == 0 {
                break;
            }
            if cell >> POSITION_BITS == tag {
                let position = (cell & POSITION) as usize - 1;
                let slot = &self.slots[position];
                if slot.tag() == slot_tag(hash) && slot.key() == key {
                    return Some(position);
                }
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The slot whose entry a lookup of this hash would read first; for prefetching.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> Option<&Slot> {
        let mask = self.cells.len().wrapping_sub(1);
        let mut at = slot_tag(hash) as usize & mask;
        while let Some(&cell) = self.cells.get(at) {
            if cell == 0 {
                break;
            }
            if cell >> POSITION_BITS == cell_tag(hash) {
                return self.slots.get((cell & POSITION) as usize - 1);
            }
            at = (at + 1) & mask;
        }
        None
    }

    #[inline]
    pub(super) fn slot(&self, position: usize) -> &Slot {
        &self.slots[position]
    }

    /// The slot, to change its value.
    pub(super) fn slot_mut(&mut self, position: usize) -> &mut Slot {
        &mut self.slots[position]
    }

    /// The deadline, or [`NEVER`].
    #[inline]
    pub(super) fn deadline(&self, position: usize) -> Millis {
        if self.slots[position].is_volatile() { self.deadlines[position] } else { NEVER }
    }

    /// Whether the entry counts as gone at `now`.
    #[inline]
    pub(super) fn is_dead(&self, position: usize, now: Millis) -> bool {
        self.is_over(position, now) || self.inner.is_some() && self.is_hollow(position, now)
    }

    /// Whether the entry's own deadline has passed.
    #[inline]
    pub(super) fn is_over(&self, position: usize, now: Millis) -> bool {
        self.slots[position].is_volatile() && self.deadlines[position] <= now
    }

    /// Whether everything inside the entry's object is dead.
    fn is_hollow(&self, position: usize, now: Millis) -> bool {
        self.inner_due(position) <= now
            && self.slots[position]
                .as_object()
                .and_then(Object::mortal)
                .is_some_and(|mortal| mortal.is_dead(now))
    }

    /// When something inside the entry's object is due.
    fn inner_due(&self, position: usize) -> Millis {
        self.inner.as_ref().map_or(NEVER, |inner| inner.dues[position])
    }

    /// When the entry or something inside it dies next, after `now`.
    pub(super) fn due_after(&self, position: usize, now: Millis) -> Millis {
        let mortal = self.slots[position].as_object().and_then(Object::mortal);
        self.deadline(position).min(mortal.map_or(NEVER, |mortal| mortal.due_after(now)))
    }

    /// How many entries count as gone at `now`.
    pub(super) fn dead(&self, now: Millis) -> usize {
        let over = self.deadlines.iter().filter(|&&deadline| deadline <= now).count();
        let hollow = match &self.inner {
            Some(inner) if inner.due <= now => (0..self.slots.len())
                .filter(|&at| !self.is_over(at, now) && self.is_hollow(at, now))
                .count(),
            _ => 0,
        };
        over + hollow
    }

    /// Notes when something inside the entry's object is due, [`NEVER`] for nothing. To be called
    /// after every change of the object. Says whether there was or is anything to note.
    #[inline]
    pub(super) fn set_inner(&mut self, position: usize, due: Millis) -> bool {
        let notes = due != NEVER || self.inner.is_some();
        if notes {
            self.note_inner(position, due);
        }
        notes
    }

    fn note_inner(&mut self, position: usize, due: Millis) {
        let inner = self.inner.get_or_insert_with(|| {
            let mut dues = Chunks::new();
            (0..self.slots.len()).for_each(|_| dues.push(NEVER));
            Box::new(Inner { dues, count: 0, due: NEVER })
        });
        let was = std::mem::replace(&mut inner.dues[position], due);
        inner.count = inner.count + u32::from(due != NEVER) - u32::from(was != NEVER);
        inner.due = inner.due.min(due);
        if inner.count == 0 {
            self.inner = None;
        }
    }

    pub(super) fn set_deadline(&mut self, position: usize, deadline: Millis) {
        let was = self.slots[position].is_volatile();
        let is = deadline != NEVER;
        if is {
            if self.deadlines.is_empty() {
                (0..self.slots.len()).for_each(|_| self.deadlines.push(NEVER));
            }
            self.due = if self.volatile == 0 { deadline } else { self.due.min(deadline) };
        }
        if was || is {
            self.deadlines[position] = deadline;
            self.slots[position].set_volatile(is);
            self.volatile = self.volatile + u32::from(is) - u32::from(was);
        }
    }

    /// Adds an entry whose key is not there yet, and says where.
    pub(super) fn insert(&mut self, mut slot: Slot, hash: u64, deadline: Millis) -> usize {
        // See `Guarded::roomy`: one entry more would not be found again.
        assert!(self.slots.len() < Table::MAX, "a table of more than {} keys", Table::MAX);
        if (self.slots.len() + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        let position = self.slots.len();
        slot.set_volatile(false);
        self.slots.push(slot);
        if !self.deadlines.is_empty() {
            self.deadlines.push(NEVER);
        }
        if let Some(inner) = &mut self.inner {
            inner.dues.push(NEVER);
        }
        self.place(slot_tag(hash), (cell_tag(hash) << POSITION_BITS) | (position as u32 + 1));
        self.set_deadline(position, deadline);
        position
    }

    fn place(&mut self, home: u16, cell: u32) {
        let mask = self.cells.len() - 1;
        let mut at = home as usize & mask;
        while self.cells[at] != 0 {
            at = (at + 1) & mask;
        }
        self.cells[at] = cell;
    }

    fn grow(&mut self) {
        let wider = (self.cells.len() * 2).max(8);
        let old = std::mem::replace(&mut self.cells, vec![0; wider].into_boxed_slice());
        for cell in old.into_iter().filter(|&cell| cell != 0) {
            let home = self.slots[(cell & POSITION) as usize - 1].tag();
            self.place(home, cell);
        }
    }

    /// The index of the cell that leads to a position.
    fn cell_of(&self, position: usize) -> usize {
        let mask = self.cells.len() - 1;
        let mut at = self.slots[position].tag() as usize & mask;
        while (self.cells[at] & POSITION) as usize != position + 1 {
            at = (at + 1) & mask;
        }
        at
    }

    /// Takes an entry out; the last one moves into its place.
    pub(super) fn remove(&mut self, position: usize) -> (Slot, Millis) {
        let deadline = self.deadline(position);
        self.set_deadline(position, NEVER);
        self.set_inner(position, NEVER);
        self.vacate(position);
        let last = self.slots.len() - 1;
        if position != last {
            let at = self.cell_of(last);
            self.cells[at] = (self.cells[at] & !POSITION) | (position as u32 + 1);
        }
        let Some(slot) = self.slots.swap_remove(position) else {
            unreachable!("the position was looked up")
        };
        if !self.deadlines.is_empty() {
            self.deadlines.swap_remove(position);
        }
        if let Some(inner) = &mut self.inner {
            inner.dues.swap_remove(position);
        }
        if self.slots.is_empty() {
            *self = Table::default();
        }
        (slot, deadline)
    }

    /// Empties the cell of a position, and moves back what had been pushed past it.
    fn vacate(&mut self, position: usize) {
        let mask = self.cells.len() - 1;
        let mut hole = self.cell_of(position);
        let mut at = (hole + 1) & mask;
        while self.cells[at] != 0 {
            let home = self.slots[(self.cells[at] & POSITION) as usize - 1].tag() as usize & mask;
            // A cell may move back if its home is not between the hole and itself.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.cells[hole] = self.cells[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.cells[hole] = 0;
    }

    /// Takes out entries that are dead, and has dead parts freed, as many as the sweep may. Walks
    /// from the end, so that what moves into a hole has been looked at.
    pub(super) fn sweep(&mut self, sweep: &mut Sweep<'_>) {
        let mut earliest = NEVER;
        let mut position = self.deadlines.len();
        while position > 0 && sweep.left > 0 {
            position -= 1;
            let deadline = self.deadlines[position];
            if deadline <= sweep.now {
                sweep.gone.push(self.remove(position));
                sweep.keys += 1;
                sweep.left -= 1;
            } else {
                earliest = earliest.min(deadline);
            }
        }
        if position == 0 {
            self.due = earliest;
        }
        if self.inner.as_ref().is_some_and(|inner| inner.due <= sweep.now) {
            self.sweep_inner(sweep);
        }
    }

    fn sweep_inner(&mut self, sweep: &mut Sweep<'_>) {
        let mut position = self.slots.len();
        while position > 0 && sweep.left > 0 {
            position -= 1;
            if self.inner_due(position) > sweep.now {
                continue;
            }
            // Looking costs, too.
            sweep.left -= 1;
            if self.is_hollow(position, sweep.now) {
                let (slot, deadline) = self.remove(position);
                let mortal = slot.as_object().and_then(Object::mortal);
                sweep.parts += mortal.map_or(0, |mortal| mortal.parts());
                sweep.gone.push((slot, deadline));
                continue;
            }
            let deadline = self.deadline(position);
            let slot = &mut self.slots[position];
            if sweep.saver.as_ref().is_some_and(|saver| !saver.may_thin(slot, deadline)) {
                continue;
            }
            let before = slot.weight();
            let Some(mortal) = slot.as_object_mut().and_then(Object::mortal_mut) else { continue };
            let freed = mortal.drop_dead(sweep.now, sweep.left + 1);
            let due = mortal.due();
            sweep.parts += freed;
            sweep.left = (sweep.left + 1).saturating_sub(freed.max(1));
            if freed > 0
                && let Some(thinned) = &mut sweep.thinned
            {
                thinned.push(slot.key().into());
            }
            let after = slot.weight();
            sweep.thinner.0 += before;
            sweep.thinner.1 += after;
            self.set_inner(position, due);
        }
        if position == 0
            && let Some(inner) = &mut self.inner
        {
            inner.due = inner.dues.iter().copied().min().unwrap_or(NEVER);
        }
    }

    /// Takes an entry out without keeping the table in order: for a table that is being freed.
    pub(super) fn shed(&mut self) -> Option<Slot> {
        self.slots.pop()
    }

    /// As [`Table::shed`], with the entry's deadline.
    pub(super) fn shed_with_deadline(&mut self) -> Option<(Slot, Millis)> {
        let deadline = self.deadline(self.slots.len().checked_sub(1)?);
        self.slots.pop().map(|slot| (slot, deadline))
    }

    /// Divides the table by one bit of the cell tags, counted from the highest: entries whose bit
    /// is set go to the table returned, in order. Reads no keys.
    pub(super) fn split(&mut self, bit: u32) -> Table {
        debug_assert!(bit < TAG_BITS);
        let mut tags = vec![0u32; self.slots.len()];
        for cell in self.cells.iter().filter(|&&cell| cell != 0) {
            tags[(cell & POSITION) as usize - 1] = cell >> POSITION_BITS;
        }
        let whole = std::mem::take(self);
        let mut high = Table::default();
        let mut deadlines = whole.deadlines.into_iter();
        let mut inner = whole.inner.map(|inner| inner.dues.into_iter());
        for (slot, tag) in whole.slots.into_iter().zip(tags) {
            let deadline = deadlines.next().unwrap_or(NEVER);
            let due = inner.as_mut().and_then(Iterator::next).unwrap_or(NEVER);
            let hash = (u64::from(tag) << 16) | u64::from(slot.tag());
            let side = if tag >> (TAG_BITS - 1 - bit) & 1 == 1 { &mut high } else { &mut *self };
            let position = side.insert(slot, hash, deadline);
            side.set_inner(position, due);
        }
        high
    }

    /// Whether `prefix` (left-aligned in the 18 tag bits) is shared by a key of this hash in its
    /// first `bits` bits.
    #[inline]
    pub(super) fn prefix(hash: u64, bits: u32) -> usize {
        (cell_tag(hash) >> (TAG_BITS - bits)) as usize
    }

    /// The most bits that [`Table::split`] and [`Table::prefix`] can be asked for.
    pub(super) const PREFIX_BITS: u32 = 12;
}
