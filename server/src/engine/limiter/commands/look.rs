//! limiter/commands/look.rs — what people see of rules: RL.LIST, RL.STATS, RL.TOP, RL.HEADERS.

use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::ReplyWriter;

use super::check::rules;
use crate::command::options::parse_integer;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type};
use crate::engine::limiter::admission::Link;
use crate::engine::limiter::algorithm::Algorithm;
use crate::engine::limiter::algorithm::calendar::Span;
use crate::engine::limiter::quota::MILLI;
use crate::engine::limiter::rules::{Rule, Rules, Scope};
use crate::engine::limiter::stats::Place;
use crate::error::Refusal;

const RULE: Arg = Arg::Value("rule", Type::Bytes);

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// See its summary.
pub static RL_LIST: Command = Command {
    name: "RL.LIST",
    summary: "Lists the rules for rate limits, by name.",
    since: "0.1.0",
    cost: Cost::Linear("rules"),
    args: &[],
    reply: Reply::Array(&Reply::Map(&Reply::Maybe(&Reply::OneOf(&[Reply::Int, Reply::Bulk])))),
    run: Run::Read(list),
    also: &[],
};

fn list(cx: &mut Read<'_>) -> Outcome {
    let rules = cx.keys.shelf().get::<Rules>().map(Rules::sorted).unwrap_or_default();
    cx.out.array(rules.len());
    for (name, rule) in rules {
        describe(&mut cx.out, name, rule);
    }
    Ok(Next::Done)
}

/// A rule in the words of its definition.
fn describe(out: &mut ReplyWriter<'_>, name: &[u8], rule: &Rule) {
    let definition = &rule.definition;
    let (algorithm, quota) = (definition.terms.algorithm, definition.terms.quota);
    let calendar = match algorithm {
        Algorithm::Calendar(span, zone) => Some((span, zone)),
        _ => None,
    };
    out.map(10);
    out.bulk_str("rule");
    out.bulk(name);
    out.bulk_str("algo");
    out.bulk_str(algorithm.word());
    out.bulk_str("limit");
    out.integer(number(quota.limit));
    out.bulk_str("period_ms");
    match calendar {
        Some(_) => out.null(),
        None => out.integer(number(quota.period / MILLI)),
    }
    out.bulk_str("burst");
    out.integer(number(quota.burst));
    out.bulk_str("align");
    match calendar {
        Some((Span::Day, _)) => out.bulk_str("day"),
        Some((Span::Month, _)) => out.bulk_str("month"),
        None => out.null(),
    }
    out.bulk_str("tz");
    match calendar {
        Some((_, zone)) => out.bulk_str(&zone.name()),
        None => out.null(),
    }
    out.bulk_str("parent");
    match &definition.parent {
        Some((parent, _)) => out.bulk(parent),
        None => out.null(),
    }
    out.bulk_str("scope");
    match definition.parent {
        Some((_, Scope::Path)) => out.bulk_str("path"),
        Some((_, Scope::Key)) => out.bulk_str("key"),
        None => out.null(),
    }
    out.bulk_str("shadow");
    out.integer(definition.is_shadow.into());
}

/// See its summary.
pub static RL_STATS: Command = Command {
    name: "RL.STATS",
    summary: "Counts what a rule has admitted and refused since the process started.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[RULE],
    reply: Reply::Map(&Reply::Int),
    run: Run::Read(stats),
    also: &[],
};

fn stats(cx: &mut Read<'_>) -> Outcome {
    let name = cx.args.arg(1);
    let stats = &rules(cx.keys, name)?.get(name)?.stats;
    let figures = [
        ("admitted", &stats.admitted),
        ("refused", &stats.refused),
        ("shadowed", &stats.shadowed),
        ("units", &stats.units),
        ("waited", &stats.waited),
    ];
    cx.out.map(figures.len());
    for (name, figure) in figures {
        cx.out.bulk_str(name);
        cx.out.integer(number(figure.load(Relaxed)));
    }
    Ok(Next::Done)
}

/// See its summary.
pub static RL_TOP: Command = Command {
    name: "RL.TOP",
    summary: "Lists the keys that took most under a rule, and those that were refused most often.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[RULE, Arg::Maybe(&Arg::Value("count", Type::Integer))],
    reply: Reply::Map(&Reply::Array(&Reply::Tuple(&[Reply::Bulk, Reply::Int, Reply::Int]))),
    run: Run::Read(top),
    also: &[],
};

fn top(cx: &mut Read<'_>) -> Outcome {
    let name = cx.args.arg(1);
    let count = match cx.args.get(2) {
        Some(bytes) => parse_integer(bytes).ok_or(Refusal::NotInteger)?,
        None => 10,
    };
    let wrong = Refusal::text("ERR count should be greater than 0");
    let count = usize::try_from(count).ok().filter(|&count| count > 0).ok_or(wrong)?;
    let (heaviest, refused) = rules(cx.keys, name)?.get(name)?.stats.top(count);
    cx.out.map(2);
    cx.out.bulk_str("heaviest");
    places(&mut cx.out, &heaviest);
    cx.out.bulk_str("refused");
    places(&mut cx.out, &refused);
    Ok(Next::Done)
}

fn places(out: &mut ReplyWriter<'_>, places: &[Place]) {
    out.array(places.len());
    for place in places {
        out.array(3);
        out.bulk(&place.key);
        out.integer(number(place.count));
        out.integer(number(place.error));
    }
}

/// See its summary.
pub static RL_HEADERS: Command = Command {
    name: "RL.HEADERS",
    summary: "Tells what is left of a key's budget as the fields of an HTTP response.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[RULE, Arg::Key("key", Access::Look)],
    reply: Reply::Map(&Reply::Bulk),
    run: Run::Read(headers),
    also: &[],
};

/// Source: draft-ietf-httpapi-ratelimit-headers; Retry-After is RFC 9110's.
fn headers(cx: &mut Read<'_>) -> Outcome {
    let (name, key) = (cx.args.arg(1), cx.args.arg(2));
    let facts = rules(cx.keys, name)?.get(name)?.facts();
    let mut link = Link::new(facts, key.into(), 1);
    link.weigh(cx.keys, cx.now)?;
    let verdict = link.show(cx.keys, cx.now);
    // A rule's name is printable ASCII without quotes.
    let name = String::from_utf8_lossy(name);
    let quota = link.terms.quota;
    let window = quota.period.div_ceil(1000 * MILLI);
    cx.out.map(if verdict.is_admitted { 2 } else { 3 });
    cx.out.bulk_str("RateLimit-Policy");
    cx.out.bulk_str(&format!("\"{name}\";q={};w={window}", quota.limit));
    cx.out.bulk_str("RateLimit");
    let seconds = verdict.reset.div_ceil(1000);
    cx.out.bulk_str(&format!("\"{name}\";r={};t={seconds}", verdict.remaining));
    if !verdict.is_admitted {
        cx.out.bulk_str("Retry-After");
        cx.out.bulk_str(&verdict.retry.div_ceil(1000).to_string());
    }
    Ok(Next::Done)
}
