//! command/paging.rs — what SCAN and its kin are asked and how they answer: a cursor, MATCH, COUNT.
//!
//! Not here: what a cursor means; that is the walked structure's.

use mainstay_protocol::ReplyWriter;

use super::context::{Next, Outcome};
use super::options::{self, Words, is_word};
use super::schema::{Arg, Type};
use crate::error::Refusal;
use crate::structure::glob;

/// What a page without COUNT looks at.
const COUNT_DEFAULT: usize = 10;

/// MATCH, as grammars have it.
pub const MATCH: Arg = Arg::Tagged("MATCH", &Arg::Value("pattern", Type::Pattern));
/// COUNT, as grammars have it.
pub const COUNT: Arg = Arg::Tagged("COUNT", &Arg::Value("count", Type::Integer));

/// The page that a client asks for.
pub struct Paging<'a> {
    /// What the page before it answered; 0 begins.
    pub cursor: u64,
    /// About how many elements to look at.
    pub count: usize,
    /// Which of them to show.
    pub pattern: Pattern<'a>,
}

impl<'a> Paging<'a> {
    /// Reads a cursor, without options yet.
    ///
    /// # Errors
    /// The cursor is no number.
    pub fn new(cursor: &[u8]) -> Result<Paging<'a>, Refusal> {
        Ok(Paging { cursor: parse(cursor)?, count: COUNT_DEFAULT, pattern: Pattern(None) })
    }

    /// Reads the options behind the cursor, the last arguments there are.
    ///
    /// # Errors
    /// The options are not MATCH and COUNT.
    pub fn options(&mut self, mut words: Words<'a>) -> Result<(), Refusal> {
        while let Some(word) = words.next() {
            if !self.option(word, &mut words)? {
                return Err(Refusal::Syntax);
            }
        }
        Ok(())
    }

    /// Takes an option and its value; false if it is another command's.
    ///
    /// # Errors
    /// The value is missing or wrong.
    pub fn option(&mut self, word: &[u8], words: &mut Words<'a>) -> Result<bool, Refusal> {
        if is_word(word, "COUNT") {
            let asked = options::integer(words.value()?)?;
            self.count =
                usize::try_from(asked).ok().filter(|&asked| asked > 0).ok_or(Refusal::Syntax)?;
        } else if is_word(word, "MATCH") {
            self.pattern = Pattern::new(words.value()?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Answers for a key that is not there. As in Redis, its options are not looked at before.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub fn nothing(&self, out: &mut ReplyWriter<'_>) -> Outcome {
        self.answer(out, |_| (0, 0))
    }

    /// Answers what `fill` writes, which says how many replies that are and the next cursor. The
    /// cursor stands before the elements and is known after them, so they wait in a buffer.
    ///
    /// # Errors
    /// Never; it is what a handler returns.
    pub fn answer(
        &self,
        out: &mut ReplyWriter<'_>,
        fill: impl FnOnce(&mut ReplyWriter<'_>) -> (usize, u64),
    ) -> Outcome {
        let mut page = Vec::new();
        let (found, next) = fill(&mut ReplyWriter::new(&mut page, out.version()));
        out.array(2);
        out.bulk_str(itoa::Buffer::new().format(next));
        out.array(found);
        out.raw(&page);
        Ok(Next::Done)
    }
}

/// A pattern over names; a lone star is not even asked, and so also stands for the empty name.
pub struct Pattern<'a>(Option<&'a [u8]>);

impl<'a> Pattern<'a> {
    /// A pattern as a client gave it.
    pub fn new(pattern: &'a [u8]) -> Pattern<'a> {
        Pattern((pattern != b"*").then_some(pattern))
    }

    /// Whether a name matches.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.0.is_none_or(|pattern| glob::matches(pattern, name))
    }
}

/// Reads a cursor as C's `strtoul` does: an optional sign (a minus counts down from 2^64), digits,
/// nothing behind; no digits at all are 0 if nothing else is there.
fn parse(bytes: &[u8]) -> Result<u64, Refusal> {
    let wrong = Refusal::text("ERR invalid cursor");
    // A string of C's ends at a NUL.
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        [] => return Ok(0),
        _ => (false, bytes),
    };
    let mut value = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        let grown = value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit)));
        match grown {
            Some(grown) if digit <= 9 => value = grown,
            _ => return Err(wrong),
        }
    }
    if digits.is_empty() {
        return Err(wrong);
    }
    Ok(if negative { value.wrapping_neg() } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_by_strtoul() {
        let rows: [(&str, Option<u64>); 16] = [
            ("", Some(0)),
            ("\0", Some(0)),
            ("5\0x", Some(5)),
            ("0", Some(0)),
            ("007", Some(7)),
            ("+5", Some(5)),
            ("-1", Some(u64::MAX)),
            ("-18446744073709551615", Some(1)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-18446744073709551616", None),
            ("-", None),
            ("+", None),
            (" 1", None),
            ("1 ", None),
            ("1.5", None),
        ];
        for (text, want) in rows {
            assert_eq!(parse(text.as_bytes()).ok(), want, "{text:?}");
        }
    }
}
