//! engine/string/commands/increx.rs — INCREX: adding within bounds, with a deadline, in one step.
//!
//! The command of Redis 8.8. What is out of bounds is refused by an answer, not by an error: the
//! value as it is, and 0 for what was added; nothing changes then, the deadline included. Numbers
//! with a point are those of INCRBYFLOAT.

use super::lifetime::{EX, EXAT, Lifetime, PX, PXAT};
use crate::clock::Millis;
use crate::command::options::{self, Words, is_word, parse_integer};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
use crate::error::Refusal;
use crate::keyspace::Ttl;
use crate::structure::extended::Extended;

/// See its summary. Source: <https://redis.io/commands/increx>.
pub static INCREX: Command = Command {
    name: "INCREX",
    summary: "Increments the numeric value of a key by a number and sets its expiration time. Uses 0 as initial value if the key doesn't exist.",
    since: "8.8.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::AnyOrder(&[
            Arg::OneOf(&[
                Arg::Tagged("BYFLOAT", &Arg::Value("increment", Type::Float)),
                Arg::Tagged("BYINT", &Arg::Value("increment", Type::Integer)),
            ]),
            Arg::Tagged("LBOUND", &Arg::Value("lowerbound", Type::Integer)),
            Arg::Tagged("UBOUND", &Arg::Value("upperbound", Type::Integer)),
            Arg::Word("SATURATE"),
            Arg::OneOf(&[EX, PX, EXAT, PXAT, Arg::Word("PERSIST")]),
            Arg::Word("ENX"),
        ]),
    ],
    reply: Reply::OneOf(&[
        Reply::Tuple(&[Reply::Int, Reply::Int]),
        Reply::Tuple(&[Reply::Double, Reply::Double]),
    ]),
    run: Run::Write(increx),
    also: &[],
};

/// What was asked for; each option at most once.
struct Asked<'a> {
    by_integer: Option<&'a [u8]>,
    by_float: Option<&'a [u8]>,
    low: Option<&'a [u8]>,
    high: Option<&'a [u8]>,
    saturates: bool,
    lifetime: Lifetime<'a>,
    if_none: bool,
}

fn once<'a>(said: &mut Option<&'a [u8]>, words: &mut Words<'a>) -> Result<(), Refusal> {
    if said.is_some() {
        return Err(Refusal::Syntax);
    }
    *said = Some(words.value()?);
    Ok(())
}

impl<'a> Asked<'a> {
    fn read(words: &mut Words<'a>) -> Result<Asked<'a>, Refusal> {
        let mut asked = Asked {
            by_integer: None,
            by_float: None,
            low: None,
            high: None,
            saturates: false,
            lifetime: Lifetime::Unsaid,
            if_none: false,
        };
        while let Some(word) = words.next() {
            let is_unsaid = matches!(asked.lifetime, Lifetime::Unsaid);
            if is_word(word, "BYINT") && asked.by_float.is_none() {
                once(&mut asked.by_integer, words)?;
            } else if is_word(word, "BYFLOAT") && asked.by_integer.is_none() {
                once(&mut asked.by_float, words)?;
            } else if is_word(word, "LBOUND") {
                once(&mut asked.low, words)?;
            } else if is_word(word, "UBOUND") {
                once(&mut asked.high, words)?;
            } else if is_word(word, "SATURATE") && !asked.saturates {
                asked.saturates = true;
            } else if is_word(word, "ENX")
                && !asked.if_none
                && !matches!(asked.lifetime, Lifetime::Persist)
            {
                asked.if_none = true;
            } else if is_word(word, "PERSIST") && is_unsaid && !asked.if_none {
                asked.lifetime = Lifetime::Persist;
            } else if !is_unsaid || !asked.lifetime.take(word, words)? {
                return Err(Refusal::Syntax);
            }
        }
        if asked.if_none && !matches!(asked.lifetime, Lifetime::Given(..)) {
            return Err(Refusal::text("ERR ENX flag requires an expiration"));
        }
        Ok(asked)
    }

    /// What becomes of the deadline of a key that has this one.
    fn ttl(&self, held: Option<Option<Millis>>, now: Millis) -> Result<Ttl, Refusal> {
        let keeps = self.if_none && matches!(held, Some(Some(_)));
        match self.lifetime {
            // Read all the same: a wrong one is refused whatever the key has.
            Lifetime::Given(..) => {
                let ttl = self.lifetime.ttl(now, "increx")?;
                Ok(if keeps { Ttl::Keep } else { ttl })
            }
            Lifetime::Persist => Ok(Ttl::Clear),
            Lifetime::Unsaid | Lifetime::Keep => Ok(Ttl::Keep),
        }
    }
}

const CROSSED: Refusal = Refusal::text("ERR LBOUND can't be greater than UBOUND");

fn increx(cx: &mut Write<'_, '_>) -> Outcome {
    let asked = Asked::read(&mut Words::new(cx.args, 2))?;
    if asked.by_float.is_some() { by_float(cx, &asked) } else { by_integer(cx, &asked) }
}

fn by_integer(cx: &mut Write<'_, '_>, asked: &Asked<'_>) -> Outcome {
    let read = |said: Option<&[u8]>, absent: i64, wrong: &'static str| match said {
        Some(bytes) => parse_integer(bytes).ok_or(Refusal::text(wrong)),
        None => Ok(absent),
    };
    let by = read(asked.by_integer, 1, "ERR Increment is not an integer or out of range")?;
    let low = read(asked.low, i64::MIN, "ERR LBOUND is not an integer or out of range")?;
    let high = read(asked.high, i64::MAX, "ERR UBOUND is not an integer or out of range")?;
    if low > high {
        return Err(CROSSED);
    }
    let key = cx.args.arg(1);
    let ttl = asked.ttl(cx.keys.deadline(key), cx.now)?;
    let held = cx.keys.string(key)?.map_or(Ok(0), options::integer)?;
    let sum = i128::from(held) + i128::from(by);
    let is_within = (i128::from(low)..=i128::from(high)).contains(&sum);
    if !is_within && !asked.saturates {
        return answer_integers(cx, held, 0);
    }
    let sum =
        if sum < i128::from(low) { low } else { i64::try_from(sum).unwrap_or(i64::MAX).min(high) };
    let added = sum.checked_sub(held);
    let added = added.ok_or(Refusal::text("ERR applied increment would overflow"))?;
    store(cx, itoa::Buffer::new().format(sum).as_bytes(), ttl);
    answer_integers(cx, sum, added)
}

