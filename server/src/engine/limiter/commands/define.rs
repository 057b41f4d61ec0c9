//! limiter/commands/define.rs — RL.DEFINE and RL.DROP: naming what is allowed.
//!
//! Both run alone, so that every other command sees one set of rules from its first lock to its
//! record.

use super::{WRONG_PERIOD, positive, span};
use crate::command::options::{Words, is_word};
use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::limiter::algorithm::calendar::{Span, Zone};
use crate::engine::limiter::algorithm::{Algorithm, Terms};
use crate::engine::limiter::quota::{MILLI, Nanos, Quota};
use crate::engine::limiter::rules::{Definition, OnChange, Rules, Scope, no_rule};
use crate::error::Refusal;

/// See its summary.
pub static RL_DEFINE: Command = Command {
    name: "RL.DEFINE",
    summary: "Makes a rule for rate limits, or changes one.",
    since: "0.1.0",
    cost: Cost::Constant,
    args: &[
        Arg::Value("rule", Type::Bytes),
        Arg::Tagged("LIMIT", &Arg::Value("limit", Type::Positive)),
        Arg::AnyOrder(&[
            Arg::Tagged(
                "ALGO",
                &Arg::OneOf(&[
                    Arg::Word("GCRA"),
                    Arg::Word("BUCKET"),
                    Arg::Word("LEAKY"),
                    Arg::Word("FIXED"),
                    Arg::Word("SLIDING"),
                    Arg::Word("LOG"),
                    Arg::Word("CALENDAR"),
                ]),
            ),
            Arg::Tagged("PERIOD", &Arg::Value("period", Type::Duration)),
            Arg::Tagged("BURST", &Arg::Value("burst", Type::Positive)),
            Arg::Tagged("ALIGN", &Arg::OneOf(&[Arg::Word("DAY"), Arg::Word("MONTH")])),
            Arg::Tagged("TZ", &Arg::Value("zone", Type::Bytes)),
            Arg::Tagged("PARENT", &Arg::Value("rule", Type::Bytes)),
            Arg::Tagged("SCOPE", &Arg::OneOf(&[Arg::Word("PATH"), Arg::Word("KEY")])),
            Arg::Word("SHADOW"),
            Arg::Tagged(
                "ONCHANGE",
                &Arg::OneOf(&[Arg::Word("ASIS"), Arg::Word("SCALE"), Arg::Word("RESET")]),
            ),
        ]),
    ],
    reply: Reply::Ok,
    run: Run::Write(define),
    also: &[],
};

/// What was said, before it is put together.
#[derive(Default)]
struct Said<'a> {
    algorithm: Option<&'a [u8]>,
    limit: Option<u64>,
    period: Option<Nanos>,
    burst: Option<u64>,
    span: Option<Span>,
    zone: Option<Zone>,
    parent: Option<&'a [u8]>,
    scope: Option<Scope>,
    is_shadow: bool,
    change: Option<OnChange>,
}

/// The one of several words that an option was given.
fn choice<T: Copy>(word: &[u8], choices: &[(&str, T)]) -> Result<T, Refusal> {
    let found = choices.iter().find(|(name, _)| is_word(word, name));
    found.map(|(_, meaning)| *meaning).ok_or(Refusal::Syntax)
}

