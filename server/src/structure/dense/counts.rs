//! How many elements each sub-table holds, summed so that a position finds its sub-table in O(log
//! n): a Fenwick tree (Fenwick 1994, "A new data structure for cumulative frequency tables").

use crate::structure::room;

/// Node `i` (counted from one) holds the sum over `i & -i` sub-tables, the last of them being
/// number `i - 1`.
#[derive(Default)]
pub(super) struct Counts(Vec<u64>);

impl Counts {
    fn sum(&self, mut end: usize) -> u64 {
        let mut sum = 0;
        while end > 0 {
            sum += self.0[end - 1];
            end &= end - 1;
        }
        sum
    }

    pub(super) fn push(&mut self, count: usize) {
        let node = self.0.len() + 1;
        let start = node & (node - 1);
        let covered = self.sum(node - 1) - self.sum(start);
        self.0.push(covered + count as u64);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
        if self.0.capacity() > 4 * self.0.len() + 16 {
            self.0.shrink_to(2 * self.0.len());
        }
    }

    #[inline]
    pub(super) fn add(&mut self, table: usize, count: usize) {
        self.change(table, |sum| *sum += count as u64);
    }

    #[inline]
    pub(super) fn subtract(&mut self, table: usize, count: usize) {
        self.change(table, |sum| *sum -= count as u64);
    }

    #[inline]
    fn change(&mut self, table: usize, change: impl Fn(&mut u64)) {
        let mut node = table + 1;
        while let Some(sum) = self.0.get_mut(node - 1) {
            change(sum);
            node += node & node.wrapping_neg();
        }
    }

    /// The sub-table that holds this position of the whole, and the position there.
    pub(super) fn find(&self, position: usize) -> (usize, usize) {
        let mut rest = position as u64;
        let mut node = 0;
        let mut step = self.0.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            if let Some(&sum) = self.0.get(node + step - 1)
                && sum <= rest
            {
                node += step;
                rest -= sum;
            }
            step >>= 1;
        }
        (node, rest as usize)
    }

    pub(super) fn weight(&self) -> usize {
        room(self.0.capacity() * size_of::<u64>())
    }
}
