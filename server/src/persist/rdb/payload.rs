//! persist/rdb/payload.rs — a value by itself, as DUMP answers it and RESTORE takes it.
//!
//! ```text
//! | form: u8 | value ... | version: u16 | checksum of all before: u64 |
//! ```
//!
//! Numbers are lowest byte first.

use super::crc64::crc64;
use super::form;

/// The latest version of RDB that is read: that of Redis 7.4 and 8.
pub const VERSION_MAX: u16 = 12;

const VERSION_BYTES: usize = 2;
const SUM_BYTES: usize = 8;

/// Ends a payload that has its form and its value: with the lowest version that knows the form, so
/// that as many servers as can be restore it.
pub fn seal(payload: &mut Vec<u8>) {
    let version: u16 = match payload.first() {
        Some(&form::SET_LISTPACK | &form::STREAM_LISTPACKS_3) => 11,
        Some(form::HASH_METADATA_PRE_GA..=form::HASH_LISTPACK_EX) => 12,
        _ => 10,
    };
    payload.extend_from_slice(&version.to_le_bytes());
    let sum = crc64(0, payload);
    payload.extend_from_slice(&sum.to_le_bytes());
}

/// The form and the value of a payload, still in one; `None` if it is too short, of a version that
/// is not known, or damaged.
pub fn open(payload: &[u8]) -> Option<&[u8]> {
    let covered = payload.len().checked_sub(SUM_BYTES)?;
    let (covered, sum) = payload.split_at_checked(covered)?;
    let (value, version) = covered.split_at_checked(covered.len().checked_sub(VERSION_BYTES)?)?;
    let is_known = u16::from_le_bytes(*version.first_chunk()?) <= VERSION_MAX;
    let is_whole = is_known && crc64(0, covered) == u64::from_le_bytes(*sum.first_chunk()?);
    is_whole.then_some(value)
}
