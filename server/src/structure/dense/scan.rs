//! Walking a structure that changes between two calls, with the guarantee of Redis's SCAN: an
//! element that is there from the first call to the last is visited
//! (<https://redis.io/docs/latest/commands/scan/>).
//!
//! Sub-tables are visited by the reverse of their number's bits, so that a sub-table and the one
//! split off it are neighbours, and each from its last position down: removal moves a last element,
//! which was seen, to a place that may be visited again; a split moves elements down or into the
//! sub-table that comes next. A merge moves elements up, so a cursor carries the count of merges
//! and begins a sub-table anew when that changed.
//!
//! A cursor is `[prefix 24 | merges 11 | position 28]`: the reversed number's upper bits, and how
//! many positions are still to be visited, all ones meaning all of them. Any other number a client
//! sends is a cursor too, and visits something.

use super::{Dense, Element};

pub(super) const PREFIX_BITS: u32 = 24;
const MERGE_BITS: u32 = 11;
const POSITION_BITS: u32 = 28;
const ALL: usize = (1 << POSITION_BITS) - 1;
/// Sub-tables looked at per element asked for, so that empty ones cannot make a call long.
const TABLES_PER_ELEMENT: usize = 10;

impl<E: Element> Dense<E> {
    /// Looks at about `count` elements (at least one, if any is left), shows those that are not
    /// dead at `now`, and returns the cursor to go on with; 0 begins, and 0 ends.
    pub(in crate::structure) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        now: u64,
        mut visit: impl FnMut(&'a E),
    ) -> u64 {
        let merges = self.merges & ((1 << MERGE_BITS) - 1);
        let mut prefix = ((cursor >> (MERGE_BITS + POSITION_BITS)) as u32) << (32 - PREFIX_BITS);
        let mut left = (cursor as usize) & ALL;
        if left == 0 || cursor >> POSITION_BITS & ((1 << MERGE_BITS) - 1) != merges {
            left = ALL;
        }
        let mut visits = count.max(1);
        let mut tables = visits.saturating_mul(TABLES_PER_ELEMENT);
        loop {
            let number = self.address(u64::from(prefix.reverse_bits()));
            let table = &self.tables[number];
            let mut position = if left == ALL { table.len() } else { left.min(table.len()) };
            while position > 0 && (visits > 0 || position >= ALL) {
                position -= 1;
                visits = visits.saturating_sub(1);
                if let Some(element) = table.get(position)
                    && table.deadline(position) > now
                {
                    visit(element);
                }
            }
            left = position;
            if left == 0 {
                let depth = self.depth(number);
                let start = (number as u32).reverse_bits();
                let width = 1u32.checked_shl(32 - depth);
                let Some(next) = width.and_then(|width| start.checked_add(width)) else { return 0 };
                prefix = next;
                left = ALL;
            }
            tables -= 1;
            if visits == 0 || tables == 0 {
                let prefix = u64::from(prefix >> (32 - PREFIX_BITS));
                return (prefix << MERGE_BITS | merges) << POSITION_BITS | left as u64;
            }
        }
    }
}