impl<'a> Said<'a> {
    fn read(words: &mut Words<'a>) -> Result<Said<'a>, Refusal> {
        let mut said = Said::default();
        while let Some(word) = words.next() {
            if is_word(word, "LIMIT") {
                let wrong = Refusal::text("ERR limit must be positive");
                said.limit = Some(positive(words.value()?, wrong)?);
            } else if is_word(word, "ALGO") {
                let word = words.value()?;
                if !Algorithm::WORDS.iter().any(|known| is_word(word, known)) {
                    return Err(Refusal::Syntax);
                }
                said.algorithm = Some(word);
            } else if is_word(word, "PERIOD") {
                said.period = Some(span(words.value()?, WRONG_PERIOD)?);
            } else if is_word(word, "BURST") {
                let wrong = Refusal::text("ERR burst must be positive");
                said.burst = Some(positive(words.value()?, wrong)?);
            } else if is_word(word, "ALIGN") {
                let spans = [("DAY", Span::Day), ("MONTH", Span::Month)];
                said.span = Some(choice(words.value()?, &spans)?);
            } else if is_word(word, "TZ") {
                let name = words.value()?;
                let zone = Zone::parse(name);
                said.zone =
                    Some(zone.ok_or_else(|| Refusal::quoting("ERR no time zone '", name, "'"))?);
            } else if is_word(word, "PARENT") {
                said.parent = Some(words.value()?);
            } else if is_word(word, "SCOPE") {
                let scopes = [("PATH", Scope::Path), ("KEY", Scope::Key)];
                said.scope = Some(choice(words.value()?, &scopes)?);
            } else if is_word(word, "SHADOW") {
                said.is_shadow = true;
            } else if is_word(word, "ONCHANGE") {
                let changes = [
                    ("ASIS", OnChange::AsIs),
                    ("SCALE", OnChange::Scale),
                    ("RESET", OnChange::Reset),
                ];
                said.change = Some(choice(words.value()?, &changes)?);
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(said)
    }

    fn terms(&self) -> Result<Terms, Refusal> {
        let zone = self.zone.unwrap_or(Zone::Fixed(0));
        let span = self.span.unwrap_or(Span::Day);
        let algorithm = match self.algorithm {
            None if self.span.is_some() => Algorithm::Calendar(span, zone),
            None => Algorithm::Gcra,
            Some(word) if is_word(word, "GCRA") => Algorithm::Gcra,
            Some(word) if is_word(word, "BUCKET") => Algorithm::Bucket,
            Some(word) if is_word(word, "LEAKY") => Algorithm::Leaky,
            Some(word) if is_word(word, "FIXED") => Algorithm::Fixed,
            Some(word) if is_word(word, "SLIDING") => Algorithm::Sliding,
            Some(word) if is_word(word, "LOG") => Algorithm::Log,
            Some(_) => Algorithm::Calendar(span, zone),
        };
        let is_calendar = matches!(algorithm, Algorithm::Calendar(..));
        if !is_calendar && (self.span.is_some() || self.zone.is_some()) {
            return Err(Refusal::text("ERR ALIGN and TZ are for ALGO calendar"));
        }
        if is_calendar && self.period.is_some() {
            return Err(Refusal::text("ERR ALGO calendar has no PERIOD, it has ALIGN"));
        }
        if !algorithm.has_burst() && self.burst.is_some() {
            return Err(Refusal::text("ERR BURST is for ALGO gcra, bucket and leaky"));
        }
        let limit = self.limit.ok_or(Refusal::text("ERR a rule needs a LIMIT"))?;
        if limit > algorithm.limit_max() {
            return Err(Refusal::text("ERR limit is too large for this ALGO"));
        }
        let period = match algorithm {
            // Nothing but the bounds of the arithmetic asks for it.
            Algorithm::Calendar(Span::Day, _) => 86_400_000 * MILLI,
            Algorithm::Calendar(Span::Month, _) => 31 * 86_400_000 * MILLI,
            _ => self.period.ok_or(Refusal::text("ERR a rule needs a PERIOD"))?,
        };
        let default = if algorithm == Algorithm::Leaky { 1 } else { limit };
        let quota = Quota::new(limit, period, self.burst.unwrap_or(default))?;
        Ok(Terms { algorithm, quota })
    }
}

fn define(cx: &mut Write<'_, '_>) -> Outcome {
    let name = cx.args.arg(1);
    let said = Said::read(&mut Words::new(cx.args, 2))?;
    let scope = said.scope.unwrap_or(Scope::Path);
    if said.parent.is_none() && said.scope.is_some() {
        return Err(Refusal::text("ERR SCOPE is of a PARENT"));
    }
    let definition = Definition {
        terms: said.terms()?,
        parent: said.parent.map(|parent| (parent.into(), scope)),
        is_shadow: said.is_shadow,
    };
    match cx.keys.shelf().get::<Rules>() {
        Some(rules) => rules.check(name, &definition)?,
        None => Rules::default().check(name, &definition)?,
    }
    let now = cx.now;
    if let Some(shelf) = cx.keys.shelf_mut() {
        let change = said.change.unwrap_or(OnChange::AsIs);
        shelf.edit::<Rules>().define(name, definition, change, now);
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static RL_DROP: Command = Command {
    name: "RL.DROP",
    summary: "Removes a rule; its budgets go when they are full.",
    since: "0.1.0",
    cost: Cost::Linear("rules"),
    args: &[Arg::Value("rule", Type::Bytes)],
    reply: Reply::Ok,
    run: Run::Write(drop_rule),
    also: &[Trait::NoGrowth],
};

fn drop_rule(cx: &mut Write<'_, '_>) -> Outcome {
    let name = cx.args.arg(1);
    let rules = cx.keys.shelf().get::<Rules>().ok_or_else(|| no_rule(name))?;
    rules.check_drop(name)?;
    if let Some(shelf) = cx.keys.shelf_mut() {
        shelf.edit::<Rules>().drop(name);
    }
    cx.out.ok();
    Ok(Next::Done)
}
