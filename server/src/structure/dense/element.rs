//! What a dense table can hold: eight bytes that know their key.

use crate::structure::room;
use crate::structure::thin::Thin;

/// A value stored in a dense table: a thin string that contains the key. The table keeps hash bits
/// in the string's mark.
pub(in crate::structure) trait Element {
    fn thin(&self) -> &Thin;
    fn thin_mut(&mut self) -> &mut Thin;
    fn key(&self) -> &[u8];
}

/// The member of a set: the key is all there is.
pub(super) struct Member(Thin);

impl Member {
    pub(super) fn new(member: &[u8]) -> Self {
        Self(Thin::join([member], member.len()))
    }
}

impl Element for Member {
    fn thin(&self) -> &Thin {
        &self.0
    }

    fn thin_mut(&mut self) -> &mut Thin {
        &mut self.0
    }

    #[inline]
    fn key(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A field of a hash and its value: `[field length | value length | field | value | slack]`.
///
/// The string is as long as its size class, so that a value that grows or shrinks a little is
/// overwritten in place. The lengths take one byte each in a string of up to 254 bytes, and eight
/// in a longer one.
pub(super) struct Field(Thin);

/// The longest string with lengths of one byte.
const NARROW: usize = 254;

impl Field {
    pub(super) fn new(field: &[u8], value: &[u8]) -> Self {
        let content = field.len() + value.len();
        let narrow = room(2 + content);
        if narrow <= NARROW {
            let lengths = [field.len() as u8, value.len() as u8];
            return Self(Thin::join([&lengths, field, value], narrow));
        }
        // Such a string has eight bytes of header besides: they count for the size class.
        let wide = room(24 + content) - 8;
        let lengths = [field.len() as u64, value.len() as u64].map(u64::to_le_bytes);
        Self(Thin::join([&lengths[0], &lengths[1], field, value], wide.max(NARROW + 1)))
    }

    /// Where the field starts, where the value starts, where it ends.
    #[inline]
    fn bounds(bytes: &[u8]) -> (usize, usize, usize) {
        let (start, field, value) = if bytes.len() <= NARROW {
            (2, usize::from(bytes[0]), usize::from(bytes[1]))
        } else {
            let length = |at: usize| match bytes.get(at..).and_then(<[u8]>::first_chunk) {
                Some(chunk) => u64::from_le_bytes(*chunk) as usize,
                None => 0,
            };
            (16, length(0), length(8))
        };
        (start, start + field, start + field + value)
    }

    #[inline]
    pub(super) fn value(&self) -> &[u8] {
        let bytes = self.0.bytes();
        let (_, start, end) = Self::bounds(bytes);
        &bytes[start..end]
    }

    /// Replaces the value: in place when it fits and does not leave most of the string empty.
    pub(super) fn set_value(&mut self, value: &[u8]) {
        let bytes = self.0.bytes_mut();
        let (_, start, _) = Self::bounds(bytes);
        let (end, whole) = (start + value.len(), bytes.len());
        if end > whole || whole > 2 * end + 64 {
            let mark = self.0.mark();
            *self = Self::new(self.key(), value);
            self.0.set_mark(mark);
            return;
        }
        bytes[start..end].copy_from_slice(value);
        if whole <= NARROW {
            bytes[1] = value.len() as u8;
        } else {
            bytes[8..16].copy_from_slice(&(value.len() as u64).to_le_bytes());
        }
    }
}

impl Element for Field {
    fn thin(&self) -> &Thin {
        &self.0
    }

    fn thin_mut(&mut self) -> &mut Thin {
        &mut self.0
    }

    #[inline]
    fn key(&self) -> &[u8] {
        let bytes = self.0.bytes();
        let (start, end, _) = Self::bounds(bytes);
        &bytes[start..end]
    }
}
