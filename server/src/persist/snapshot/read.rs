//! persist/snapshot/read.rs — a snapshot read block by block, with distrust.

use std::fmt;

use super::format::{BLOCK_BYTES, Block, END_BYTES, End, HEAD_BYTES, Kind};
use super::{Meta, Summary};
use crate::error::Fault;
use crate::keyspace::{Item, Items};
use crate::persist::disk::{Disk, File};
use crate::structure::frozen::Frozen;

/// A snapshot that is being read.
pub(super) struct Reader {
    file: Box<dyn File>,
    path: String,
    pub(super) meta: Meta,
    pub(super) size: u64,
    pub(super) at: u64,
    heads: u32,
    blocks: u64,
    whole: u64,
    end: Option<Summary>,
}

/// A block as it lies in the file.
pub(super) struct Raw {
    head: Block,
    pub(super) at: u64,
    bytes: Vec<u8>,
}

/// What a block holds.
pub(super) enum Content<'b> {
    Entries(&'b [u8]),
    Section(Section<'b>),
}

/// A part of a section: its name, where its bytes belong, and they.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'b> {
    pub(super) name: &'b str,
    pub(super) at: u64,
    pub(super) bytes: &'b [u8],
}

impl Reader {
    pub(super) fn open(disk: &dyn Disk, name: &str) -> Result<Reader, Fault> {
        let path = format!("{}/{name}", disk.place());
        let doing = || Fault::io(format!("read '{path}'"));
        let file = disk.open(name).map_err(doing())?;
        let size = file.size().map_err(doing())?;
        let mut head = [0; HEAD_BYTES];
        let read = file.read_at(&mut head, 0).map_err(doing())?;
        if read < HEAD_BYTES {
            return Err(damaged(&path, "whose head is cut off", 0));
        }
        let meta = Meta::from_bytes(&head)
            .map_err(|error| Fault::File { path: (&*path).into(), why: error.to_string() })?;
        let (at, heads) = (HEAD_BYTES as u64, crc32c::crc32c(&head));
        Ok(Reader { file, path, meta, size, at, heads, blocks: 0, whole: 0, end: None })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The next block, whose bytes are not looked at yet; `None` behind the end. It lies in
    /// `spare`, whatever was there.
    pub(super) fn next(&mut self, spare: Vec<u8>) -> Result<Option<Raw>, Fault> {
        if self.end.is_some() {
            return Ok(None);
        }
        let at = self.at;
        let fault = |what| Err(damaged(&self.path, what, at));
        let mut head = [0; BLOCK_BYTES];
        if self.read(&mut head, at)? < BLOCK_BYTES {
            return fault("which is cut off");
        }
        let Some(block) = Block::from_bytes(&head) else { return fault("a block's head") };
        let left = self.size - at - BLOCK_BYTES as u64;
        if u64::from(block.bytes) > left {
            return fault("which is cut off, or a block's length");
        }
        let mut bytes = spare;
        bytes.resize(block.bytes as usize, 0);
        if self.read(&mut bytes, at + BLOCK_BYTES as u64)? < bytes.len() {
            return fault("which is cut off");
        }
        self.at += (BLOCK_BYTES + bytes.len()) as u64;
        let raw = Raw { head: block, at, bytes };
        if block.kind == Kind::End {
            self.finish(&raw)?;
            return Ok(None);
        }
        self.heads = crc32c::crc32c_append(self.heads, &head);
        self.blocks += 1;
        self.whole += u64::from(block.whole);
        Ok(Some(raw))
    }

    fn read(&self, to: &mut [u8], at: u64) -> Result<usize, Fault> {
        self.file.read_at(to, at).map_err(Fault::io(format!("read '{}'", self.path)))
    }

    fn finish(&mut self, raw: &Raw) -> Result<(), Fault> {
        let fault = |what| Err(damaged(&self.path, what, raw.at));
        if !raw.head.fits(&raw.bytes, self.meta, raw.at) || raw.bytes.len() != END_BYTES {
            return fault("the end");
        }
        let Some(end) = End::from_bytes(&raw.bytes) else { return fault("the end") };
        if end.heads != self.heads || end.blocks != self.blocks || end.whole != self.whole {
            return fault("whose blocks are not those that were written, and which");
        }
        if self.at != self.size {
            return fault("behind whose end is more, and which");
        }
        let End { entries, blocks, whole, .. } = end;
        self.end = Some(Summary { entries, blocks, whole, bytes: self.size });
        Ok(())
    }

    /// What the file said of itself, once it was read to its end.
    pub(super) fn summary(&self) -> Option<Summary> {
        self.end
    }

    /// Names the file in a fault that happened in what a block of it holds.
    pub(super) fn locate(path: &str, at: u64, fault: Fault) -> Fault {
        match fault {
            Fault::Corrupt { what, offset } => {
                let what = format!("'{path}', {what} in the block at byte {at},");
                Fault::Corrupt { what: what.into(), offset }
            }
            other => other,
        }
    }
}

impl Raw {
    pub(super) fn is_section(&self) -> bool {
        self.head.kind == Kind::Section
    }

    pub(super) fn bytes(&self) -> u64 {
        (BLOCK_BYTES + self.bytes.len()) as u64
    }

    /// Whether the checksum fits.
    fn check(&self, path: &str, meta: Meta) -> Result<(), Fault> {
        if self.head.fits(&self.bytes, meta, self.at) {
            Ok(())
        } else {
            Err(damaged(path, "a block", self.at))
        }
    }

