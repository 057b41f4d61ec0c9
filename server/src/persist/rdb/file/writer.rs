//! persist/rdb/file/writer.rs — a file, written front to back.
//!
//! What was appended is handed on when it is more than a buffer full, so only one value is in
//! memory at a time.

use std::io::{self, Write};

use super::super::crc64::crc64;
use super::super::writer::{put_element, put_length};
use super::{MAGIC, opcode};

/// Bytes written at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes a file to `to`. Nothing is whole before [`Writer::finish`].
pub struct Writer<W> {
    to: W,
    buffer: Vec<u8>,
    sum: u64,
    database: Option<u64>,
}

impl<W: Write> Writer<W> {
    /// Begins a file of this version; 10 is read by Redis 7.0, and fields of hashes with deadlines
    /// need 12.
    pub fn new(to: W, version: u16) -> Writer<W> {
        let mut buffer = Vec::with_capacity(2 * BUFFER_BYTES);
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(format!("{version:04}").as_bytes());
        Writer { to, buffer, sum: 0, database: None }
    }

    /// Says something of the writer.
    pub fn aux(&mut self, name: &str, text: &[u8]) {
        self.buffer.push(opcode::AUX);
        put_element(&mut self.buffer, name.as_bytes());
        put_element(&mut self.buffer, text);
    }

    /// Adds the source of a library of functions.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn library(&mut self, source: &[u8]) -> io::Result<()> {
        self.buffer.push(opcode::FUNCTION);
        put_element(&mut self.buffer, source);
        self.flush_if_full()
    }

    /// Goes on with the keys of a database: so many, of which so many have deadlines.
    pub fn database(&mut self, number: u64, keys: u64, with_deadlines: u64) {
        if self.database.replace(number) != Some(number) {
            self.buffer.push(opcode::DATABASE);
            put_length(&mut self.buffer, number);
            self.buffer.push(opcode::SIZES);
            put_length(&mut self.buffer, keys);
            put_length(&mut self.buffer, with_deadlines);
        }
    }

    /// Adds a key; `value` is its form and what the form says.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn key(&mut self, key: &[u8], deadline: Option<u64>, value: &[u8]) -> io::Result<()> {
        let Some((form, said)) = value.split_first() else { return Ok(()) };
        if let Some(deadline) = deadline {
            self.buffer.push(opcode::DEADLINE_MS);
            self.buffer.extend_from_slice(&deadline.to_le_bytes());
        }
        self.buffer.push(*form);
        put_element(&mut self.buffer, key);
        if said.len() >= BUFFER_BYTES {
            self.flush()?;
            self.sum = crc64(self.sum, said);
            return self.to.write_all(said);
        }
        self.buffer.extend_from_slice(said);
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sum = crc64(self.sum, &self.buffer);
        self.to.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the file, and gives back what it was written to.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn finish(mut self) -> io::Result<W> {
        self.buffer.push(opcode::END);
        self.flush()?;
        self.to.write_all(&self.sum.to_le_bytes())?;
        self.to.flush()?;
        Ok(self.to)
    }
}
