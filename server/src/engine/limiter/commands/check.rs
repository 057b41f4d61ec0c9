//! limiter/commands/check.rs — RL.CHECK: a request under a named rule and its parents.

use mainstay_protocol::Request;

use super::{Asked, COST, VERDICT, WAIT, must_stand_back, tell, wait_in_line};
use crate::command::options::Words;
use crate::command::{Access, Arg, Command, Cost, Implied, Next, Outcome, Run, Trait, Type, Write};
use crate::engine::limiter::admission::{Link, Links, Verdict, add_links, take_one};
use crate::engine::limiter::rules::{Rules, no_rule};
use crate::error::Refusal;
use crate::keyspace::{Keys, Shelf};
use crate::structure::hash;

/// See its summary.
pub static RL_CHECK: Command = Command {
    name: "RL.CHECK",
    summary: "Takes from a key's budget under a rule and from its parents', or tells when there is enough.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[
        Arg::Value("rule", Type::Bytes),
        Arg::Key("key", Access::Update),
        Arg::AnyOrder(&[COST, Arg::Word("PEEK"), WAIT]),
    ],
    reply: VERDICT,
    run: Run::Write(check),
    also: &[Trait::Blocking, Trait::Fast, Trait::Implies(Implied(parents))],
};

fn parents(shelf: &Shelf, args: Request<'_>, show: &mut dyn FnMut(&[u8])) {
    show_parents(shelf, args.arg(1), args.arg(2), show);
}

/// Shows the keys that a rule's parents count for a key, if they are others.
pub(super) fn show_parents(shelf: &Shelf, rule: &[u8], key: &[u8], show: &mut dyn FnMut(&[u8])) {
    let Some(rules) = shelf.get::<Rules>() else { return };
    let Ok(chain) = rules.chain(rule, key) else { return };
    chain.skip(1).filter(|(_, _, counted)| *counted != key).for_each(|(_, _, key)| show(key));
}

/// The rules of the database.
pub(super) fn rules<'a>(keys: &'a Keys<'_>, name: &[u8]) -> Result<&'a Rules, Refusal> {
    keys.shelf().get::<Rules>().ok_or_else(|| no_rule(name))
}

fn check(cx: &mut Write<'_, '_>) -> Outcome {
    let (args, name, key) = (cx.args, cx.args.arg(1), cx.args.arg(2));
    let asked = if args.len() == 3 { Asked::PLAIN } else { Asked::read(&mut Words::new(args, 3))? };
    let stands_back = must_stand_back(cx, key);
    let rule = rules(&cx.keys, name)?.get(name)?;
    if rule.definition.parent.is_none() && !asked.is_peek && !stands_back {
        let facts = rule.facts();
        let verdict = take_one(&mut cx.keys, key, &facts, asked.cost, cx.now)?;
        let is_taken = verdict.is_admitted && verdict.retry == 0;
        note(cx, name, key, asked.cost, &mut [Some(is_taken)].into_iter())?;
        tell(&mut cx.out, &verdict, Some(name));
        return finish(cx, name, key, &asked, &verdict);
    }
    let mut links = Links::new();
    add_links(rules(&cx.keys, name)?, name, key, asked.cost, &mut links)?;
    for link in &mut links {
        link.weigh(&cx.keys, cx.now)?;
    }
    let is_free = !stands_back || asked.is_peek;
    let is_admitted = is_free && !links.iter().any(|link| link.refuses());
    let takes = is_admitted && !asked.is_peek;
    let decided = decide(&mut cx.keys, cx.now, &links, is_admitted, takes)?;
    let (level, mut verdict) = decided;
    if !is_free {
        verdict.retry = verdict.retry.max(1);
    }
    if !asked.is_peek {
        let mut outcomes = links.iter().map(|link| outcome(link, is_admitted));
        note(cx, name, key, asked.cost, &mut outcomes)?;
    }
    let rules = cx.keys.shelf().get::<Rules>().ok_or_else(|| no_rule(name))?;
    let deciding = rules.chain(name, key)?.nth(level).map_or(name, |(name, _, _)| name);
    tell(&mut cx.out, &verdict, Some(deciding));
    finish(cx, name, key, &asked, &verdict)
}

/// Charges all links or none, and says which of them decided, with what is told of it: of a refusal
/// the one that takes longest, else the one with the least left.
pub(super) fn decide(
    keys: &mut Keys<'_>,
    now: u64,
    links: &Links<'_>,
    is_admitted: bool,
    takes: bool,
) -> Result<(usize, Verdict), Refusal> {
    let mut decided: Option<(usize, Verdict)> = None;
    for (level, link) in links.iter().enumerate() {
        let verdict = if takes { link.charge(keys, now)? } else { link.show(keys, now) };
        if decided.is_none_or(|(_, best)| is_tighter(&verdict, &best, is_admitted)) {
            decided = Some((level, verdict));
        }
    }
    let (level, mut verdict) = decided.ok_or(Refusal::Syntax)?;
    verdict.is_admitted = is_admitted;
    Ok((level, verdict))
}

/// Whether a verdict tells more than another about why a request was admitted or not.
pub(super) fn is_tighter(verdict: &Verdict, best: &Verdict, is_admitted: bool) -> bool {
    if is_admitted {
        verdict.remaining < best.remaining
    } else {
        // A shadow refuses nobody.
        !verdict.is_admitted && (best.is_admitted || verdict.retry > best.retry)
    }
}

/// What the statistics are told of a link: that it took, that it refused or, being a shadow, would
/// have, or nothing if another refused.
pub(super) fn outcome(link: &Link<'_>, is_admitted: bool) -> Option<bool> {
    if link.wait > 0 { Some(false) } else { is_admitted.then_some(true) }
}

fn finish(
    cx: &mut Write<'_, '_>,
    name: &[u8],
    key: &[u8],
    asked: &Asked,
    verdict: &Verdict,
) -> Outcome {
    if verdict.is_admitted {
        return Ok(Next::Done);
    }
    let next = wait_in_line(cx, key, asked, verdict.retry)?;
    if matches!(next, Next::Park(_)) && !cx.resumed {
        let rule = rules(&cx.keys, name)?.get(name)?;
        rule.stats.waited.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(next)
}

/// Counts the outcomes of a request, one for each rule of its chain.
pub(super) fn note(
    cx: &Write<'_, '_>,
    name: &[u8],
    key: &[u8],
    cost: u64,
    outcomes: &mut dyn Iterator<Item = Option<bool>>,
) -> Result<(), Refusal> {
    if cx.resumed {
        return Ok(());
    }
    for ((_, rule, counted), outcome) in rules(&cx.keys, name)?.chain(name, key)?.zip(outcomes) {
        match outcome {
            Some(true) => rule.stats.admit(counted, hash(counted, 0), cost),
            Some(false) => {
                let is_shadow = rule.definition.is_shadow;
                rule.stats.refuse(counted, hash(counted, 0), is_shadow);
            }
            None => {}
        }
    }
    Ok(())
}
