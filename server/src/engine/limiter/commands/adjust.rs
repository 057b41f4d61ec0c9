//! limiter/commands/adjust.rs — what people do to single budgets: RL.REFUND, RL.BLOCK, RL.OVERRIDE,
//! RL.RESET.

use super::check::rules;
use super::{COST, VERDICT, WRONG_COST, positive, tell};
use crate::clock::Millis;
use crate::command::options::{Words, is_word, parse_integer};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Type, Write};
use crate::engine::limiter::account::{Account, Matter, Override};
use crate::engine::limiter::admission;
use crate::engine::limiter::budget::Budget;
use crate::engine::limiter::quota::{Quota, divide};
use crate::error::Refusal;

const RULE: Arg = Arg::Value("rule", Type::Bytes);

/// See its summary. What parents took is theirs to be given back.
pub static RL_REFUND: Command = Command {
    name: "RL.REFUND",
    summary: "Gives back to a key's budget what was taken in vain.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[RULE, Arg::Key("key", Access::Update), Arg::Maybe(&COST)],
    reply: VERDICT,
    run: Run::Write(refund),
    also: &[],
};

fn refund(cx: &mut Write<'_, '_>) -> Outcome {
    let (name, key) = (cx.args.arg(1), cx.args.arg(2));
    let cost = match cx.args.len() {
        3 => 1,
        5 if is_word(cx.args.arg(3), "COST") => positive(cx.args.arg(4), WRONG_COST)?,
        _ => return Err(Refusal::Syntax),
    };
    let facts = rules(&cx.keys, name)?.get(name)?.facts();
    let verdict = admission::refund(&mut cx.keys, key, &facts, cost, cx.now)?;
    tell(&mut cx.out, &verdict, Some(name));
    Ok(Next::Done)
}

/// A span in whole milliseconds that ends within time.
fn until(bytes: &[u8], now: Millis) -> Result<Millis, Refusal> {
    let span = parse_integer(bytes).ok_or(Refusal::NotInteger)?;
    let wrong = Refusal::text("ERR the time must not be negative");
    let span = Millis::try_from(span).map_err(|_| wrong)?;
    let until = now.checked_add(span).filter(|&until| i64::try_from(until).is_ok());
    until.ok_or(Refusal::text("ERR the time is too long"))
}

/// See its summary.
pub static RL_BLOCK: Command = Command {
    name: "RL.BLOCK",
    summary: "Refuses everything on a key under a rule for some time; 0 ends that.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[RULE, Arg::Key("key", Access::Update), Arg::Value("milliseconds", Type::Count)],
    reply: Reply::Ok,
    run: Run::Write(block),
    also: &[],
};

