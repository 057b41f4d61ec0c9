//! persist/rdb/reader.rs — lengths, strings and numbers from any input.
//!
//! Bytes that lie in the input's buffer are lent in place: a value in memory is read without a
//! copy. What is lent is given back to the input by the next read, or when the reader goes.

use std::io::{self, BufRead, ErrorKind};

use super::lzf;
use super::writer::{
    CODE_INT8, CODE_INT16, CODE_INT32, CODE_LZF, LENGTH_32, LENGTH_64, STRING_BYTES_MAX,
};

/// See the module.
pub struct Reader<'a> {
    input: &'a mut dyn BufRead,
    /// How many bytes of the input's buffer are lent.
    lent: usize,
    /// What did not lie in the buffer in one piece.
    gathered: Vec<u8>,
    unpacked: Vec<u8>,
    digits: itoa::Buffer,
}

/// What stands where a length is expected.
enum Length {
    /// A length.
    Of(u64),
    /// A number that says how a string is spelled.
    Code(u8),
}

/// The error of bytes that are not what they should be.
#[cold]
pub fn malformed(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

impl<'a> Reader<'a> {
    /// Reads on from where the input is.
    pub fn new(input: &'a mut dyn BufRead) -> Reader<'a> {
        Reader {
            input,
            lent: 0,
            gathered: Vec::new(),
            unpacked: Vec::new(),
            digits: itoa::Buffer::new(),
        }
    }

    fn give_back(&mut self) {
        let lent = std::mem::take(&mut self.lent);
        if lent > 0 {
            self.input.consume(lent);
        }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` if there are not so many; memory was taken for those that are.
    pub fn bytes(&mut self, count: usize) -> io::Result<&[u8]> {
        self.give_back();
        if self.input.fill_buf()?.len() < count {
            self.gather(count)?;
            return Ok(&self.gathered);
        }
        self.lent = count;
        Ok(self.input.fill_buf()?.get(..count).unwrap_or_default())
    }

    #[cold]
    fn gather(&mut self, count: usize) -> io::Result<()> {
        self.gathered.clear();
        while self.gathered.len() < count {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let taken = buffer.len().min(count - self.gathered.len());
            self.gathered.extend_from_slice(&buffer[..taken]);
            self.input.consume(taken);
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = self.bytes(N)?;
        bytes.first_chunk().copied().ok_or(ErrorKind::UnexpectedEof.into())
    }

    /// The next byte.
    ///
    /// # Errors
    /// `UnexpectedEof` if there is none.
    pub fn byte(&mut self) -> io::Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// Eight bytes, lowest first: a time in milliseconds.
    ///
    /// # Errors
    /// `UnexpectedEof` if there are not so many.
    pub fn u64_le(&mut self) -> io::Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Sixteen bytes, highest first: the id of a stream's entry.
    ///
    /// # Errors
    /// `UnexpectedEof` if there are not so many.
    pub fn u128_be(&mut self) -> io::Result<u128> {
        Ok(u128::from_be_bytes(self.array()?))
    }

    fn length_or_code(&mut self) -> io::Result<Length> {
        let first = self.byte()?;
        let low = first & 0x3f;
        Ok(match first >> 6 {
            0 => Length::Of(u64::from(low)),
            1 => Length::Of(u64::from(low) << 8 | u64::from(self.byte()?)),
            2 => Length::Of(match first {
                LENGTH_32 => u64::from(u32::from_be_bytes(self.array()?)),
                LENGTH_64 => u64::from_be_bytes(self.array()?),
                _ => return Err(malformed("a length of no known width")),
            }),
            _ => Length::Code(low),
        })
    }

    /// A length, a count, or any number that is spelled like one.
    ///
    /// # Errors
    /// If it is none, or the input ends.
    pub fn length(&mut self) -> io::Result<u64> {
        match self.length_or_code()? {
            Length::Of(length) => Ok(length),
            Length::Code(_) => Err(malformed("a string where a length should be")),
        }
    }

    fn string_length(&mut self) -> io::Result<usize> {
        let length = self.length()?;
        checked(length)
    }

    /// A string, whatever its spelling.
    ///
    /// # Errors
    /// If it is none, is longer than 512 MiB, or the input ends.
    pub fn string(&mut self) -> io::Result<&[u8]> {
        let code = match self.length_or_code()? {
            Length::Of(length) => return self.bytes(checked(length)?),
            Length::Code(code) => code,
        };
        let number = match code {
            CODE_INT8 => i32::from(i8::from_le_bytes(self.array()?)),
            CODE_INT16 => i32::from(i16::from_le_bytes(self.array()?)),
            CODE_INT32 => i32::from_le_bytes(self.array()?),
            CODE_LZF => return self.packed_string(),
            _ => return Err(malformed("a string of no known spelling")),
        };
        Ok(self.digits.format(number).as_bytes())
    }

    fn packed_string(&mut self) -> io::Result<&[u8]> {
        let (packed, length) = (self.string_length()?, self.string_length()?);
        let mut unpacked = std::mem::take(&mut self.unpacked);
        unpacked.clear();
        let done = lzf::decompress(self.bytes(packed)?, length, &mut unpacked);
        self.unpacked = unpacked;
        done.ok_or(malformed("a compressed string that does not unpack"))?;
        Ok(&self.unpacked)
    }
}

/// The length of a string, which our values can be long and no longer.
fn checked(length: u64) -> io::Result<usize> {
    usize::try_from(length)
        .ok()
        .filter(|&length| length <= STRING_BYTES_MAX)
        .ok_or(malformed("a string of more than 512 MiB"))
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}
