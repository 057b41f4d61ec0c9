//! persist/snapshot/format.rs — the bytes of a snapshot: its head, blocks, the end.
//!
//! ```text
//! snapshot | head: 64 bytes | block | block | ... | end |                   lowest byte first
//! head     | "MAINSNAP" | version: u32 | crc: u32 | set: u64 | file: u64 | lsn: u64 | stamp: u64 |
//!          | zeros |
//! block    | crc: u32 | bytes: u32 | whole: u32 | kind: u8 | packing: u8 | zeros: u16 | bytes |
//! kind     1 entries: items (`keyspace::capture::item`)    2 section: name | at | bytes
//!          3 end: entries: u64 | blocks: u64 | whole: u64 | heads: u32
//! packing  0 none    1 LZ4, `whole` bytes when unpacked
//! ```
//!
//! The checksum is CRC-32C of all behind it, begun from `file` and the block's place. `heads` is
//! the CRC-32C of the file's head and the heads of all blocks before, and with their checksums of
//! all there is. A section, state that lies outside the keyspace, may take several blocks: each
//! says where its bytes belong.

use std::io;

use crc32c::crc32c_append;

use super::Meta;

/// Bytes of a file's head.
pub(super) const HEAD_BYTES: usize = 64;
/// Bytes of a block's head.
pub(super) const BLOCK_BYTES: usize = 16;
/// The format that is written, and the latest that is read.
const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"MAINSNAP";

/// Bytes of the end's payload.
pub(super) const END_BYTES: usize = 28;

/// LZ4 makes at most so many bytes of one.
const PACKED_MOST: u64 = 255;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Items of a capture.
    Entries = 1,
    /// A part of a section.
    Section = 2,
    /// Nothing comes behind it.
    End = 3,
}

/// A block's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) crc: u32,
    /// Bytes behind the head.
    pub(super) bytes: u32,
    /// Bytes when unpacked.
    pub(super) whole: u32,
    pub(super) kind: Kind,
    pub(super) is_packed: bool,
}

impl Meta {
    pub(super) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        for (at, number) in [self.set, self.file, self.lsn, self.stamp].into_iter().enumerate() {
            bytes[16 + 8 * at..24 + 8 * at].copy_from_slice(&number.to_le_bytes());
        }
        let crc = head_crc(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> io::Result<Meta> {
        let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        if &bytes[..8] != MAGIC {
            return refuse("it is no snapshot");
        }
        if u32_at(bytes, 8) > VERSION {
            return refuse("it was written by a later version of this server");
        }
        if u32_at(bytes, 12) != head_crc(bytes) || u32_at(bytes, 8) == 0 {
            return refuse("its head is damaged");
        }
        let number = |at: usize| u64_at(bytes, 16 + 8 * at);
        Ok(Meta { set: number(0), file: number(1), lsn: number(2), stamp: number(3) })
    }

    /// What the checksum of the block at a place of the file begins from.
    fn seed(self, at: u64) -> u32 {
        crc32c_append(crc32c_append(0, &self.file.to_le_bytes()), &at.to_le_bytes())
    }
}

fn head_crc(bytes: &[u8; HEAD_BYTES]) -> u32 {
    crc32c_append(crc32c_append(0, &bytes[..12]), &bytes[16..])
}

impl Block {
    /// The head of a block at a place of the file, with its checksum.
    pub(super) fn seal(
        kind: Kind,
        is_packed: bool,
        whole: u32,
        bytes: &[u8],
        meta: Meta,
        at: u64,
    ) -> [u8; BLOCK_BYTES] {
        let block = Block { crc: 0, bytes: bytes.len() as u32, whole, kind, is_packed };
        let mut head = block.to_bytes();
        let crc = crc32c_append(crc32c_append(meta.seed(at), &head[4..]), bytes);
        head[..4].copy_from_slice(&crc.to_le_bytes());
        head
    }

    fn to_bytes(self) -> [u8; BLOCK_BYTES] {
        let mut head = [0; BLOCK_BYTES];
        head[..4].copy_from_slice(&self.crc.to_le_bytes());
        head[4..8].copy_from_slice(&self.bytes.to_le_bytes());
        head[8..12].copy_from_slice(&self.whole.to_le_bytes());
        head[12] = self.kind as u8;
        head[13] = u8::from(self.is_packed);
        head
    }

    /// Reads a head; `None` if no block has such a one.
    pub(super) fn from_bytes(head: &[u8; BLOCK_BYTES]) -> Option<Block> {
        let kind = match head[12] {
            1 => Kind::Entries,
            2 => Kind::Section,
            3 => Kind::End,
            _ => return None,
        };
        let (bytes, whole) = (u32_at(head, 4), u32_at(head, 8));
        let is_packed = head[13] == 1;
        // More than that cannot be unpacked, so no memory is taken for it.
        let most = u64::from(bytes) * if is_packed { PACKED_MOST } else { 1 };
        let is_sound = head[13] < 2 && head[14..] == [0, 0] && u64::from(whole) <= most;
        let is_sound = is_sound && (is_packed || whole == bytes);
        is_sound.then_some(Block { crc: u32_at(head, 0), bytes, whole, kind, is_packed })
    }

    /// Whether these are the block's bytes.
    pub(super) fn fits(&self, bytes: &[u8], meta: Meta, at: u64) -> bool {
        let head = self.to_bytes();
        self.crc == crc32c_append(crc32c_append(meta.seed(at), &head[4..]), bytes)
    }
}

/// What stands at the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) blocks: u64,
    pub(super) whole: u64,
    pub(super) heads: u32,
}

impl End {
    pub(super) fn to_bytes(self) -> [u8; END_BYTES] {
        let mut bytes = [0; END_BYTES];
        bytes[..8].copy_from_slice(&self.entries.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.blocks.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.whole.to_le_bytes());
        bytes[24..].copy_from_slice(&self.heads.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<End> {
        let bytes: &[u8; END_BYTES] = bytes.try_into().ok()?;
        Some(End {
            entries: u64_at(bytes, 0),
            blocks: u64_at(bytes, 8),
            whole: u64_at(bytes, 16),
            heads: u32_at(bytes, 24),
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
