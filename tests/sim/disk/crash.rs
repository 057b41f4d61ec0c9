//! sim/disk/crash.rs — what a power failure leaves.
//!
//! As cruel as real disks and file systems are, and not more:
//! - Of changes of a file that were not synced any subset is there, in any order of arrival. A write
//!   may be there in part: some of its sectors of 512 bytes, or its bytes up to any place. Its
//!   length may be there without its bytes, which are zeros then.
//! - Changes of names are kept up to some moment, as a file system with one journal does it; or some
//!   are missing in the middle, as with a log per file, but then so are all later ones of the same
//!   file or the same names. A rename is there or not, never in part.
//! - A synced file without a synced name may be gone; a name that was synced shows its file.

use std::collections::BTreeSet;

use mainstay_server::dice::Dice;

use super::{Change, Inode, State};

const SECTOR: usize = 512;

/// What becomes of the changes of one file, or of all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    Any,
}

impl Fate {
    fn draw(chance: &mut Dice) -> Fate {
        match chance.below(5) {
            0 => Fate::Lost,
            1 => Fate::Kept,
            _ => Fate::Any,
        }
    }
}

impl Change {
    /// Applies any part of it.
    fn apply_some(&self, chance: &mut Dice, to: &mut Vec<u8>) {
        let Change::Write { at, bytes } = self else {
            if chance.below(2) == 0 {
                self.apply(to);
            }
            return;
        };
        let part = |from: usize, end: usize| {
            let bytes = bytes[from..end].to_vec();
            Change::Write { at: at + from, bytes }
        };
        match chance.below(6) {
            0 | 1 => self.apply(to),
            2 => {}
            // Its length alone.
            3 => Change::Grow(at + bytes.len()).apply(to),
            4 => part(0, chance.below(bytes.len() + 1)).apply(to),
            _ => {
                let mut from = 0;
                while from < bytes.len() {
                    let end = ((at + from) / SECTOR + 1) * SECTOR - at;
                    let end = end.min(bytes.len());
                    if chance.below(2) == 0 {
                        part(from, end).apply(to);
                    }
                    from = end;
                }
            }
        }
    }
}

impl Inode {
    fn lose(&mut self, fate: Fate, chance: &mut Dice) {
        for change in std::mem::take(&mut self.pending) {
            match fate {
                Fate::Lost => {}
                Fate::Kept => change.apply(&mut self.durable),
                Fate::Any => change.apply_some(chance, &mut self.durable),
            }
        }
    }

    /// A sync failed: part of the changes are on disk, and nobody will write the others.
    pub(super) fn forget_some(&mut self, chance: &mut Dice) {
        self.lose(Fate::draw(chance), chance);
    }
}

impl State {
    pub(super) fn lose(&mut self, chance: &mut Dice) {
        let common = match chance.below(4) {
            0 => Some(Fate::Lost),
            _ => None,
        };
        for inode in &mut self.inodes {
            let fate = common.unwrap_or_else(|| Fate::draw(chance));
            inode.lose(fate, chance);
            inode.cache = inode.durable.clone();
        }
        self.lose_names(common, chance);
        self.names = self.durable_names.clone();
    }

    fn lose_names(&mut self, common: Option<Fate>, chance: &mut Dice) {
        let pending = std::mem::take(&mut self.pending_names);
        let fate = common.unwrap_or_else(|| Fate::draw(chance));
        let kept = match fate {
            Fate::Lost => 0,
            Fate::Kept => pending.len(),
            Fate::Any => chance.below(pending.len() + 1),
        };
        let drops_some = fate == Fate::Any && chance.below(2) == 0;
        let mut names = BTreeSet::new();
        let mut inodes = BTreeSet::new();
        for change in &pending[..kept] {
            let depends = inodes.contains(&change.inode()) || !names.is_disjoint(&change.names());
            if depends || (drops_some && chance.below(3) == 0) {
                inodes.insert(change.inode());
                names.extend(change.names());
            } else {
                change.apply(&mut self.durable_names);
            }
        }
    }
}
