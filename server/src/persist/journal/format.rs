//! persist/journal/format.rs — the bytes of a segment: its head, and blocks.
//!
//! ```text
//! segment | head: 64 bytes | block | block | ...                        lowest byte first
//! head    | "MAINJRNL" | version: u32 | crc: u32 | set: u64 | file: u64 | number: u64 |
//!         | bytes: u64 | zeros |
//! block   | tag: u32 | crc: u32 | bytes: u32 | kind: u8, zeros: 3 | count: u32 | zeros: u32 |
//!         | first: u64 | stamp: u64 | synced: u64 | payload ... | zeros to the next 8 bytes |
//! ```
//!
//! `set` names the data set, `file` is drawn anew for each life of the file, and both the tag and
//! the checksum (CRC-32C of all behind it) start from it: so a block that an earlier life has left
//! behind in the file is none. `first` is the LSN of the block's first unit, `count` how many units
//! there are, `stamp` the time that all its records saw. `synced` says which LSN was known to be on
//! disk when the block was written: by that a reader tells bytes that were lost before they were
//! promised from bytes that were damaged afterwards. Behind the last block no other one says so of
//! it; a journal that has nothing to write puts a *mark* there, over which the next block is written.
//! `bytes` is what the file took before it was used: one that is shorter, and has no last block, was
//! cut short by somebody else.
//!
//! The journal and the log of a replicated database share this form; they differ by `kind`.

use std::io;

use crc32c::crc32c_append;

use crate::clock::Millis;

/// The number of a unit: what is done again as a whole or not at all. The first one is 1.
pub type Lsn = u64;

/// Bytes of a segment's head.
pub const HEAD_BYTES: u64 = 64;
/// Bytes in front of a block's payload.
pub const BLOCK_BYTES: usize = 48;
/// The format that is written, and the latest that is read.
pub const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"MAINJRNL";

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Records, see `codec`.
    Records = 1,
    /// The end of the segment; there is a next one, which goes on with the LSN that this one names.
    Seal = 2,
    /// The end of the journal as it was closed, or mended; there may be a next segment.
    Close = 3,
    /// Nothing, but that all before it is on disk; the next block is written over it.
    Mark = 4,
}

/// A segment's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which data set it is of.
    pub set: u64,
    /// The number of this life of the file.
    pub file: u64,
    /// Its place among the segments.
    pub number: u64,
    /// Bytes that were taken for it at first; it is longer if it had to be, and shorter only once it
    /// was closed.
    pub bytes: u64,
}

impl Head {
    /// Its bytes.
    pub fn to_bytes(self) -> [u8; HEAD_BYTES as usize] {
        let mut bytes = [0; HEAD_BYTES as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.set.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.file.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.number.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.bytes.to_le_bytes());
        let crc = head_crc(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a head.
    ///
    /// # Errors
    /// `InvalidData` with the reason: no segment, another version, or damaged.
    pub fn from_bytes(bytes: &[u8; HEAD_BYTES as usize]) -> io::Result<Head> {
        let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        if &bytes[..8] != MAGIC {
            return refuse("it is no segment of a journal");
        }
        if u32_at(bytes, 12) != head_crc(bytes) {
            return refuse("its head is damaged");
        }
        if u32_at(bytes, 8) > VERSION {
            return refuse("it was written by a later version of this server");
        }
        Ok(Head {
            set: u64_at(bytes, 16),
            file: u64_at(bytes, 24),
            number: u64_at(bytes, 32),
            bytes: u64_at(bytes, 40),
        })
    }

    fn tag(self) -> u32 {
        // Never zero: that is what room that nobody has written to reads as.
        (self.file as u32) | 1
    }

    fn seed(self) -> u32 {
        (self.file >> 32) as u32
    }
}

fn head_crc(bytes: &[u8]) -> u32 {
    crc32c_append(crc32c_append(0, &bytes[..12]), &bytes[16..HEAD_BYTES as usize])
}

/// What stands in front of a block's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What it holds.
    pub kind: Kind,
    /// Bytes of the payload.
    pub bytes: u32,
    /// Units in it.
    pub count: u32,
    /// The LSN of the first.
    pub first: Lsn,
    /// The time that its records saw.
    pub stamp: Millis,
    /// The last LSN that was known to be on disk.
    pub synced: Lsn,
}

/// What was found where a block should begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A whole block.
    Block(Block),
    /// Nothing of this life of the file: zeros, or what an earlier one left.
    Nothing,
    /// The beginning of a block that is not whole.
    Damaged,
}

impl Block {
    /// The LSN behind the last one in it.
    pub fn next(&self) -> Lsn {
        self.first.saturating_add(u64::from(self.count))
    }

    /// Bytes that a block with so much payload takes, up to where the next one begins.
    pub fn space(bytes: usize) -> usize {
        (BLOCK_BYTES + bytes).next_multiple_of(8)
    }

