//! command/several.rs — `numkeys key [key ...] END [COUNT count]`: LMPOP, ZMPOP, and their kin that
//! wait, which take from an end of the first of several keys that has something.

use mainstay_protocol::{OwnedRequest, Request};

use super::options::{Words, is_word, parse_integer};
use crate::error::Refusal;

/// See the module.
pub struct Several {
    /// Where the number of keys is.
    at: usize,
    /// What comes behind the keys.
    behind: usize,
    /// Whether the second of the two ends was named.
    pub is_second: bool,
    /// How many to take at most.
    pub count: usize,
}

impl Several {
    /// Reads it from the argument `at` on; `ends` are the words for the two ends.
    ///
    /// # Errors
    /// Redis's texts: no positive number of keys, no end behind so many keys, no positive count.
    pub fn read(args: Request<'_>, at: usize, ends: [&str; 2]) -> Result<Several, Refusal> {
        let wrong = Refusal::text("ERR numkeys should be greater than 0");
        let keys = positive(args.arg(at)).ok_or(wrong)?;
        let behind = keys.saturating_add(at + 1);
        let mut words = Words::new(args, behind);
        let end = words.value()?;
        let end = ends.iter().position(|word| is_word(end, word)).ok_or(Refusal::Syntax)?;
        let mut count = None;
        while let Some(word) = words.next() {
            if count.is_some() || !is_word(word, "COUNT") {
                return Err(Refusal::Syntax);
            }
            let wrong = Refusal::text("ERR count should be greater than 0");
            count = Some(positive(words.value()?).ok_or(wrong)?);
        }
        Ok(Several { at, behind, is_second: end == 1, count: count.unwrap_or(1) })
    }

    /// The keys.
    pub fn keys<'a>(&self, args: Request<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        args.args().take(self.behind).skip(self.at + 1)
    }

    /// Of a command that waits, whose timeout comes first: the same on one key, without end.
    pub fn on_key(&self, args: Request<'_>, key: &[u8]) -> OwnedRequest {
        let rest = args.args().skip(self.behind);
        OwnedRequest::from_args([args.name(), b"0", b"1", key].into_iter().chain(rest))
    }
}

fn positive(bytes: &[u8]) -> Option<usize> {
    let number = parse_integer(bytes).filter(|&number| number > 0)?;
    Some(usize::try_from(number).unwrap_or(usize::MAX))
}
