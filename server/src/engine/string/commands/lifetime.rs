//! engine/string/commands/lifetime.rs — what options say about a deadline: EX, PX, EXAT, PXAT,
//! KEEPTTL, PERSIST.

use crate::clock::Millis;
use crate::command::options::{Time, Words, is_word};
use crate::command::{Arg, Type};
use crate::error::Refusal;
use crate::keyspace::Ttl;

pub(super) const EX: Arg = Arg::Tagged("EX", &Arg::Value("seconds", Type::Duration));
pub(super) const PX: Arg = Arg::Tagged("PX", &Arg::Value("milliseconds", Type::Duration));
pub(super) const EXAT: Arg = Arg::Tagged("EXAT", &Arg::Value("unix-time-seconds", Type::Deadline));
pub(super) const PXAT: Arg =
    Arg::Tagged("PXAT", &Arg::Value("unix-time-milliseconds", Type::Deadline));

/// What an option list says about the deadline.
#[derive(Clone, Copy)]
pub(super) enum Lifetime<'a> {
    /// Nothing.
    Unsaid,
    /// KEEPTTL.
    Keep,
    /// PERSIST.
    Persist,
    /// EX, PX, EXAT or PXAT, and its value.
    Given(Time, &'a [u8]),
}

impl<'a> Lifetime<'a> {
    /// Takes `word` in if it is EX, PX, EXAT or PXAT; says whether it was. As in Redis the same
    /// unit may come twice, and the last one counts.
    pub(super) fn take(&mut self, word: &[u8], words: &mut Words<'a>) -> Result<bool, Refusal> {
        let time = if is_word(word, "EX") {
            Time::Seconds
        } else if is_word(word, "PX") {
            Time::Millis
        } else if is_word(word, "EXAT") {
            Time::UnixSeconds
        } else if is_word(word, "PXAT") {
            Time::UnixMillis
        } else {
            return Ok(false);
        };
        match self {
            Lifetime::Unsaid => {}
            Lifetime::Given(said, _) if *said == time => {}
            _ => return Err(Refusal::Syntax),
        }
        *self = Lifetime::Given(time, words.value()?);
        Ok(true)
    }

    /// Takes `word` in if it is KEEPTTL; says whether it was. It may come twice, too.
    pub(super) fn take_keep(&mut self, word: &[u8]) -> bool {
        let fits = matches!(self, Lifetime::Unsaid | Lifetime::Keep);
        if fits && is_word(word, "KEEPTTL") {
            *self = Lifetime::Keep;
            return true;
        }
        false
    }

    /// What a value that `command` (as on the wire) puts is given.
    pub(super) fn ttl(self, now: Millis, command: &'static str) -> Result<Ttl, Refusal> {
        Ok(match self {
            Lifetime::Given(time, bytes) => Ttl::At(time.deadline(bytes, now, command)?),
            Lifetime::Keep => Ttl::Keep,
            Lifetime::Unsaid | Lifetime::Persist => Ttl::Clear,
        })
    }
}
