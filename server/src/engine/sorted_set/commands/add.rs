//! engine/sorted_set/commands/add.rs — giving members scores.

use mainstay_protocol::Request;
use smallvec::SmallVec;

use crate::command::number;
use crate::command::options::is_word;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;
use crate::structure::ranked::{Change, Score};

/// See its summary.
pub static ZADD: Command = Command {
    name: "ZADD",
    summary: "Adds one or more members to a sorted set, or updates their scores. Creates the key if it doesn't exist.",
    since: "1.2.0",
    cost: Cost::Each("members, times the logarithm of the sorted set's size"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::AnyOrder(&[
            Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX")]),
            Arg::OneOf(&[Arg::Word("GT"), Arg::Word("LT")]),
            Arg::Word("CH"),
            Arg::Word("INCR"),
        ]),
        Arg::Many(&Arg::Group(&[
            Arg::Value("score", Type::Float),
            Arg::Value("member", Type::Bytes),
        ])),
    ],
    reply: Reply::OneOf(&[Reply::Int, Reply::Maybe(&Reply::Double)]),
    run: Run::Write(zadd),
    also: &[Trait::Member(3)],
};

/// What ZADD was told besides scores and members.
#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    /// Only new members.
    new: bool,
    /// Only members that are there.
    old: bool,
    /// Only higher scores.
    greater: bool,
    /// Only lower scores.
    less: bool,
    /// The score is added to the one that is there.
    add: bool,
    /// The reply counts moved members too.
    count_moved: bool,
}

impl Rules {
    /// Reads the words in front of the first score, and says where that is.
    #[inline]
    fn read(args: Request<'_>) -> (Rules, usize) {
        let (mut rules, mut at) = (Rules::default(), 2);
        // No word begins like a number, and nearly always there is none.
        while let word @ [b'a'..=b'z' | b'A'..=b'Z', ..] = args.arg(at) {
            let rule = match word {
                _ if is_word(word, "NX") => &mut rules.new,
                _ if is_word(word, "XX") => &mut rules.old,
                _ if is_word(word, "GT") => &mut rules.greater,
                _ if is_word(word, "LT") => &mut rules.less,
                _ if is_word(word, "CH") => &mut rules.count_moved,
                _ if is_word(word, "INCR") => &mut rules.add,
                _ => break,
            };
            *rule = true;
            at += 1;
        }
        (rules, at)
    }

    /// # Errors
    /// Rules that exclude each other.
    #[inline]
    fn check(&self, pairs: usize) -> Result<(), Refusal> {
        if self.new && self.old {
            return Err(Refusal::text("ERR XX and NX options at the same time are not compatible"));
        }
        if (self.new && (self.greater || self.less)) || (self.greater && self.less) {
            return Err(Refusal::text(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.add && pairs > 1 {
            return Err(Refusal::text("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    /// Whether any member may be left as it is.
    #[inline]
    fn are_plain(&self) -> bool {
        !(self.new || self.old || self.greater || self.less || self.add)
    }

    /// Gives a member a score where the rules allow it: the score it has then and what was done,
    /// `None` if the rules forbade it.
    ///
    /// # Errors
    /// A sum that is not a number.
    fn apply(
        &self,
        ranking: &mut Ranking,
        member: &[u8],
        score: Score,
    ) -> Result<Option<(Score, Change)>, Refusal> {
        let mut score = score;
        match ranking.score(member) {
            None if self.old => return Ok(None),
            None => {}
            Some(_) if self.new => return Ok(None),
            Some(old) => {
                if self.add {
                    score = Score::new(old.get() + score.get())
                        .ok_or(Refusal::text("ERR resulting score is not a number (NaN)"))?;
                }
                if self.less && score >= old || self.greater && score <= old {
                    return Ok(None);
                }
            }
        }
        Ok(Some((score, ranking.insert(member, score))))
    }
}

fn zadd(cx: &mut Write<'_, '_>) -> Outcome {
    let (rules, first) = Rules::read(cx.args);
    let words = cx.args.len().saturating_sub(first);
    if words == 0 || !words.is_multiple_of(2) {
        return Err(Refusal::Syntax);
    }
    rules.check(words / 2)?;
    let mut scores = SmallVec::<[Score; 8]>::new();
    for at in (first..cx.args.len()).step_by(2) {
        scores.push(number::score(cx.args.arg(at)).ok_or(Refusal::NotFloat)?);
    }
    if rules.add {
        return increase(cx, &rules, scores[0], first + 1);
    }
    let key = cx.args.arg(1);
    let edit = if rules.old {
        cx.keys.edit_existing::<Ranking>(key)?
    } else {
        Some(cx.keys.edit::<Ranking>(key)?)
    };
    let (mut added, mut moved) = (0, 0);
    if let Some(mut edit) = edit {
        let ranking = &mut *edit;
        ranking.expect(scores.len(), cx.args.arg(first + 1));
        for (at, score) in scores.into_iter().enumerate() {
            let member = cx.args.arg(first + 2 * at + 1);
            let change = if rules.are_plain() {
                Some(ranking.insert(member, score))
            } else {
                rules.apply(ranking, member, score)?.map(|(_, change)| change)
            };
            match change {
                Some(Change::Added) => added += 1,
                Some(Change::Moved(_)) => moved += 1,
                Some(Change::Same) | None => {}
            }
        }
        if added + moved == 0 {
            edit.unchanged();
        }
    }
    cx.out.integer(if rules.count_moved { added + moved } else { added });
    Ok(Next::Done)
}

/// See its summary.
pub static ZINCRBY: Command = Command {
    name: "ZINCRBY",
    summary: "Increments the score of a member in a sorted set.",
    since: "1.2.0",
    cost: Cost::Logarithmic,
    args: &[
        Arg::Key("key", Access::Update),
        Arg::Value("increment", Type::Float),
        Arg::Value("member", Type::Bytes),
    ],
    reply: Reply::Double,
    run: Run::Write(zincrby),
    also: &[Trait::Member(3)],
};

fn zincrby(cx: &mut Write<'_, '_>) -> Outcome {
    if Rules::read(cx.args).1 != 2 {
        // As in Redis, which reads both commands in one place: a word of ZADD's is no number.
        return Err(Refusal::Syntax);
    }
    let increment = number::score(cx.args.arg(2)).ok_or(Refusal::NotFloat)?;
    increase(cx, &Rules { add: true, ..Rules::default() }, increment, 3)
}

/// Adds to the score of the member that argument `member` is, and answers the sum.
fn increase(cx: &mut Write<'_, '_>, rules: &Rules, increment: Score, member: usize) -> Outcome {
    let (key, member) = (cx.args.arg(1), cx.args.arg(member));
    let edit = if rules.old {
        cx.keys.edit_existing::<Ranking>(key)?
    } else {
        Some(cx.keys.edit::<Ranking>(key)?)
    };
    let Some(mut edit) = edit else {
        cx.out.null();
        return Ok(Next::Done);
    };
    // The refusal comes before any change, and must not be noted as one.
    let applied = rules.apply(&mut edit, member, increment);
    match applied {
        Ok(Some((score, change))) => {
            if change == Change::Same {
                edit.unchanged();
            }
            cx.out.double(score.get());
        }
        Ok(None) => {
            edit.unchanged();
            cx.out.null();
        }
        Err(refusal) => {
            edit.unchanged();
            return Err(refusal);
        }
    }
    Ok(Next::Done)
}