    /// Checks the block and unpacks it, into `to` if it is packed.
    pub(super) fn open<'b>(
        &'b self,
        path: &str,
        meta: Meta,
        to: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Fault> {
        self.check(path, meta)?;
        if !self.head.is_packed {
            return Ok(&self.bytes);
        }
        let whole = self.head.whole as usize;
        to.resize(whole, 0);
        match lz4_flex::block::decompress_into(&self.bytes, to) {
            Ok(bytes) if bytes == whole => Ok(to),
            _ => Err(damaged(path, "the packing of a block", self.at)),
        }
    }

    /// Its memory, for another.
    pub(super) fn into_spare(self) -> Vec<u8> {
        self.bytes
    }

    /// What an opened block holds.
    pub(super) fn content<'b>(&self, path: &str, opened: &'b [u8]) -> Result<Content<'b>, Fault> {
        if self.head.kind == Kind::Entries {
            return Ok(Content::Entries(opened));
        }
        let mut frozen = Frozen::new(opened);
        let mut read = || {
            let name = str::from_utf8(frozen.string()?).ok()?;
            let (at, bytes) = (frozen.length()? as u64, frozen.string()?);
            (frozen.left() == 0).then_some(Section { name, at, bytes })
        };
        read().map(Content::Section).ok_or_else(|| damaged(path, "a section", self.at))
    }
}

/// Sections' parts put together; they come in the order of the file.
#[derive(Default)]
pub(super) struct Sections(pub(super) Vec<(String, Vec<u8>)>);

impl Sections {
    /// Adds a part; false if it is not the next of its section.
    pub(super) fn add(&mut self, part: Section<'_>) -> bool {
        let known = self.0.iter_mut().find(|(name, _)| name == part.name);
        let bytes = match known {
            Some((_, bytes)) => bytes,
            None => {
                self.0.push((part.name.to_owned(), Vec::new()));
                match self.0.last_mut() {
                    Some((_, bytes)) => bytes,
                    None => return false,
                }
            }
        };
        let is_next = part.at == bytes.len() as u64;
        bytes.extend_from_slice(part.bytes);
        is_next
    }
}

/// Reads a whole file and checks all its checksums.
///
/// # Errors
/// What the disk says, and what is damaged.
pub fn verify(disk: &dyn Disk, name: &str) -> Result<(Meta, Summary), Fault> {
    let mut reader = Reader::open(disk, name)?;
    let mut spare = Vec::new();
    while let Some(raw) = reader.next(spare)? {
        raw.check(&reader.path, reader.meta)?;
        spare = raw.into_spare();
    }
    let summary = reader.summary().unwrap_or_default();
    Ok((reader.meta, summary))
}

/// A piece of a snapshot, as people may look at it.
pub enum Piece<'b> {
    /// Some of a section: its name, and where its bytes belong.
    Section(&'b str, u64, &'b [u8]),
    /// An item of the capture.
    Item(Item<'b>),
}

/// Shows all that a snapshot holds, in its order; `show` says whether to go on.
///
/// # Errors
/// What the disk says, and what is damaged.
pub fn each(
    disk: &dyn Disk,
    name: &str,
    mut show: impl FnMut(Piece<'_>) -> bool,
) -> Result<Meta, Fault> {
    let mut reader = Reader::open(disk, name)?;
    let mut unpacked = Vec::new();
    while let Some(raw) = reader.next(Vec::new())? {
        let opened = raw.open(&reader.path, reader.meta, &mut unpacked)?;
        match raw.content(&reader.path, opened)? {
            Content::Section(Section { name, at, bytes }) => {
                if !show(Piece::Section(name, at, bytes)) {
                    return Ok(reader.meta);
                }
            }
            Content::Entries(bytes) => {
                let mut items = Items::of(bytes);
                while let Some(item) = items.next() {
                    if !show(Piece::Item(item)) {
                        return Ok(reader.meta);
                    }
                }
                if items.offset() < bytes.len() {
                    let fault = Fault::Corrupt { what: "an entry".into(), offset: items.offset() };
                    return Err(Reader::locate(&reader.path, raw.at, fault));
                }
            }
        }
    }
    Ok(reader.meta)
}

/// Bytes of a value that are shown.
const SHOWN_MAX: usize = 64;

impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |bytes: &[u8]| {
            let dots = if bytes.len() > SHOWN_MAX { "..." } else { "" };
            format!("\"{}\"{dots}", bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii())
        };
        let head = |head: &crate::keyspace::Head<'_>| {
            let until = head.deadline.map(|at| format!(" until {at}")).unwrap_or_default();
            format!("db {} kind {} {}{until}", head.database, head.tag, short(head.key))
        };
        match self {
            Piece::Section(name, at, bytes) => {
                write!(f, "section {name} from {at}, {} bytes: {}", bytes.len(), short(bytes))
            }
            Piece::Item(Item::Entry(of, value)) => {
                write!(f, "{}, {} bytes: {}", head(of), value.len(), short(value))
            }
            Piece::Item(Item::Begin(number, of)) => write!(f, "{}, big value {number}", head(of)),
            Piece::Item(Item::Part(number, at, bytes)) => {
                write!(f, "big value {number} from {at}, {} bytes: {}", bytes.len(), short(bytes))
            }
            Piece::Item(Item::End(number, bytes)) => {
                write!(f, "big value {number} ends, {bytes} bytes in all")
            }
        }
    }
}

pub(super) fn damaged(path: &str, what: &str, at: u64) -> Fault {
    Fault::Corrupt { what: format!("'{path}', {what},").into(), offset: at as usize }
}
