//! limiter/commands/compatible.rs — what clients speak already: CL.THROTTLE of redis-cell, and the
//! GCRA of Redis 8.8's release candidates.
//!
//! Both say times in seconds, and round as their originals do; inside nothing is rounded. They
//! share their budgets with RL.TAKE: at a key there is one budget without a rule.

use super::must_stand_back;
use crate::command::options::{self, is_word, parse_float, parse_integer};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
use crate::engine::limiter::account::Matter;
use crate::engine::limiter::admission::{refund, take_one};
use crate::engine::limiter::algorithm::{Algorithm, Terms};
use crate::engine::limiter::budget::Budget;
use crate::engine::limiter::quota::{MILLI, Nanos, Quota, nanos};
use crate::engine::limiter::rules::Facts;
use crate::error::Refusal;

const SECOND: Nanos = 1000 * MILLI;

const FIVE: Reply = Reply::Tuple(&[Reply::Int, Reply::Int, Reply::Int, Reply::Int, Reply::Int]);

/// See its summary. Source: redis-cell (`redis-cell/src/lib.rs`).
pub static CL_THROTTLE: Command = Command {
    name: "CL.THROTTLE",
    summary: "Takes from a key's budget, as redis-cell does, or tells in how many seconds there is enough.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("max_burst", Type::Count),
        Arg::Value("count", Type::Positive),
        Arg::Value("period", Type::Duration),
        Arg::Maybe(&Arg::Value("quantity", Type::Integer)),
    ],
    reply: FIVE,
    run: Run::Write(throttle),
    also: &[],
};

fn cell_integer(bytes: &[u8]) -> Result<i64, Refusal> {
    let wrong = || Refusal::ending_in("Cell error: Couldn't parse as integer: ", bytes);
    parse_integer(bytes.strip_prefix(b"+").unwrap_or(bytes)).ok_or_else(wrong)
}

/// What a request of either kind came to; times in nanoseconds.
struct Told {
    is_limited: bool,
    most: u64,
    remaining: u64,
    /// Nothing if the request was admitted, or never will be.
    retry: Option<Nanos>,
    reset: Nanos,
}

/// Takes `quantity` units; gives back if it is negative, and only looks if it is 0.
fn request(cx: &mut Write<'_, '_>, quota: Quota, quantity: i64) -> Result<Told, Refusal> {
    let (key, now) = (cx.args.arg(1), cx.now);
    let facts = Facts::of(Terms { algorithm: Algorithm::Gcra, quota });
    let units = quantity.unsigned_abs();
    let most = quota.burst;
    let is_behind = quantity > 0 && must_stand_back(cx, key);
    let verdict = if quantity < 0 {
        Some(refund(&mut cx.keys, key, &facts, units, now)?)
    } else if quantity == 0 || units > most || is_behind {
        None
    } else {
        Some(take_one(&mut cx.keys, key, &facts, units, now)?)
    };
    // What is told is finer than milliseconds, so it is read off the state.
    let budget = cx.keys.get::<Budget>(key)?;
    let account = budget.and_then(|budget| budget.find(facts.head.rule(), Matter::State));
    let (room, retry) = match account {
        Some(account) => {
            let now = nanos(now);
            (account.room(now, &quota), account.wait(now, &quota, units.min(most)))
        }
        None => ((most, 0), 0),
    };
    let is_limited = verdict.map_or(quantity != 0, |verdict| !verdict.is_admitted);
    let retry = if is_behind { retry.max(MILLI) } else { retry };
    let retry = (is_limited && units <= most).then_some(retry);
    Ok(Told { is_limited, most, remaining: room.0, retry, reset: room.1 })
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn throttle(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    if args.len() > 6 {
        return Err(Refusal::text(
            "Cell error: Usage: cl.throttle <key> <max_burst> <count per period> <period> [<quantity>]",
        ));
    }
    let burst = cell_integer(args.arg(2))?;
    let count = cell_integer(args.arg(3))?;
    let period = cell_integer(args.arg(4))?;
    let quantity = args.get(5).map_or(Ok(1), cell_integer)?;
    if count == 0 || period == 0 {
        return Err(Refusal::text("Cell error: Zero rates are not supported"));
    }
    let unsigned = |number: i64| {
        u64::try_from(number)
            .map_err(|_| Refusal::text("Cell error: Negative rates are not supported"))
    };
    let (burst, count, period) = (unsigned(burst)?, unsigned(count)?, unsigned(period)?);
    let period = period.saturating_mul(SECOND);
    let quota = Quota::new(count, period, burst.saturating_add(1))
        .map_err(|_| Refusal::text("Cell error: Rates beyond a hundred years are not supported"))?;
    let told = request(cx, quota, quantity)?;
    // Rounded up if there is a whole millisecond beyond a whole second.
    let seconds = |span: Nanos| number(span / SECOND + u64::from(span % SECOND >= MILLI));
    cx.out.array(5);
    cx.out.integer(told.is_limited.into());
    cx.out.integer(number(told.most));
    cx.out.integer(number(told.remaining));
    cx.out.integer(told.retry.map_or(-1, seconds));
    cx.out.integer(seconds(told.reset));
    Ok(Next::Done)
}

/// See its summary. Source: `gcra.c` of Redis 8.8, whose final release left it out.
pub static GCRA: Command = Command {
    name: "GCRA",
    summary: "Rate limit via GCRA (Generic Cell Rate Algorithm).",
    since: "8.8.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("max-burst", Type::Count),
        Arg::Value("tokens-per-period", Type::Positive),
        Arg::Value("period", Type::Duration),
        Arg::Maybe(&Arg::OneOf(&[
            Arg::Tagged("TOKENS", &Arg::Value("tokens", Type::Count)),
            Arg::Tagged("NUM_REQUESTS", &Arg::Value("tokens", Type::Count)),
        ])),
    ],
    reply: FIVE,
    run: Run::Write(gcra),
    also: &[],
};