    /// Appends the block with its payload.
    pub fn append(&self, head: Head, payload: &[u8], to: &mut Vec<u8>) {
        let start = to.len();
        to.reserve(Block::space(payload.len()));
        to.extend_from_slice(&head.tag().to_le_bytes());
        to.extend_from_slice(&[0; 4]);
        to.extend_from_slice(&self.bytes.to_le_bytes());
        to.extend_from_slice(&[self.kind as u8, 0, 0, 0]);
        to.extend_from_slice(&self.count.to_le_bytes());
        to.extend_from_slice(&[0; 4]);
        to.extend_from_slice(&self.first.to_le_bytes());
        to.extend_from_slice(&self.stamp.to_le_bytes());
        to.extend_from_slice(&self.synced.to_le_bytes());
        to.extend_from_slice(payload);
        let crc = crc32c_append(head.seed(), &to[start + 8..]);
        to[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        to.resize(start + Block::space(payload.len()), 0);
    }

    /// Looks whether `bytes`, the rest of a segment, begins with a block.
    pub fn look(head: Head, bytes: &[u8]) -> Found {
        let Some(front) = bytes.get(..BLOCK_BYTES) else {
            let is_ours = bytes.get(..4).is_some_and(|tag| tag == head.tag().to_le_bytes());
            return if is_ours { Found::Damaged } else { Found::Nothing };
        };
        let is_ours = u32_at(front, 0) == head.tag();
        let length = u32_at(front, 8);
        let covered = bytes.get(8..BLOCK_BYTES + length as usize);
        let is_whole =
            covered.is_some_and(|bytes| crc32c_append(head.seed(), bytes) == u32_at(front, 4));
        match (is_ours, is_whole) {
            (true, true) => {}
            (false, false) => return Found::Nothing,
            // Ours, but for the tag: nothing else has our checksum.
            (false, true) | (true, false) => return Found::Damaged,
        }
        let kind = match front[12] {
            1 => Kind::Records,
            2 => Kind::Seal,
            3 => Kind::Close,
            4 => Kind::Mark,
            _ => return Found::Damaged,
        };
        Found::Block(Block {
            kind,
            bytes: length,
            count: u32_at(front, 16),
            first: u64_at(front, 24),
            stamp: u64_at(front, 32),
            synced: u64_at(front, 40),
        })
    }

    /// Where the next whole block begins, from the start of `bytes` on in steps of 8.
    pub fn seek(head: Head, bytes: &[u8]) -> Option<(usize, Block)> {
        let tag = head.tag().to_le_bytes();
        (0..bytes.len().saturating_sub(BLOCK_BYTES - 1)).step_by(8).find_map(|at| {
            if bytes[at..at + 4] != tag {
                return None;
            }
            match Block::look(head, &bytes[at..]) {
                Found::Block(block) => Some((at, block)),
                Found::Nothing | Found::Damaged => None,
            }
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
    four.copied().map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes.get(at..).and_then(<[u8]>::first_chunk);
    eight.copied().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head { set: 7, file: 0x0123_4567_89ab_cdef, number: 3, bytes: 4096 };

    fn block(payload: &[u8]) -> (Block, Vec<u8>) {
        let bytes = payload.len() as u32;
        let block = Block { kind: Kind::Records, bytes, count: 2, first: 10, stamp: 99, synced: 8 };
        let mut to = Vec::new();
        block.append(HEAD, payload, &mut to);
        (block, to)
    }

    #[test]
    fn heads_and_blocks_read_back() {
        assert_eq!(Head::from_bytes(&HEAD.to_bytes()).unwrap(), HEAD);
        let (block, bytes) = block(b"some payload");
        assert_eq!(bytes.len(), 64);
        assert_eq!(Block::look(HEAD, &bytes), Found::Block(block));
        assert_eq!(block.next(), 12);
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let bytes = HEAD.to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Head::from_bytes(&bad).is_err(), "bit {bit} of the head");
        }
        let (_, bytes) = block(b"some payload");
        for bit in 0..(BLOCK_BYTES + 12) * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Block::look(HEAD, &bad), Found::Damaged, "bit {bit} of the block");
        }
    }

    #[test]
    fn what_an_earlier_life_left_is_nothing() {
        let (_, bytes) = block(b"some payload");
        let later = Head { file: HEAD.file ^ (1 << 40), ..HEAD };
        assert_eq!(Block::look(later, &bytes), Found::Damaged, "the same tag by chance");
        let later = Head { file: HEAD.file ^ (1 << 40) ^ 0b10, ..HEAD };
        assert_eq!(Block::look(later, &bytes), Found::Nothing);
        assert_eq!(Block::look(HEAD, &[0; 100]), Found::Nothing);
        assert_eq!(Block::look(HEAD, &bytes[..20]), Found::Damaged);
        assert_eq!(Block::look(HEAD, &[]), Found::Nothing);
    }

    #[test]
    fn a_block_behind_damage_is_found() {
        let (first, mut bytes) = block(b"some payload");
        let at = bytes.len();
        first.append(HEAD, b"some payload", &mut bytes);
        bytes[20] ^= 1;
        assert_eq!(Block::seek(HEAD, &bytes), Some((at, first)));
        assert_eq!(Block::seek(HEAD, &bytes[..at]), None);
    }
}
