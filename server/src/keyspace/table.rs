//! keyspace/table.rs — a dense table: slots in a vector, and beside it an index of their positions.
//!
//! ```text
//! cell    | 18 bits of hash | position + 1: 14 bits |      0 is empty
//! hash    | stripe: top bits ... | 18 bits: cell tag | 16 bits: slot tag, home cell |
//! ```
//!
//! A lookup probes cells linearly from the home cell; a cell whose tag fits leads to the slot, and
//! only the slot whose own tag fits leads to the entry. Growing the index and taking an entry out
//! read cells and slots, never keys. A table holds at most [`Table::MAX`] entries, so neither ever
//! moves more than 128 KiB; the stripe splits a fuller one in two ([`Table::split`]).
//!
//! Invariants: every slot has exactly one cell; `deadlines` is empty or as long as `slots`; a slot
//! is VOLATILE if and only if its deadline is not [`NEVER`]; `due` is never above the earliest
//! deadline. Order is the order of insertion, with the last entry moved into each hole.

use super::entry::Slot;
use crate::clock::Millis;
use crate::structure::Chunks;

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
}

/// The bits of a key's hash that go into its cell.
#[inline]
fn cell_tag(hash: u64) -> u32 {
    (hash >> 16) as u32 & ((1 << TAG_BITS) - 1)
}

/// The bits of a key's hash that go into its slot, and lead to its home cell.
#[inline]
pub(super) fn slot_tag(hash: u64) -> u16 {
    hash as u16
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

    /// No deadline in the table is earlier.
    pub(super) fn due(&self) -> Millis {
        if self.volatile == 0 { NEVER } else { self.due }
    }

    /// Heap bytes of slots, deadlines and index; the entries' own are counted by the stripe, since
    /// telling which of two parts has how many of them would read every entry.
    pub(super) fn weight(&self) -> usize {
        self.cells.len() * size_of::<u32>() + self.slots.weight() + self.deadlines.weight()
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
        self.slots[position].is_volatile() && self.deadlines[position] <= now
    }

    /// How many entries count as gone at `now`.
    pub(super) fn dead(&self, now: Millis) -> usize {
        self.deadlines.iter().filter(|&&deadline| deadline <= now).count()
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

    /// Takes out up to `most` entries that are dead at `now`, and gives them to `gone`. Walks from
    /// the end, so that what moves into a hole has been looked at.
    pub(super) fn sweep(&mut self, now: Millis, most: usize, gone: &mut Vec<Slot>) {
        let mut earliest = NEVER;
        let mut position = self.deadlines.len();
        let full = gone.len().saturating_add(most);
        while position > 0 && gone.len() < full {
            position -= 1;
            let deadline = self.deadlines[position];
            if deadline <= now {
                gone.push(self.remove(position).0);
            } else {
                earliest = earliest.min(deadline);
            }
        }
        if position == 0 {
            self.due = earliest;
        }
    }

    /// Takes an entry out without keeping the table in order: for a table that is being freed.
    pub(super) fn shed(&mut self) -> Option<Slot> {
        self.slots.pop()
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
        for (slot, tag) in whole.slots.into_iter().zip(tags) {
            let deadline = deadlines.next().unwrap_or(NEVER);
            let hash = (u64::from(tag) << 16) | u64::from(slot.tag());
            let side = if tag >> (TAG_BITS - 1 - bit) & 1 == 1 { &mut high } else { &mut *self };
            side.insert(slot, hash, deadline);
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
