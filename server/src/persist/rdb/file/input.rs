//! persist/rdb/file/input.rs — an input that knows how far it was read, and the checksum of it.
//!
//! The sum is brought up to date when the buffer is used up, since many bytes at once are summed
//! much quicker than few.

use std::io::{self, BufRead, ErrorKind, Read};

use super::super::crc64::crc64;

/// Bytes read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// See the module.
pub struct Input<R> {
    from: R,
    buffer: Box<[u8]>,
    /// What was read of the buffer.
    at: usize,
    /// What is in it.
    filled: usize,
    /// What of it is in the sum.
    summed: usize,
    sum: u64,
    /// The offset of the buffer's first byte.
    before: u64,
}

impl<R: Read> Input<R> {
    /// An input of which nothing was read.
    pub fn new(from: R) -> Input<R> {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Input { from, buffer, at: 0, filled: 0, summed: 0, sum: 0, before: 0 }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The checksum of what was read so far.
    pub fn sum(&mut self) -> u64 {
        self.sum = crc64(self.sum, &self.buffer[self.summed..self.at]);
        self.summed = self.at;
        self.sum
    }

    /// What was read from the source and not from here.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer[self.at..self.filled]
    }

    fn refill(&mut self) -> io::Result<()> {
        self.sum();
        self.before += self.filled as u64;
        (self.at, self.filled, self.summed) = (0, 0, 0);
        self.filled = loop {
            match self.from.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        Ok(())
    }
}

impl<R: Read> BufRead for Input<R> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.filled {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..self.filled])
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        self.at = self.filled.min(self.at + amount);
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let buffered = self.fill_buf()?;
        let count = buffered.len().min(to.len());
        to[..count].copy_from_slice(&buffered[..count]);
        self.consume(count);
        Ok(count)
    }
}