fn block(cx: &mut Write<'_, '_>) -> Outcome {
    let (name, key, now) = (cx.args.arg(1), cx.args.arg(2), cx.now);
    let until = until(cx.args.arg(3), now)?;
    let head = rules(&cx.keys, name)?.get(name)?.facts().head;
    if until <= now {
        admission::remove(&mut cx.keys, key, head.rule(), &[Matter::Block], now)?;
    } else {
        put(cx, key, Account::Blocked(head, until), until)?;
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// Puts an account at a key, which lives at least until then.
fn put(cx: &mut Write<'_, '_>, key: &[u8], account: Account, until: Millis) -> Result<(), Refusal> {
    let mut budget = cx.keys.edit::<Budget>(key)?;
    let deadline = match budget.accounts() {
        [] => until,
        // What was there may be in place of what comes.
        [held]
            if held.matter() == account.matter() && held.head().rule() == account.head().rule() =>
        {
            until
        }
        _ => until.max(budget.expires_at()),
    };
    budget.put(account);
    budget.expire_at(deadline);
    Ok(())
}

/// See its summary.
pub static RL_OVERRIDE: Command = Command {
    name: "RL.OVERRIDE",
    summary: "Gives one key another limit than its rule's, for a time or for good, or takes that back.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[
        RULE,
        Arg::Key("key", Access::Update),
        Arg::OneOf(&[
            Arg::Word("OFF"),
            Arg::Group(&[
                Arg::Tagged("LIMIT", &Arg::Value("limit", Type::Positive)),
                Arg::AnyOrder(&[
                    Arg::Tagged("BURST", &Arg::Value("burst", Type::Positive)),
                    Arg::Tagged("PX", &Arg::Value("milliseconds", Type::Duration)),
                ]),
            ]),
        ]),
    ],
    reply: Reply::Ok,
    run: Run::Write(override_limit),
    also: &[],
};

fn override_limit(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, name, key, now) = (cx.args, cx.args.arg(1), cx.args.arg(2), cx.now);
    let (mut limit, mut burst, mut end, mut is_off) = (None, None, Millis::MAX, false);
    let mut words = Words::new(args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "LIMIT") {
            let wrong = Refusal::text("ERR limit must be positive");
            limit = Some(positive(words.value()?, wrong)?);
        } else if is_word(word, "BURST") {
            let wrong = Refusal::text("ERR burst must be positive");
            burst = Some(positive(words.value()?, wrong)?);
        } else if is_word(word, "PX") {
            end = until(words.value()?, now)?;
            if end <= now {
                return Err(Refusal::text("ERR the time must be positive"));
            }
        } else if is_word(word, "OFF") && args.len() == 4 {
            is_off = true;
        } else {
            return Err(Refusal::Syntax);
        }
    }
    let rule = rules(&cx.keys, name)?.get(name)?;
    let (facts, terms) = (rule.facts(), rule.definition.terms);
    if is_off {
        let rule = facts.head.rule();
        admission::remove(&mut cx.keys, key, rule, &[Matter::Override], now)?;
        cx.out.ok();
        return Ok(Next::Done);
    }
    let limit = limit.ok_or(Refusal::Syntax)?;
    if limit > terms.algorithm.limit_max() {
        return Err(Refusal::text("ERR limit is too large for this ALGO"));
    }
    if burst.is_some() && !terms.algorithm.has_burst() {
        return Err(Refusal::text("ERR BURST is for ALGO gcra, bucket and leaky"));
    }
    let burst = burst.unwrap_or_else(|| scaled_burst(&terms.quota, limit));
    Quota::new(limit, terms.quota.period, burst)?;
    let other = Box::new(Override { limit, burst, until: end });
    put(cx, key, Account::Override(facts.head, other), end)?;
    cx.out.ok();
    Ok(Next::Done)
}

/// A burst that is to another limit as the rule's is to the rule's.
fn scaled_burst(quota: &Quota, limit: u64) -> u64 {
    let (burst, _) = divide(u128::from(quota.burst) * u128::from(limit), quota.limit);
    u64::try_from(burst).unwrap_or(u64::MAX).max(1)
}

/// See its summary. Blocks end, overrides stay.
pub static RL_RESET: Command = Command {
    name: "RL.RESET",
    summary: "Makes the budgets of keys under a rule full, and says how many were not.",
    since: "0.1.0",
    cost: Cost::Each("keys"),
    args: &[RULE, Arg::Many(&Arg::Key("key", Access::Update))],
    reply: Reply::Int,
    run: Run::Write(reset),
    also: &[],
};

fn reset(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, name, now) = (cx.args, cx.args.arg(1), cx.now);
    let rule = rules(&cx.keys, name)?.get(name)?.facts().head.rule();
    for key in args.args().skip(2) {
        cx.keys.holds::<Budget>(key)?;
    }
    let mut count = 0;
    for key in args.args().skip(2) {
        let matters = [Matter::State, Matter::Block];
        let was_used = admission::remove(&mut cx.keys, key, rule, &matters, now)?;
        count += i64::from(was_used);
    }
    cx.out.integer(count);
    Ok(Next::Done)
}
