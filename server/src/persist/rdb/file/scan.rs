//! persist/rdb/file/scan.rs — where a value ends, without understanding it.
//!
//! Copying a value takes a small part of the time that reading it takes; so one thread reads a file
//! and hands values, as they are, to others.

use std::io::{self, BufRead};

use super::super::form::*;
use super::super::reader::malformed;
use super::super::writer::{
    CODE_INT8, CODE_INT16, CODE_INT32, CODE_LZF, IS_CODE, LENGTH_32, LENGTH_64,
};

/// Appends the bytes of the value that comes next to `to`, unless they become more than about
/// `most`: then false, and what was appended is the value's beginning, the rest still to be read.
///
/// # Errors
/// If the form is not known, or the input ends or fails. That a value ends here does not mean that
/// it is right.
pub fn scan(form: u8, input: &mut dyn BufRead, to: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let most = to.len().saturating_add(most);
    let mut scanner = Scanner { input, to, most };
    match scanner.value(form) {
        Ok(()) => Ok(true),
        Err(Stop::TooLong) => Ok(false),
        Err(Stop::Input(error)) => Err(error),
    }
}

/// Why a scan does not go on.
enum Stop {
    TooLong,
    Input(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Input(error)
    }
}

struct Scanner<'a> {
    input: &'a mut dyn BufRead,
    to: &'a mut Vec<u8>,
    most: usize,
}

impl Scanner<'_> {
    fn value(&mut self, form: u8) -> Result<(), Stop> {
        match form {
            STRING
            | HASH_ZIPMAP
            | LIST_ZIPLIST
            | SET_INTSET
            | ZSET_ZIPLIST
            | HASH_ZIPLIST
            | HASH_LISTPACK
            | ZSET_LISTPACK
            | SET_LISTPACK
            | HASH_LISTPACK_EX_PRE_GA => self.string(),
            LIST | SET | LIST_QUICKLIST => self.each(Scanner::string),
            HASH => self.each(|own| own.strings(2)),
            ZSET => self.each(|own| {
                own.string()?;
                match own.bytes::<1>()? {
                    // Not a number, and the two infinities.
                    [253..=255] => Ok(()),
                    [digits] => own.copy(usize::from(digits)),
                }
            }),
            ZSET_2 => self.each(|own| {
                own.string()?;
                own.copy(8)
            }),
            LIST_QUICKLIST_2 => self.each(|own| {
                own.length()?;
                own.string()
            }),
            HASH_METADATA | HASH_METADATA_PRE_GA => {
                if form == HASH_METADATA {
                    self.copy(8)?;
                }
                self.each(|own| {
                    own.length()?;
                    own.strings(2)
                })
            }
            HASH_LISTPACK_EX => {
                self.copy(8)?;
                self.string()
            }
            STREAM_LISTPACKS | STREAM_LISTPACKS_2 | STREAM_LISTPACKS_3 => self.stream(form),
            _ => Err(malformed("a value of no known form").into()),
        }
    }

    fn stream(&mut self, form: u8) -> Result<(), Stop> {
        let is_late = form != STREAM_LISTPACKS;
        self.each(|own| own.strings(2))?;
        // How many entries, the last id; the first, the highest deleted, how many ever.
        self.lengths(if is_late { 8 } else { 3 })?;
        self.each(|own| {
            own.string()?;
            own.lengths(if is_late { 3 } else { 2 })?;
            own.each(|own| {
                own.copy(24)?;
                own.lengths(1)
            })?;
            own.each(|own| {
                own.string()?;
                own.copy(if form == STREAM_LISTPACKS_3 { 16 } else { 8 })?;
                own.each(|own| own.copy(16))
            })
        })
    }

    fn each(&mut self, mut one: impl FnMut(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        for _ in 0..self.length()? {
            one(self)?;
        }
        Ok(())
    }

    fn strings(&mut self, count: usize) -> Result<(), Stop> {
        (0..count).try_for_each(|_| self.string())
    }

    fn lengths(&mut self, count: usize) -> Result<(), Stop> {
        (0..count).try_for_each(|_| self.length().map(drop))
    }

    /// Copies so many bytes, unless there is no room for them.
    fn copy(&mut self, mut count: usize) -> Result<(), Stop> {
        if count > self.most.saturating_sub(self.to.len()) {
            return Err(Stop::TooLong);
        }
        while count > 0 {
            let buffered = self.input.fill_buf()?;
            if buffered.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let taken = buffered.len().min(count);
            self.to.extend_from_slice(&buffered[..taken]);
            self.input.consume(taken);
            count -= taken;
        }
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.copy(N)?;
        let copied = self.to.last_chunk().copied();
        copied.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }

    /// A length, or the code of a string and `None`.
    fn length_or_code(&mut self) -> Result<(u8, Option<u64>), Stop> {
        let [first] = self.bytes()?;
        let low = first & 0x3f;
        let length = match first >> 6 {
            0 => Some(u64::from(low)),
            1 => {
                let [second] = self.bytes()?;
                Some(u64::from(low) << 8 | u64::from(second))
            }
            2 => Some(match first {
                LENGTH_32 => u64::from(u32::from_be_bytes(self.bytes()?)),
                LENGTH_64 => u64::from_be_bytes(self.bytes()?),
                _ => return Err(malformed("a length of no known width").into()),
            }),
            _ => None,
        };
        Ok((first & !IS_CODE, length))
    }

    fn length(&mut self) -> Result<u64, Stop> {
        let (_, length) = self.length_or_code()?;
        length.ok_or_else(|| malformed("a string where a length should be").into())
    }

    fn string(&mut self) -> Result<(), Stop> {
        let (code, length) = self.length_or_code()?;
        let length = match (length, code) {
            (Some(length), _) => length,
            (None, CODE_INT8) => 1,
            (None, CODE_INT16) => 2,
            (None, CODE_INT32) => 4,
            (None, CODE_LZF) => {
                let packed = self.length()?;
                self.length()?;
                packed
            }
            _ => return Err(malformed("a string of no known spelling").into()),
        };
        self.copy(usize::try_from(length).unwrap_or(usize::MAX))
    }
}
