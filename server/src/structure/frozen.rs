//! How values are written into a snapshot, and read back with distrust.
//!
//! A length is a number in seven-bit groups, in its shortest form; a string is its length and its
//! bytes. There is one spelling for everything, so equal values have equal bytes. Not here: what
//! the parts mean, and what is said when they do not read back.

use super::varint::{self, Varint};

/// Appends a length.
pub fn put_length(to: &mut Vec<u8>, length: usize) {
    to.extend_from_slice(Varint::new(length).bytes());
}

/// Appends a string.
pub fn put_string(to: &mut Vec<u8>, string: &[u8]) {
    put_length(to, string.len());
    to.extend_from_slice(string);
}

/// What was written, being read from the front. Every read gives `None` when the bytes end early
/// or are not spelled as they would have been written.
#[derive(Clone)]
pub struct Frozen<'a> {
    whole: usize,
    rest: &'a [u8],
}

impl<'a> Frozen<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { whole: bytes.len(), rest: bytes }
    }

    /// How many bytes were read: where reading stopped.
    pub fn offset(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// How many bytes are left. A sound count of things is not above it.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// A length.
    pub fn length(&mut self) -> Option<usize> {
        let (length, width) = varint::read(self.rest)?;
        let spelled = &self.rest[..width];
        if spelled != Varint::new(length).bytes() {
            return None;
        }
        self.rest = &self.rest[width..];
        Some(length)
    }

    /// A string.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let before = self.rest;
        let length = self.length()?;
        let Some((string, rest)) = self.rest.split_at_checked(length) else {
            self.rest = before;
            return None;
        };
        self.rest = rest;
        Some(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let mut bytes = Vec::new();
        for length in [0, 1, 127, 128, 300, usize::MAX] {
            put_length(&mut bytes, length);
        }
        put_string(&mut bytes, b"");
        put_string(&mut bytes, &[7; 200]);
        let mut frozen = Frozen::new(&bytes);
        for length in [0, 1, 127, 128, 300, usize::MAX] {
            assert_eq!(frozen.length(), Some(length));
        }
        assert_eq!(frozen.string(), Some(&b""[..]));
        assert_eq!(frozen.string(), Some(&[7; 200][..]));
        assert_eq!((frozen.left(), frozen.byte()), (0, None));
    }

    #[test]
    fn odd_spellings_are_refused() {
        assert_eq!(Frozen::new(&[0x80, 0x00]).length(), None, "a longer spelling of zero");
        assert_eq!(Frozen::new(&[0xff; 12]).length(), None, "a length without end");
        let mut cut = Frozen::new(&[3, b'a', b'b']);
        assert_eq!((cut.string(), cut.offset()), (None, 0));
    }
}
