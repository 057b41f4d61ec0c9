//! The writer of replies.

use std::fmt::{Display, Write};

use super::length::{Deferred, push_integer, push_length};
use super::{Version, format_double};

/// A header of up to 20 digits.
const HEADER_BYTES_MAX: usize = 24;

/// Appends replies to a buffer, in the client's version of the protocol.
///
/// Aggregates announce their number of elements, and then as many replies must follow.
#[derive(Debug)]
pub struct ReplyWriter<'a> {
    pub(crate) buffer: &'a mut Vec<u8>,
    version: Version,
}

impl<'a> ReplyWriter<'a> {
    /// A writer that appends to `buffer`. Costs nothing: make one per reply or keep it.
    #[inline]
    pub fn new(buffer: &'a mut Vec<u8>, version: Version) -> ReplyWriter<'a> {
        ReplyWriter { buffer, version }
    }

    /// The version of the protocol it writes.
    #[inline]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Goes on in another version: the reply to HELLO is the first in the new one.
    #[inline]
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Bytes in the buffer now, those before this writer included: a place to
    /// [`rewind`](ReplyWriter::rewind) to.
    #[inline]
    pub fn position(&self) -> usize {
        self.buffer.len()
    }

    /// What was written since `position`.
    #[inline]
    pub fn since(&self, position: usize) -> &[u8] {
        self.buffer.get(position..).unwrap_or_default()
    }

    /// Takes back what was written since `position`, say when a reply turns into an error halfway.
    #[inline]
    pub fn rewind(&mut self, position: usize) {
        self.buffer.truncate(position);
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.buffer.extend_from_slice(b"+OK\r\n");
    }

    /// A short text, such as `QUEUED`. CR, LF and NUL become spaces.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error: its full text with the code in front, as in `ERR syntax error`. The leading `-` is
    /// added; CR, LF and NUL become spaces.
    #[cold]
    pub fn error(&mut self, text: &str) {
        self.error_bytes(text.as_bytes());
    }

    /// As [`ReplyWriter::error`], for a text that repeats a client's own bytes.
    #[cold]
    pub fn error_bytes(&mut self, text: &[u8]) {
        self.line(b'-', text);
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        push_integer(self.buffer, b':', value);
    }

    /// Bytes of any kind.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.buffer.reserve(bytes.len() + HEADER_BYTES_MAX + 2);
        push_length(self.buffer, b'$', bytes.len());
        self.buffer.extend_from_slice(bytes);
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// A text as bytes.
    #[inline]
    pub fn bulk_str(&mut self, text: &str) {
        self.bulk(text.as_bytes());
    }

    /// What a value displays, as bytes; formatted right into the buffer.
    pub fn bulk_display(&mut self, value: impl Display) {
        let length = Deferred::open(self.buffer);
        let start = self.buffer.len();
        // The sink cannot fail. A Display that says it failed leaves what it wrote, framed.
        let _ = write!(Sink(self.buffer), "{value}");
        let written = self.buffer.len() - start;
        length.close(self.buffer, b'$', written);
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// Nothing, where a value could stand.
    #[inline]
    pub fn null(&mut self) {
        match self.version {
            Version::Resp2 => self.buffer.extend_from_slice(b"$-1\r\n"),
            Version::Resp3 => self.buffer.extend_from_slice(b"_\r\n"),
        }
    }

    /// Nothing, where an array could stand. RESP3 does not tell the two apart.
    #[inline]
    pub fn null_array(&mut self) {
        match self.version {
            Version::Resp2 => self.buffer.extend_from_slice(b"*-1\r\n"),
            Version::Resp3 => self.buffer.extend_from_slice(b"_\r\n"),
        }
    }

    /// An array: `count` replies follow.
    #[inline]
    pub fn array(&mut self, count: usize) {
        push_length(self.buffer, b'*', count);
    }

    /// A map: `pairs` times a key and a value follow. In RESP2 an array of both in turn.
    #[inline]
    pub fn map(&mut self, pairs: usize) {
        let (marker, count) = self.map_header(pairs);
        push_length(self.buffer, marker, count);
    }

    /// A set: `count` replies follow. In RESP2 an array.
    #[inline]
    pub fn set(&mut self, count: usize) {
        push_length(self.buffer, self.marker(b'~'), count);
    }

    /// A push, a message nobody asked for: `count` replies follow. In RESP2 an array.
    #[inline]
    pub fn push(&mut self, count: usize) {
        push_length(self.buffer, self.marker(b'>'), count);
    }

    /// A double, see [`format_double`]. In RESP2 its text as bytes.
    pub fn double(&mut self, value: f64) {
        let text = format_double(value);
        match self.version {
            Version::Resp2 => self.bulk(&text),
            Version::Resp3 => self.line(b',', &text),
        }
    }

    /// A boolean. In RESP2 the integer 1 or 0.
    #[inline]
    pub fn boolean(&mut self, value: bool) {
        self.buffer.extend_from_slice(match (self.version, value) {
            (Version::Resp2, true) => b":1\r\n",
            (Version::Resp2, false) => b":0\r\n",
            (Version::Resp3, true) => b"#t\r\n",
            (Version::Resp3, false) => b"#f\r\n",
        });
    }

    /// An integer of any size, as decimal digits. In RESP2 its text as bytes.
    pub fn big_number(&mut self, digits: &str) {
        match self.version {
            Version::Resp2 => self.bulk(digits.as_bytes()),
            Version::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// A text and its format, `txt` or `mkd`. In RESP2 the text alone, as bytes.
    pub fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        match self.version {
            Version::Resp2 => self.bulk(text),
            Version::Resp3 => {
                self.buffer.reserve(text.len() + HEADER_BYTES_MAX + 6);
                push_length(self.buffer, b'=', text.len() + 4);
                self.buffer.extend_from_slice(&format);
                self.buffer.push(b':');
                self.buffer.extend_from_slice(text);
                self.buffer.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Facts about the reply that comes after them: `pairs` times a key and a value follow.
    ///
    /// RESP2 has no place for them: then this writes nothing, returns false, and the pairs must be
    /// left out.
    #[must_use = "in RESP2 the pairs must be left out"]
    pub fn attribute(&mut self, pairs: usize) -> bool {
        let writes = self.version == Version::Resp3;
        if writes {
            push_length(self.buffer, b'|', pairs);
        }
        writes
    }

    /// Bytes that are RESP already, such as a message shared by many receivers.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Begins an array whose number of elements is not known yet.
    ///
    /// A number of two digits or more moves what was written since by a few bytes at the end.
    pub fn begin_array(&mut self) -> Deferred {
        Deferred::open(self.buffer)
    }

    /// Ends an array of `count` elements. Inner ones must have ended before.
    pub fn finish_array(&mut self, begun: Deferred, count: usize) {
        begun.close(self.buffer, b'*', count);
    }

    /// Begins a map whose number of pairs is not known yet; see
    /// [`begin_array`](ReplyWriter::begin_array).
    pub fn begin_map(&mut self) -> Deferred {
        Deferred::open(self.buffer)
    }

    /// Ends a map of `pairs` keys and as many values.
    pub fn finish_map(&mut self, begun: Deferred, pairs: usize) {
        let (marker, count) = self.map_header(pairs);
        begun.close(self.buffer, marker, count);
    }

    /// Begins a set whose number of elements is not known yet; see
    /// [`begin_array`](ReplyWriter::begin_array).
    pub fn begin_set(&mut self) -> Deferred {
        Deferred::open(self.buffer)
    }

    /// Ends a set of `count` elements.
    pub fn finish_set(&mut self, begun: Deferred, count: usize) {
        begun.close(self.buffer, self.marker(b'~'), count);
    }

    /// Gives up an aggregate that was begun, and all that was written into it.
    pub fn abandon(&mut self, begun: Deferred) {
        self.buffer.truncate(begun.at());
    }

    /// The marker of an aggregate that RESP2 shows as an array.
    #[inline]
    fn marker(&self, resp3: u8) -> u8 {
        match self.version {
            Version::Resp2 => b'*',
            Version::Resp3 => resp3,
        }
    }

    #[inline]
    fn map_header(&self, pairs: usize) -> (u8, usize) {
        match self.version {
            Version::Resp2 => (b'*', pairs.saturating_mul(2)),
            Version::Resp3 => (b'%', pairs),
        }
    }

    /// A marker, a text that must not hold an end of line, and the end of the line.
    pub(crate) fn line(&mut self, marker: u8, text: &[u8]) {
        self.buffer.reserve(text.len() + 3);
        self.buffer.push(marker);
        let start = self.buffer.len();
        self.buffer.extend_from_slice(text);
        for byte in &mut self.buffer[start..] {
            if matches!(*byte, b'\r' | b'\n' | 0) {
                *byte = b' ';
            }
        }
        self.buffer.extend_from_slice(b"\r\n");
    }
}

/// Formats into a byte buffer.
struct Sink<'a>(&'a mut Vec<u8>);

impl Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
