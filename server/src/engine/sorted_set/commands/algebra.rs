//! engine/sorted_set/commands/algebra.rs — what several sorted sets have together, in common, or
//! apart, their scores weighed and aggregated. A set counts as a sorted set whose scores are all 1.
//!
//! Sums depend on their order where doubles are inexact, so the sources are taken as Redis takes
//! them: the smallest first, equal ones in the order of the request.

use mainstay_protocol::Request;
use smallvec::SmallVec;

use super::reply;
use crate::command::number;
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;
use crate::keyspace::{Distinct, Keys, Value};
use crate::structure::ranked::{Change, Score};

/// What is done with the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Union,
    Intersect,
    Subtract,
}

/// What becomes of the scores of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// Takes one score more into account. Infinities of both signs sum up to 0, as in Redis.
    fn join(self, all: f64, one: f64) -> f64 {
        match self {
            Aggregate::Sum => number_or_zero(all + one),
            Aggregate::Min if one < all => one,
            Aggregate::Max if one > all => one,
            Aggregate::Min | Aggregate::Max => all,
        }
    }
}

fn number_or_zero(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number }
}

/// What is at a key.
#[derive(Clone, Copy)]
enum Members<'a> {
    None,
    Scored(&'a Ranking),
    Distinct(&'a dyn Distinct),
}

impl Members<'_> {
    fn len(&self) -> usize {
        match self {
            Members::None => 0,
            Members::Scored(ranking) => ranking.len(),
            Members::Distinct(set) => set.count(),
        }
    }

    fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Members::None => None,
            Members::Scored(ranking) => ranking.score(member).map(Score::get),
            Members::Distinct(set) => set.holds(member).then_some(1.0),
        }
    }

    fn each(&self, show: &mut dyn FnMut(&[u8], f64)) {
        match self {
            Members::None => {}
            Members::Scored(ranking) => {
                ranking.iter().for_each(|(member, score)| show(member, score.get()));
            }
            Members::Distinct(set) => set.each(&mut |member| show(member, 1.0)),
        }
    }
}

#[derive(Clone, Copy)]
struct Source<'a> {
    members: Members<'a>,
    weight: f64,
}

/// A request of this family, read.
pub(super) struct Asked<'a> {
    operation: Operation,
    sources: SmallVec<[Source<'a>; 8]>,
    aggregate: Aggregate,
    with_scores: bool,
    /// 0 is no limit.
    limit: usize,
}

/// Which options a command has besides those of its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Members,
    Stored,
    Count,
}

impl<'a> Asked<'a> {
    /// Reads `numkeys` at argument `at`, looks the keys up, and reads the options behind them, in
    /// this order. `name` is the command's, in lower case.
    ///
    /// # Errors
    /// Everything that is wrong with the arguments or with the keys.
    pub(super) fn read(
        keys: &'a Keys<'_>,
        args: Request<'_>,
        at: usize,
        operation: Operation,
        wanted: Wanted,
        name: &str,
    ) -> Result<Asked<'a>, Refusal> {
        let count = options::integer(args.arg(at))?;
        if count < 1 {
            let text = format!("ERR at least 1 input key is needed for '{name}' command");
            return Err(Refusal::from(text));
        }
        let count = usize::try_from(count)
            .ok()
            .filter(|&count| count < args.len() - at)
            .ok_or(Refusal::Syntax)?;
        let mut asked = Asked {
            operation,
            sources: SmallVec::new(),
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        for key in args.args().skip(at + 1).take(count) {
            asked.sources.push(Source { members: look(keys, key)?, weight: 1.0 });
        }
        asked.read_options(Words::new(args, at + 1 + count), wanted)?;
        Ok(asked)
    }

