//! persist/rdb/entries.rs — the entries of a listpack or a ziplist, in order.

use std::io;

use super::reader::malformed;
use super::{listpack, ziplist};

/// An entry: what was given as an integer's digits may be stored as the integer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Entry<'a> {
    Bytes(&'a [u8]),
    Integer(i64),
}

impl<'a> Entry<'a> {
    /// The entry as it was given; `digits` is where an integer's go.
    pub(super) fn text<'b>(self, digits: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Entry::Bytes(bytes) => bytes,
            Entry::Integer(number) => digits.format(number).as_bytes(),
        }
    }

    /// The entry as the integer that it must be.
    pub(super) fn integer(self) -> io::Result<i64> {
        let number = match self {
            Entry::Integer(number) => Some(number),
            Entry::Bytes(bytes) => mainstay_protocol::parse_i64(bytes),
        };
        number.ok_or_else(|| malformed("an entry that should be an integer"))
    }

    /// The entry as the score that it must be.
    pub(super) fn score(self) -> io::Result<f64> {
        match self {
            Entry::Integer(number) => Ok(number as f64),
            Entry::Bytes(bytes) => score(bytes),
        }
    }
}

/// A score written as text.
pub(super) fn score(text: &[u8]) -> io::Result<f64> {
    let score = std::str::from_utf8(text).ok().and_then(|text| text.trim_start().parse().ok());
    score
        .filter(|score: &f64| !score.is_nan())
        .ok_or_else(|| malformed("a score that is no number"))
}

/// The layout that entries stand in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Layout {
    Listpack,
    Ziplist,
}

/// Entries being read. Every one is checked; after the last, so is their announced number.
pub(super) struct Entries<'a> {
    layout: Layout,
    rest: &'a [u8],
    /// How long the entry before was: a ziplist's say so.
    before: usize,
    /// How many are left, if that is announced.
    left: Option<usize>,
    /// How many bytes the last one takes, if that is announced.
    last: Option<usize>,
}

/// Above this a header does not say how many entries there are.
const COUNT_UNKNOWN: u16 = u16::MAX;

impl<'a> Entries<'a> {
    /// Checks what is around the entries.
    pub(super) fn new(layout: Layout, packed: &'a [u8]) -> io::Result<Entries<'a>> {
        let framed = match layout {
            Layout::Listpack => listpack::unframe(packed).map(|(count, rest)| (count, rest, None)),
            Layout::Ziplist => {
                ziplist::unframe(packed).map(|(count, rest, last)| (count, rest, Some(last)))
            }
        };
        let (count, rest, last) =
            framed.ok_or_else(|| malformed("packed entries without their frame"))?;
        let left = (count != COUNT_UNKNOWN).then_some(usize::from(count));
        Ok(Entries { layout, rest, before: 0, left, last })
    }

    /// The next entry, which must be there.
    pub(super) fn require(&mut self) -> io::Result<Entry<'a>> {
        self.next().unwrap_or_else(|| Err(malformed("packed entries that end early")))
    }

    /// The next entry as an integer.
    pub(super) fn require_integer(&mut self) -> io::Result<i64> {
        self.require()?.integer()
    }

    /// The next entry as a count of things that have one entry each at least.
    pub(super) fn require_count(&mut self) -> io::Result<usize> {
        let count = usize::try_from(self.require_integer()?).ok();
        count
            .filter(|&count| count <= self.rest.len())
            .ok_or_else(|| malformed("a count of more than there is"))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = io::Result<Entry<'a>>;

    fn next(&mut self) -> Option<io::Result<Entry<'a>>> {
        if self.rest.is_empty() {
            let missing = self.left.take().is_some_and(|left| left > 0);
            return missing.then(|| Err(malformed("fewer packed entries than announced")));
        }
        let entry = match self.layout {
            Layout::Listpack => listpack::take(&mut self.rest),
            Layout::Ziplist => ziplist::take(&mut self.rest, &mut self.before),
        };
        let is_last = self.rest.is_empty();
        let entry = entry.filter(|_| !is_last || self.last.is_none_or(|last| last == self.before));
        let entry = match (entry, &mut self.left) {
            (Some(_), Some(0)) | (None, _) => Err(malformed("a packed entry that is broken")),
            (Some(entry), left) => {
                if let Some(left) = left {
                    *left -= 1;
                }
                Ok(entry)
            }
        };
        if entry.is_err() {
            // What is behind a broken entry is not looked at.
            (self.rest, self.left) = (&[], None);
        }
        Some(entry)
    }
}

/// Shows entries two by two.
pub(super) fn each_pair<'a>(
    mut entries: Entries<'a>,
    mut take: impl FnMut(Entry<'a>, Entry<'a>) -> io::Result<()>,
) -> io::Result<()> {
    while let Some(one) = entries.next() {
        take(one?, entries.require()?)?;
    }
    Ok(())
}
