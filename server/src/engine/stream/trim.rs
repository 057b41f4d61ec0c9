//! engine/stream/trim.rs — how XADD and XTRIM are told to remove old entries, and doing so.
//!
//! With `~` only whole blocks go, and blocks are those that Redis would have with its default
//! settings: `stream-node-max-bytes` and `stream-node-max-entries` change nothing here, since what
//! a record does may not depend on a local setting.

use mainstay_protocol::Request;

use super::ids;
use super::log::Stream;
use crate::command::options::{self, is_word};
use crate::error::Refusal;
use crate::structure::blocks::{Bound, ENTRIES_MAX, Id};

/// How many entries `~` removes at most if LIMIT does not say.
const LIMIT_DEFAULT: u64 = 100 * ENTRIES_MAX as u64;

/// What is to be trimmed.
#[derive(Debug, Clone, Copy)]
pub struct Trim {
    bound: Bound,
    /// `~`: by whole blocks.
    about: bool,
    limit: Option<u64>,
    references: References,
}

/// What becomes of groups' references to an entry that goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go, too.
    Delete,
    /// An entry that a group still needs does not go.
    Acked,
}

impl References {
    /// What a word says; `None` if it is another word.
    pub fn read(word: &[u8]) -> Option<References> {
        [("KEEPREF", Self::Keep), ("DELREF", Self::Delete), ("ACKED", Self::Acked)]
            .into_iter()
            .find_map(|(name, references)| is_word(word, name).then_some(references))
    }
}

/// The options of XADD and XTRIM as they are read, in any order.
#[derive(Debug, Default)]
pub struct Options {
    bound: Option<Bound>,
    about: bool,
    limit: Option<u64>,
    references: Option<References>,
    /// XADD makes no stream.
    pub no_make: bool,
}

impl Options {
    /// Reads from argument `at` on, up to the first one that is none of them; says where that is.
    ///
    /// # Errors
    /// Redis's, in its order: what is wrong with one option, as they come.
    pub fn read(args: Request<'_>, mut at: usize, adding: bool) -> Result<(Self, usize), Refusal> {
        let mut options = Options::default();
        while let Some(word) = args.get(at) {
            let more = args.len() - at - 1;
            if adding && word == b"*" {
                break;
            } else if more > 0 && is_word(word, "MAXLEN") {
                at = options.bound(args, at, |text| {
                    let len = options::integer(text)?;
                    let len = u64::try_from(len)
                        .map_err(|_| Refusal::text("ERR The MAXLEN argument must be >= 0."))?;
                    Ok(Bound::Len(len))
                })?;
            } else if more > 0 && is_word(word, "MINID") {
                at = options.bound(args, at, |text| ids::exact(text, 0).map(Bound::Below))?;
            } else if more > 0 && is_word(word, "LIMIT") {
                let limit = options::integer(args.arg(at + 1))?;
                let limit = u64::try_from(limit)
                    .map_err(|_| Refusal::text("ERR The LIMIT argument must be >= 0."))?;
                options.limit = Some(limit);
                at += 1;
            } else if adding && is_word(word, "NOMKSTREAM") {
                options.no_make = true;
            } else if let Some(references) = References::read(word) {
                if options.references.is_some_and(|before| before != references) {
                    return Err(Refusal::Syntax);
                }
                options.references = Some(references);
            } else {
                break;
            }
            at += 1;
        }
        Ok((options, at))
    }

    fn bound(
        &mut self,
        args: Request<'_>,
        at: usize,
        read: impl FnOnce(&[u8]) -> Result<Bound, Refusal>,
    ) -> Result<usize, Refusal> {
        if self.bound.is_some() {
            return Err(Refusal::text(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let mark = args.arg(at + 1);
        let marked = at + 2 < args.len() && matches!(mark, b"~" | b"=");
        self.about = marked && mark == b"~";
        let at = at + 1 + usize::from(marked);
        self.bound = Some(read(args.arg(at))?);
        Ok(at)
    }

    /// What is to be trimmed, if anything.
    ///
    /// # Errors
    /// Options that need others.
    pub fn trim(&self, must: bool) -> Result<Option<Trim>, Refusal> {
        let limited = self.limit.is_some_and(|limit| limit > 0);
        let Some(bound) = self.bound else {
            return match (limited, must) {
                (true, _) => Err(Refusal::text(
                    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
                )),
                (false, true) => Err(Refusal::text(
                    "ERR syntax error, XTRIM must be called with a trimming strategy",
                )),
                // LIMIT 0 is no limit, and yet an option that stands alone.
                (false, false) if self.limit.is_some() => Err(WITHOUT_MARK),
                (false, false) => Ok(None),
            };
        };
        if self.limit.is_some() && !self.about {
            return Err(WITHOUT_MARK);
        }
        let references = self.references.unwrap_or_default();
        Ok(Some(Trim { bound, about: self.about, limit: self.limit, references }))
    }
}

const WITHOUT_MARK: Refusal =
    Refusal::text("ERR syntax error, LIMIT cannot be used without the special ~ option");

impl Trim {
    /// Removes what is to be removed, and returns how many entries that were.
    pub fn apply(&self, stream: &mut Stream) -> u64 {
        let most = match self.limit {
            Some(limit) => limit,
            None if self.about => LIMIT_DEFAULT,
            None => 0,
        };
        let Stream { log, groups } = stream;
        match self.references {
            References::Acked => self.apply_acked(stream, most),
            References::Delete if groups.len() > 0 => {
                let mut forget = |id| _ = groups.forget(id);
                log.entries.trim(self.bound, self.about, most, Some(&mut forget))
            }
            _ => log.entries.trim(self.bound, self.about, most, None),
        }
    }

    /// Removes entries that no group needs, one by one; with `~` at most as many are looked at as
    /// may be removed. Nothing behind what all groups were given is looked at.
    fn apply_acked(&self, stream: &mut Stream, most: u64) -> u64 {
        let Stream { log, groups } = stream;
        let most = if most > 0 { most } else { u64::MAX };
        let above = match self.bound {
            Bound::Len(len) => log.entries.len().saturating_sub(len),
            Bound::Below(_) => u64::MAX,
        };
        let mut gone = Vec::new();
        let entries = log.entries.range(Id::MIN, groups.given_to_all());
        for (entry, _) in entries.zip(0..most) {
            let is_out = matches!(self.bound, Bound::Below(id) if entry.id >= id);
            if is_out || gone.len() as u64 >= above {
                break;
            }
            if !groups.need(entry.id) {
                gone.push(entry.id);
            }
        }
        for &id in &gone {
            // Only what goes from between others leaves a gap.
            if id == log.first() {
                log.entries.remove(id);
            } else {
                log.remove(id);
            }
        }
        gone.len() as u64
    }
}