    fn read_options(&mut self, mut words: Words<'_>, wanted: Wanted) -> Result<(), Refusal> {
        let weighs = self.operation != Operation::Subtract && wanted != Wanted::Count;
        while let Some(word) = words.next() {
            if weighs && is_word(word, "WEIGHTS") && words.left() >= self.sources.len() {
                for source in &mut self.sources {
                    let weight = number::score(words.value()?);
                    let wrong = Refusal::text("ERR weight value is not a float");
                    source.weight = weight.ok_or(wrong)?.get();
                }
            } else if weighs && is_word(word, "AGGREGATE") && words.left() >= 1 {
                self.aggregate = match words.value()? {
                    word if is_word(word, "SUM") => Aggregate::Sum,
                    word if is_word(word, "MIN") => Aggregate::Min,
                    word if is_word(word, "MAX") => Aggregate::Max,
                    _ => return Err(Refusal::Syntax),
                };
            } else if wanted == Wanted::Members && is_word(word, "WITHSCORES") {
                self.with_scores = true;
            } else if wanted == Wanted::Count && is_word(word, "LIMIT") && words.left() >= 1 {
                self.limit = options::parse_integer(words.value()?)
                    .and_then(|limit| usize::try_from(limit).ok())
                    .ok_or(Refusal::text("ERR LIMIT can't be negative"))?;
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(())
    }

    /// The result as it is stored, where zero has no sign.
    pub(super) fn compute(self) -> Ranking {
        self.compute_with(Ranking::insert)
    }

    /// The result as it is answered: as Redis computes it, zero may have a sign.
    pub(super) fn compute_signed(self) -> Ranking {
        self.compute_with(Ranking::insert_signed)
    }

    fn compute_with(mut self, insert: impl Fn(&mut Ranking, &[u8], Score) -> Change) -> Ranking {
        // In the form of big ones: only there can a zero have a sign.
        let mut result = Ranking::big();
        let mut put = |member: &[u8], score: f64| {
            // Every score went through `number_or_zero`.
            insert(&mut result, member, Score::new(score).unwrap_or_default());
        };
        match self.operation {
            Operation::Intersect => self.each_common(|member, score| {
                put(member, score);
                true
            }),
            Operation::Subtract => self.each_only_first(put),
            Operation::Union => {
                self.sources.sort_by_key(|source| source.members.len());
                for source in &self.sources {
                    source.members.each(&mut |member, score| {
                        let one = number_or_zero(score * source.weight);
                        let all = result.score(member);
                        let score = all.map_or(one, |all| self.aggregate.join(all.get(), one));
                        if score == 0.0 && all.is_some() {
                            // A nought of the other sign would count as the same score.
                            result.remove(member);
                        }
                        insert(&mut result, member, Score::new(score).unwrap_or_default());
                    });
                }
            }
        }
        result
    }

    /// Shows the members that all sources have, with their scores, until `show` says no.
    fn each_common(&mut self, mut show: impl FnMut(&[u8], f64) -> bool) {
        self.sources.sort_by_key(|source| source.members.len());
        let Some((first, others)) = self.sources.split_first() else { return };
        let mut goes_on = true;
        first.members.each(&mut |member, score| {
            if !goes_on {
                return;
            }
            let mut all = number_or_zero(score * first.weight);
            for other in others {
                let Some(one) = other.members.score(member) else { return };
                all = self.aggregate.join(all, one * other.weight);
            }
            goes_on = show(member, all);
        });
    }

    /// Shows the members of the first source that no other has.
    fn each_only_first(&self, mut show: impl FnMut(&[u8], f64)) {
        let Some((first, others)) = self.sources.split_first() else { return };
        first.members.each(&mut |member, score| {
            if others.iter().all(|other| other.members.score(member).is_none()) {
                show(member, score);
            }
        });
    }
}

/// What is at a key, if it can be a source.
fn look<'a>(keys: &'a Keys<'_>, key: &[u8]) -> Result<Members<'a>, Refusal> {
    match keys.value(key) {
        None => Ok(Members::None),
        Some(Value::Object(object)) => {
            if let Some(ranking) = (object as &dyn std::any::Any).downcast_ref() {
                return Ok(Members::Scored(ranking));
            }
            object.as_distinct().map(Members::Distinct).ok_or(Refusal::WrongType)
        }
        Some(Value::String(_)) => Err(Refusal::WrongType),
    }
}

/// Answers the result of an operation.
fn show(cx: &mut Read<'_>, operation: Operation, name: &str) -> Outcome {
    let asked = Asked::read(cx.keys, cx.args, 1, operation, Wanted::Members, name)?;
    let with_scores = asked.with_scores;
    let result = asked.compute_signed();
    reply::begin(&mut cx.out, result.len(), with_scores);
    for (member, score) in result.iter() {
        reply::member(&mut cx.out, member, score, with_scores);
    }
    Ok(Next::Done)
}

const SOURCES: Arg = Arg::Counted(&Arg::Key("key", Access::Look));

pub(super) const WEIGHTS: Arg =
    Arg::Tagged("WEIGHTS", &Arg::Many(&Arg::Value("weight", Type::Float)));

pub(super) const AGGREGATE: Arg =
    Arg::Tagged("AGGREGATE", &Arg::OneOf(&[Arg::Word("SUM"), Arg::Word("MIN"), Arg::Word("MAX")]));

/// See its summary.
pub static ZUNION: Command = Command {
    name: "ZUNION",
    summary: "Returns the union of multiple sorted sets.",
    since: "6.2.0",
    cost: Cost::Linear("members of all sorted sets, times the logarithm of the result's size"),
    args: &[SOURCES, Arg::AnyOrder(&[WEIGHTS, AGGREGATE, Arg::Word("WITHSCORES")])],
    reply: reply::MEMBERS,
    run: Run::Read(zunion),
    also: &[],
};

fn zunion(cx: &mut Read<'_>) -> Outcome {
    show(cx, Operation::Union, "zunion")
}

/// See its summary.
pub static ZINTER: Command = Command {
    name: "ZINTER",
    summary: "Returns the intersect of multiple sorted sets.",
    since: "6.2.0",
    cost: Cost::Linear("members of the smallest sorted set, times the sorted sets"),
    args: &[SOURCES, Arg::AnyOrder(&[WEIGHTS, AGGREGATE, Arg::Word("WITHSCORES")])],
    reply: reply::MEMBERS,
    run: Run::Read(zinter),
    also: &[],
};

fn zinter(cx: &mut Read<'_>) -> Outcome {
    show(cx, Operation::Intersect, "zinter")
}

/// See its summary.
pub static ZDIFF: Command = Command {
    name: "ZDIFF",
    summary: "Returns the difference between multiple sorted sets.",
    since: "6.2.0",
    cost: Cost::Linear("members of the first sorted set, times the sorted sets"),
    args: &[SOURCES, Arg::Maybe(&Arg::Word("WITHSCORES"))],
    reply: reply::MEMBERS,
    run: Run::Read(zdiff),
    also: &[],
};

fn zdiff(cx: &mut Read<'_>) -> Outcome {
    show(cx, Operation::Subtract, "zdiff")
}

/// See its summary.
pub static ZINTERCARD: Command = Command {
    name: "ZINTERCARD",
    summary: "Returns the number of members of the intersect of multiple sorted sets.",
    since: "7.0.0",
    cost: Cost::Linear("members of the smallest sorted set, times the sorted sets"),
    args: &[SOURCES, Arg::Maybe(&Arg::Tagged("LIMIT", &Arg::Value("limit", Type::Count)))],
    reply: Reply::Int,
    run: Run::Read(zintercard),
    also: &[],
};

fn zintercard(cx: &mut Read<'_>) -> Outcome {
    let (operation, wanted) = (Operation::Intersect, Wanted::Count);
    let mut asked = Asked::read(cx.keys, cx.args, 1, operation, wanted, "zintercard")?;
    let (limit, mut common) = (asked.limit, 0);
    asked.each_common(|_, _| {
        common += 1;
        common != limit
    });
    cx.out.integer(common as i64);
    Ok(Next::Done)
}
