//! Handlers of the limiter, and what they share: reading options, and telling a verdict.

pub(super) mod adjust;
pub(super) mod check;
pub(super) mod compatible;
pub(super) mod define;
pub(super) mod look;
pub(super) mod many;
pub(super) mod take;

use mainstay_protocol::{OwnedRequest, ReplyWriter, Version};

use super::admission::{NEVER, Verdict};
use super::budget::KIND;
use super::quota::{MILLI, Nanos};
use crate::clock::Millis;
use crate::command::options::{Words, is_word, parse_integer};
use crate::command::{Arg, Next, Reply, Type, Wait, Write};
use crate::error::Refusal;

/// What is told of a request: values in RESP2, names and values in RESP3.
const VERDICT: Reply = Reply::OneOf(&[
    Reply::Tuple(&[
        Reply::Int,
        Reply::Int,
        Reply::Int,
        Reply::Int,
        Reply::Int,
        Reply::Maybe(&Reply::Bulk),
    ]),
    Reply::Map(&Reply::Maybe(&Reply::OneOf(&[Reply::Int, Reply::Bulk]))),
]);

const COST: Arg = Arg::Tagged("COST", &Arg::Value("cost", Type::Positive));
const WAIT: Arg = Arg::Tagged("WAIT", &Arg::Value("milliseconds", Type::Count));

/// The most calls that wait for one key.
const WAITERS_MAX: usize = 1024;

fn tell(out: &mut ReplyWriter<'_>, verdict: &Verdict, rule: Option<&[u8]>) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let figures = [
        ("allowed", i64::from(verdict.is_admitted)),
        ("limit", number(verdict.limit)),
        ("remaining", number(verdict.remaining)),
        ("retry_after_ms", if verdict.retry == NEVER { -1 } else { number(verdict.retry) }),
        ("reset_after_ms", number(verdict.reset)),
    ];
    if out.version() == Version::Resp3 {
        out.map(6);
        for (name, figure) in figures {
            out.bulk_str(name);
            out.integer(figure);
        }
        out.bulk_str("rule");
    } else {
        out.array(6);
        figures.iter().for_each(|(_, figure)| out.integer(*figure));
    }
    match rule {
        Some(rule) => out.bulk(rule),
        None => out.null(),
    }
}

/// A count that is at least 1, or the refusal that says of what.
fn positive(bytes: &[u8], wrong: Refusal) -> Result<u64, Refusal> {
    let number = parse_integer(bytes).ok_or(Refusal::NotInteger)?;
    u64::try_from(number).ok().filter(|&number| number > 0).ok_or(wrong)
}

const WRONG_COST: Refusal = Refusal::text("ERR cost must be positive");
const WRONG_PERIOD: Refusal = Refusal::text("ERR period must be positive");

/// A span of time: milliseconds, or a number with a unit (`ms`, `s`, `m`, `h`, `d`).
fn span(bytes: &[u8], wrong: Refusal) -> Result<Nanos, Refusal> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
    let (number, unit) = bytes.split_at(digits);
    let unit = match unit {
        b"" | b"ms" => 1,
        b"s" => 1000,
        b"m" => 60_000,
        b"h" => 3_600_000,
        b"d" => 86_400_000,
        _ => return Err(Refusal::NotInteger),
    };
    let number = positive(number, wrong)?;
    let nanos = number.checked_mul(unit).and_then(|millis| millis.checked_mul(MILLI));
    nanos.ok_or(Refusal::text("ERR limit times period is too large"))
}

/// The options of a request.
struct Asked {
    cost: u64,
    is_peek: bool,
    wait: Option<Millis>,
}

impl Asked {
    const PLAIN: Asked = Asked { cost: 1, is_peek: false, wait: None };

    /// Takes a word in if it is an option; says whether it was.
    fn take(&mut self, word: &[u8], words: &mut Words<'_>) -> Result<bool, Refusal> {
        if is_word(word, "COST") {
            self.cost = positive(words.value()?, WRONG_COST)?;
        } else if is_word(word, "PEEK") {
            self.is_peek = true;
        } else if is_word(word, "WAIT") {
            let wrong = Refusal::text("ERR WAIT must not be negative");
            let number = parse_integer(words.value()?).ok_or(Refusal::NotInteger)?;
            self.wait = Some(Millis::try_from(number).map_err(|_| wrong)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn read(words: &mut Words<'_>) -> Result<Asked, Refusal> {
        let mut asked = Asked::PLAIN;
        while let Some(word) = words.next() {
            if !asked.take(word, words)? {
                return Err(Refusal::Syntax);
            }
        }
        Ok(asked)
    }
}

/// Whether others wait for a key, so that a request that does not must stand back.
#[inline]
fn must_stand_back(cx: &Write<'_, '_>, key: &[u8]) -> bool {
    !cx.resumed && cx.keys.waiting(key, KIND.name) > 0
}

/// What becomes of a request that was refused, whose verdict is written: it waits in line, if it
/// asked for that and can be admitted in time.
fn wait_in_line(
    cx: &Write<'_, '_>,
    key: &[u8],
    asked: &Asked,
    retry: Millis,
) -> Result<Next, Refusal> {
    let Some(wait) = asked.wait.filter(|&wait| wait > 0 && !asked.is_peek) else {
        return Ok(Next::Done);
    };
    if retry > wait && !cx.resumed {
        return Ok(Next::Done);
    }
    if !cx.resumed && cx.keys.waiting(key, KIND.name) >= WAITERS_MAX {
        return Err(Refusal::text("ERR too many calls wait for this key"));
    }
    let until = cx.now.saturating_add(wait);
    let request = |_, _| OwnedRequest::from_args(cx.args.args());
    let mut next = Wait::park(KIND.name, Some(until), std::iter::once(key), request);
    if let Next::Park(wait) = &mut next {
        wait.always = true;
        wait.in_turn = true;
        wait.again = Some(cx.now.saturating_add(retry.max(1)));
    }
    Ok(next)
}
