//! limiter/commands/many.rs — RL.MCHECK: several requests in one step.

use mainstay_protocol::Request;

use super::check::{decide, is_tighter, note, outcome, rules, show_parents};
use super::{VERDICT, WRONG_COST, must_stand_back, positive, tell};
use crate::command::options::{is_word, parse_integer};
use crate::command::{
    Access, Arg, Command, Cost, Implied, Next, Outcome, Reply, Run, Trait, Type, Write,
};
use crate::engine::limiter::admission::{Link, Links, Verdict, add_links};
use crate::engine::limiter::rules::Rules;
use crate::error::Refusal;
use crate::keyspace::Shelf;

/// See its summary.
pub static RL_MCHECK: Command = Command {
    name: "RL.MCHECK",
    summary: "Takes from several budgets in one step: from all or none of them, or from each that has enough.",
    since: "0.1.0",
    cost: Cost::Each("rules"),
    args: &[
        Arg::OneOf(&[Arg::Word("ALL"), Arg::Word("EACH")]),
        Arg::Counted(&Arg::Group(&[
            Arg::Value("rule", Type::Bytes),
            Arg::Key("key", Access::Update),
            Arg::Value("cost", Type::Positive),
        ])),
    ],
    reply: Reply::Tuple(&[Reply::Int, Reply::Array(&VERDICT)]),
    run: Run::Write(mcheck),
    also: &[Trait::Implies(Implied(parents))],
};

/// The name, the key and the cost of each item; none if their number is not that of the arguments.
fn items<'a>(args: Request<'a>) -> Option<impl Iterator<Item = (&'a [u8], &'a [u8], &'a [u8])>> {
    let count = parse_integer(args.arg(2)).and_then(|count| usize::try_from(count).ok())?;
    if count == 0 || count.checked_mul(3)?.checked_add(3)? != args.len() {
        return None;
    }
    Some((0..count).map(move |item| {
        let at = 3 + 3 * item;
        (args.arg(at), args.arg(at + 1), args.arg(at + 2))
    }))
}

fn parents(shelf: &Shelf, args: Request<'_>, show: &mut dyn FnMut(&[u8])) {
    for (rule, key, _) in items(args).into_iter().flatten() {
        show_parents(shelf, rule, key, show);
    }
}

fn mcheck(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    let takes_all = is_word(args.arg(1), "ALL");
    if !takes_all && !is_word(args.arg(1), "EACH") {
        return Err(Refusal::Syntax);
    }
    let items = items(args).ok_or(Refusal::Syntax)?;
    // Everything is looked at before anything is taken.
    let mut requests = Vec::new();
    for (name, key, cost) in items {
        let cost = positive(cost, WRONG_COST)?;
        let mut links = Links::new();
        add_links(rules(&cx.keys, name)?, name, key, cost, &mut links)?;
        for link in &mut links {
            link.weigh(&cx.keys, cx.now)?;
        }
        let is_behind = must_stand_back(cx, key);
        requests.push(Asked { name, key, cost, links, is_behind });
    }
    let verdicts = if takes_all { all(cx, &requests)? } else { each(cx, &mut requests)? };
    cx.out.array(2);
    cx.out.integer(verdicts.iter().all(|(_, verdict)| verdict.is_admitted).into());
    cx.out.array(verdicts.len());
    let rules = cx.keys.shelf().get::<Rules>();
    for (request, (level, verdict)) in requests.iter().zip(&verdicts) {
        let chain = rules.and_then(|rules| rules.chain(request.name, request.key).ok());
        let deciding = chain.and_then(|mut chain| chain.nth(*level));
        let name = deciding.map_or(request.name, |(name, _, _)| name);
        tell(&mut cx.out, verdict, Some(name));
    }
    Ok(Next::Done)
}

struct Asked<'a> {
    name: &'a [u8],
    key: &'a [u8],
    cost: u64,
    links: Links<'a>,
    /// Whether others wait for the key.
    is_behind: bool,
}

impl Asked<'_> {
    fn is_refused(&self) -> bool {
        self.is_behind || self.links.iter().any(|link| link.refuses())
    }

    /// What is told when nothing was taken.
    fn show(&self, cx: &mut Write<'_, '_>) -> Result<(usize, Verdict), Refusal> {
        let is_admitted = !self.is_refused();
        let (level, mut verdict) = decide(&mut cx.keys, cx.now, &self.links, is_admitted, false)?;
        if self.is_behind {
            verdict.retry = verdict.retry.max(1);
        }
        Ok((level, verdict))
    }

    fn note(&self, cx: &Write<'_, '_>, is_admitted: bool) -> Result<(), Refusal> {
        let mut outcomes = self.links.iter().map(|link| outcome(link, is_admitted));
        note(cx, self.name, self.key, self.cost, &mut outcomes)
    }
}

/// All or none. What several of the requests take from one budget is weighed together.
fn all(cx: &mut Write<'_, '_>, requests: &[Asked<'_>]) -> Result<Vec<(usize, Verdict)>, Refusal> {
    let mut together = Links::new();
    for request in requests {
        add_links(
            rules(&cx.keys, request.name)?,
            request.name,
            request.key,
            request.cost,
            &mut together,
        )?;
    }
    for link in &mut together {
        link.weigh(&cx.keys, cx.now)?;
    }
    let is_refused =
        together.iter().any(|link| link.refuses()) || requests.iter().any(Asked::is_refused);
    let same = |link: &Link<'_>| {
        together.iter().position(|other| {
            other.facts.head.rule() == link.facts.head.rule() && other.key == link.key
        })
    };
    let mut told = Vec::new();
    if !is_refused {
        for link in &together {
            told.push(link.charge(&mut cx.keys, cx.now)?);
        }
    } else {
        told.extend(together.iter().map(|link| link.show(&cx.keys, cx.now)));
    }
    let mut verdicts = Vec::new();
    for request in requests {
        request.note(cx, !is_refused)?;
        let mut decided: Option<(usize, Verdict)> = None;
        for (level, link) in request.links.iter().enumerate() {
            let Some(&verdict) = same(link).and_then(|at| told.get(at)) else { continue };
            if decided.is_none_or(|(_, best)| is_tighter(&verdict, &best, !is_refused)) {
                decided = Some((level, verdict));
            }
        }
        let (level, mut verdict) = decided.ok_or(Refusal::Syntax)?;
        if request.is_behind {
            verdict.is_admitted = false;
            verdict.retry = verdict.retry.max(1);
        }
        verdicts.push((level, verdict));
    }
    Ok(verdicts)
}

/// One after the other, as so many calls of RL.CHECK in one step.
fn each(
    cx: &mut Write<'_, '_>,
    requests: &mut [Asked<'_>],
) -> Result<Vec<(usize, Verdict)>, Refusal> {
    let mut verdicts = Vec::new();
    for request in requests {
        for link in &mut request.links {
            link.weigh(&cx.keys, cx.now)?;
        }
        let is_admitted = !request.is_refused();
        request.note(cx, is_admitted)?;
        verdicts.push(if is_admitted {
            decide(&mut cx.keys, cx.now, &request.links, true, true)?
        } else {
            request.show(cx)?
        });
    }
    Ok(verdicts)
}
