//! engine/string/commands/condition.rs — IFEQ, IFNE, IFDEQ, IFDNE: what SET and DELEX compare
//! before they do something.
//!
//! The rules are those of Redis 8.4 (<https://redis.io/docs/latest/commands/set/>,
//! <https://redis.io/docs/latest/commands/delex/>, and its tests, `string.tcl`): a digest is looked
//! at only when there is a value to compare it with, must then be of sixteen characters, and its
//! letters may be large or small.

use crate::command::options::is_word;
use crate::command::{Arg, Type};
use crate::engine::string::digest;
use crate::error::Refusal;

pub(super) const IFEQ: Arg = Arg::Tagged("IFEQ", &Arg::Value("ifeq-value", Type::Bytes));
pub(super) const IFNE: Arg = Arg::Tagged("IFNE", &Arg::Value("ifne-value", Type::Bytes));
pub(super) const IFDEQ: Arg = Arg::Tagged("IFDEQ", &Arg::Value("ifdeq-digest", Type::Bytes));
pub(super) const IFDNE: Arg = Arg::Tagged("IFDNE", &Arg::Value("ifdne-digest", Type::Bytes));

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// IFEQ.
    Equal,
    /// IFNE.
    Differs,
    /// IFDEQ.
    DigestEqual,
    /// IFDNE.
    DigestDiffers,
}

impl Test {
    /// The test that a word names.
    pub(super) fn of(word: &[u8]) -> Option<Test> {
        let all = [
            ("IFEQ", Test::Equal),
            ("IFNE", Test::Differs),
            ("IFDEQ", Test::DigestEqual),
            ("IFDNE", Test::DigestDiffers),
        ];
        all.into_iter().find(|(name, _)| is_word(word, name)).map(|(_, test)| test)
    }

    /// Whether it asks for a difference; what is not there differs from everything.
    pub(super) fn is_difference(self) -> bool {
        matches!(self, Test::Differs | Test::DigestDiffers)
    }
}

/// A test and what to compare with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) test: Test,
    /// A value, or a digest.
    pub(super) with: &'a [u8],
}

impl Condition<'_> {
    /// Whether a value passes.
    ///
    /// # Errors
    /// What should be a digest cannot be one.
    pub(super) fn holds(&self, held: &[u8]) -> Result<bool, Refusal> {
        let is_equal = match self.test {
            Test::Equal | Test::Differs => held == self.with,
            Test::DigestEqual | Test::DigestDiffers if self.with.len() != digest::DIGITS => {
                return Err(Refusal::text("ERR must be exactly 16 hexadecimal characters"));
            }
            Test::DigestEqual | Test::DigestDiffers => {
                digest::of(held).eq_ignore_ascii_case(self.with)
            }
        };
        Ok(is_equal != self.test.is_difference())
    }
}