/// The period in nanoseconds.
fn gcra_period(bytes: &[u8]) -> Result<Nanos, Refusal> {
    let seconds = parse_float(bytes).ok_or(Refusal::NotFloat)?;
    if seconds <= 0.0 || seconds >= 1e12 {
        return Err(Refusal::text("ERR period must be > 0 and < 1e12"));
    }
    // Beyond the range it becomes the greatest number, which is refused for its size.
    Ok(((seconds * 1e9).round() as u64).max(1))
}

fn gcra(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    if args.len() > 7 {
        return Err(Refusal::Arity("gcra"));
    }
    let wrong = || Refusal::text("ERR value is out of range, must be positive");
    let burst = parse_integer(args.arg(2)).and_then(|burst| u64::try_from(burst).ok());
    let burst = burst.ok_or_else(wrong)?.saturating_add(1);
    let below = |least: i64| {
        let text =
            format!("ERR value is out of range, value must between {least} and {}", i64::MAX);
        Refusal::from(text)
    };
    let limit = options::integer(args.arg(3))?;
    let limit = u64::try_from(limit).ok().filter(|&limit| limit > 0).ok_or_else(|| below(1))?;
    let period = gcra_period(args.arg(4))?;
    let mut tokens = 1;
    if let Some(word) = args.get(5) {
        if !is_word(word, "TOKENS") && !is_word(word, "NUM_REQUESTS") {
            return Err(Refusal::Syntax);
        }
        let missing = Refusal::text("ERR Missing TOKENS value");
        tokens = options::integer(args.get(6).ok_or(missing)?)?;
        if tokens < 0 {
            return Err(below(0));
        }
    }
    const TOO_MANY: Refusal = Refusal::text(
        "ERR GCRA limiting uses microsecond accuracy. Combination of period, tokens_per_period and TOKENS would cause an overflow",
    );
    const TOO_LARGE: Refusal = Refusal::text(
        "ERR GCRA limiting uses microsecond accuracy. Combination of period, tokens_per_period and max_burst would cause an overflow",
    );
    let quota = Quota::new(limit, period, burst).map_err(|_| TOO_LARGE)?;
    let span = quota.worth(tokens.unsigned_abs()) / u128::from(limit) / 1000;
    if i64::try_from(span).is_err() {
        return Err(TOO_MANY);
    }
    let told = request(cx, quota, tokens)?;
    let seconds = |span: Nanos| number(span.div_ceil(SECOND));
    cx.out.array(5);
    cx.out.integer(told.is_limited.into());
    cx.out.integer(number(told.most));
    cx.out.integer(number(told.remaining));
    cx.out.integer(told.retry.map_or(-1, seconds));
    cx.out.integer(seconds(told.reset));
    Ok(Next::Done)
}
