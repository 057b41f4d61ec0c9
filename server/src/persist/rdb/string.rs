//! persist/rdb/string.rs — strings.

use std::io::{self, BufRead};

use super::reader::Reader;
use super::{form, writer};

/// What a string is spelled in.
pub const FORM: u8 = form::STRING;

/// Shows a string, whatever its spelling.
///
/// # Errors
/// If it is none, is longer than 512 MiB, or the input ends or fails; and what `take` fails with.
pub fn read<R>(from: &mut dyn BufRead, take: impl FnOnce(&[u8]) -> R) -> io::Result<R> {
    Ok(take(Reader::new(from).string()?))
}

/// Appends the form and the string: integers of up to 32 bits as such, strings of up to 64 KiB
/// compressed if that makes them shorter.
pub fn write(to: &mut Vec<u8>, string: &[u8]) {
    to.push(FORM);
    writer::put_string(to, string);
}
