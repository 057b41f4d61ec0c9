//! engine/hash/commands/counted.rs — `FIELDS numfields field [field ...]` at the end of a request,
//! and the times in front of it.
//!
//! Order and words of the refusals are those of Redis 7.4.5 and 8.0 (`t_hash.c`:
//! `hexpireGenericCommand`, `httlGenericCommand`, `parseExpireTime`).

use mainstay_protocol::Request;

use crate::clock::Millis;
use crate::command::options::{self, Time, is_word};
use crate::command::{Arg, Type};
use crate::engine::hash::fields::DEADLINE_MAX;
use crate::error::Refusal;

/// The grammar of it.
pub(super) const FIELDS: Arg =
    Arg::Tagged("FIELDS", &Arg::Counted(&Arg::Value("field", Type::Bytes)));

/// What Redis says where HEXPIRE's count is no positive integer.
pub(super) const BAD_COUNT_SETTING: &str = "ERR Parameter `numFields` should be greater than 0";
/// What it says for all others.
pub(super) const BAD_COUNT: &str = "ERR Number of fields must be a positive integer";

/// The fields of a request whose word FIELDS stands at `at`.
///
/// # Errors
/// The word is not there, the count is none (`bad_count`), or not that of what follows.
pub(super) fn fields<'a>(
    args: Request<'a>,
    at: usize,
    bad_count: &'static str,
) -> Result<impl ExactSizeIterator<Item = &'a [u8]> + use<'a>, Refusal> {
    if !is_word(args.arg(at), "FIELDS") {
        return Err(Refusal::text(
            "ERR Mandatory argument FIELDS is missing or not at the right position",
        ));
    }
    let count = options::parse_integer(args.arg(at + 1)).filter(|&count| count > 0);
    let count = count.ok_or(Refusal::text(bad_count))?;
    let first = at + 2;
    if usize::try_from(count) != Ok(args.len().saturating_sub(first)) {
        return Err(Refusal::text(
            "ERR The `numfields` parameter must match the number of arguments",
        ));
    }
    Ok((first..args.len()).map(move |at| args.arg(at)))
}

/// The deadline that a time argument means, at most [`DEADLINE_MAX`]; one that is not after `now`
/// lets a field die at once.
///
/// # Errors
/// Not an integer, negative, or not a valid expire time for `command` (as on the wire, lower case).
pub(super) fn deadline(
    time: Time,
    bytes: &[u8],
    now: Millis,
    command: &'static str,
) -> Result<Millis, Refusal> {
    let value = options::integer(bytes)?;
    if value < 0 {
        return Err(Refusal::text("ERR invalid expire time, must be >= 0"));
    }
    time.absolute(value, now)
        .and_then(|at| Millis::try_from(at).ok())
        .filter(|&at| at <= DEADLINE_MAX)
        .ok_or(Refusal::InvalidExpire(command))
}