fn answer_integers(cx: &mut Write<'_, '_>, value: i64, added: i64) -> Outcome {
    cx.out.array(2);
    cx.out.integer(value);
    cx.out.integer(added);
    Ok(Next::Done)
}

fn by_float(cx: &mut Write<'_, '_>, asked: &Asked<'_>) -> Outcome {
    let read = |said: &[u8], wrong: &'static str| Extended::parse(said).ok_or(Refusal::text(wrong));
    let by = read(asked.by_float.unwrap_or(b"1"), "ERR Increment is not a valid float")?;
    if !by.is_finite() {
        return Err(Refusal::text("ERR BYFLOAT increment cannot be Infinity"));
    }
    let bound = |said: Option<&[u8]>, wrong| said.map(|said| read(said, wrong)).transpose();
    let low = bound(asked.low, "ERR LBOUND is not a valid float")?;
    let high = bound(asked.high, "ERR UBOUND is not a valid float")?;
    // Without a bound the greatest numbers there are bound it.
    let is_crossed = match (low, high) {
        (Some(low), Some(high)) => high.is_less(low),
        (Some(low), None) => !low.is_finite() && Extended::ZERO.is_less(low),
        (None, Some(high)) => !high.is_finite() && high.is_less(Extended::ZERO),
        (None, None) => false,
    };
    if is_crossed {
        return Err(CROSSED);
    }
    let key = cx.args.arg(1);
    let ttl = asked.ttl(cx.keys.deadline(key), cx.now)?;
    let held = match cx.keys.string(key)? {
        Some(bytes) => Extended::parse(bytes).ok_or(Refusal::NotFloat)?,
        None => Extended::ZERO,
    };
    if !held.is_finite() {
        return Err(Refusal::text("ERR value cannot be Infinity"));
    }
    let sum = held.plus(by);
    let is_below = |sum: Extended| low.is_some_and(|low| sum.is_less(low));
    let is_above = |sum: Extended| high.is_some_and(|high| high.is_less(sum));
    let sum = match sum {
        Some(sum) if !is_below(sum) && !is_above(sum) => sum,
        _ if !asked.saturates => return answer_floats(cx, held, Extended::ZERO),
        Some(sum) if is_below(sum) => low.unwrap_or(sum),
        Some(sum) => high.unwrap_or(sum),
        // Beyond all numbers: what bounds it, if anything does.
        None => {
            let bound = if by.is_less(Extended::ZERO) { low } else { high };
            let bound = bound.filter(|bound| bound.is_finite());
            bound.ok_or(Refusal::text("ERR increment would produce NaN or Infinity"))?
        }
    };
    let added = sum.plus(held.negated());
    let added = added.ok_or(Refusal::text("ERR applied increment would overflow"))?;
    store(cx, sum.to_string().as_bytes(), ttl);
    answer_floats(cx, sum, added)
}

/// Doubles in RESP3, their full text in RESP2.
fn answer_floats(cx: &mut Write<'_, '_>, value: Extended, added: Extended) -> Outcome {
    cx.out.array(2);
    for number in [value, added] {
        let text = number.to_string();
        match (cx.out.version(), text.parse::<f64>()) {
            (mainstay_protocol::Version::Resp3, Ok(double)) => cx.out.double(double),
            _ => cx.out.bulk_str(&text),
        }
    }
    Ok(Next::Done)
}

/// Puts the new value; one whose deadline has passed is removed.
fn store(cx: &mut Write<'_, '_>, value: &[u8], ttl: Ttl) {
    let key = cx.args.arg(1);
    match ttl {
        Ttl::At(deadline) if deadline <= cx.now => {
            cx.keys.remove(key);
        }
        ttl => cx.keys.put_string(key, value, ttl),
    }
}
