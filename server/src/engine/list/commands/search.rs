//! engine/list/commands/search.rs — by value.

use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write};
use crate::engine::list::sequence::Sequence;
use crate::error::Refusal;
use crate::structure::segments::{End, List};

/// See its summary.
pub static LPOS: Command = Command {
    name: "LPOS",
    summary: "Returns the index of matching elements in a list.",
    since: "6.0.6",
    cost: Cost::Linear("elements compared"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("element", Type::Bytes),
        Arg::AnyOrder(&[
            Arg::Tagged("RANK", &Arg::Value("rank", Type::Integer)),
            Arg::Tagged("COUNT", &Arg::Value("num-matches", Type::Count)),
            Arg::Tagged("MAXLEN", &Arg::Value("len", Type::Count)),
        ]),
    ],
    reply: Reply::Maybe(&Reply::OneOf(&[Reply::Int, Reply::Array(&Reply::Int)])),
    run: Run::Read(lpos),
    also: &[],
};

/// What LPOS looks for besides the element.
struct Search {
    /// From which end.
    from: End,
    /// Matches passed over before the first that counts.
    skip: usize,
    /// Matches wanted; `None` for one, answered by itself.
    count: Option<usize>,
    /// Elements compared at most.
    most: usize,
}

impl Search {
    fn read(mut words: Words<'_>) -> Result<Search, Refusal> {
        let mut search = Search { from: End::Front, skip: 0, count: None, most: usize::MAX };
        let unlimited = |count: usize| if count == 0 { usize::MAX } else { count };
        while let Some(word) = words.next() {
            if is_word(word, "RANK") {
                let rank = options::integer(words.value()?)?;
                search.skip = skipped(rank)?;
                search.from = if rank < 0 { End::Back } else { End::Front };
            } else if is_word(word, "COUNT") {
                let wrong = Refusal::text("ERR COUNT can't be negative");
                search.count = Some(unlimited(count(words.value()?).ok_or(wrong)?));
            } else if is_word(word, "MAXLEN") {
                let wrong = Refusal::text("ERR MAXLEN can't be negative");
                search.most = unlimited(count(words.value()?).ok_or(wrong)?);
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(search)
    }

    /// The positions found, in the order they are met.
    fn positions<'a>(
        &self,
        list: &'a List,
        element: &'a [u8],
    ) -> Box<dyn Iterator<Item = usize> + 'a> {
        let last = list.len().saturating_sub(1);
        let (skip, most) = (self.skip, self.most);
        let is_match = move |(at, entry): (usize, &[u8])| (entry == element).then_some(at);
        match self.from {
            End::Front => {
                let walk = list.iter().enumerate();
                Box::new(walk.take(most).filter_map(is_match).skip(skip))
            }
            End::Back => {
                let walk = list.iter_back().enumerate().take(most);
                Box::new(
                    walk.map(move |(at, entry)| (last - at, entry)).filter_map(is_match).skip(skip),
                )
            }
        }
    }
}

/// How many matches a rank passes over, from whichever end.
fn skipped(rank: i64) -> Result<usize, Refusal> {
    match rank {
        0 => Err(Refusal::text(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
             or use negative to start from the end of the list",
        )),
        // The rank counts down from the tail, and its opposite must be a rank too.
        i64::MIN => Err(Refusal::text(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        )),
        _ => Ok(usize::try_from(rank.unsigned_abs() - 1).unwrap_or(usize::MAX)),
    }
}

fn count(bytes: &[u8]) -> Option<usize> {
    usize::try_from(options::parse_integer(bytes)?).ok()
}

fn lpos(cx: &mut Read<'_>) -> Outcome {
    let search = Search::read(Words::new(cx.args, 3))?;
    let list = cx.keys.get::<Sequence>(cx.args.arg(1))?;
    let positions = list.map(|list| search.positions(&list.entries, cx.args.arg(2)));
    let mut positions = positions.into_iter().flatten();
    match search.count {
        None => match positions.next() {
            Some(at) => cx.out.integer(at as i64),
            None => cx.out.null(),
        },
        Some(count) => {
            let begun = cx.out.begin_array();
            let mut found = 0;
            for at in positions.take(count) {
                cx.out.integer(at as i64);
                found += 1;
            }
            cx.out.finish_array(begun, found);
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LINSERT: Command = Command {
    name: "LINSERT",
    summary: "Inserts an element before or after another element in a list.",
    since: "2.2.0",
    cost: Cost::Linear("elements before the pivot"),
    args: &[
        Arg::Key("key", Access::Insert),
        Arg::OneOf(&[Arg::Word("BEFORE"), Arg::Word("AFTER")]),
        Arg::Value("pivot", Type::Bytes),
        Arg::Value("element", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(linsert),
    also: &[],
};

fn linsert(cx: &mut Write<'_, '_>) -> Outcome {
    let behind = match cx.args.arg(2) {
        word if is_word(word, "AFTER") => 1,
        word if is_word(word, "BEFORE") => 0,
        _ => return Err(Refusal::Syntax),
    };
    let Some(mut list) = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? else {
        cx.out.integer(0);
        return Ok(Next::Done);
    };
    let pivot = cx.args.arg(3);
    match list.entries.iter().position(|entry| entry == pivot) {
        Some(at) => {
            list.entries.insert(at + behind, cx.args.arg(4));
            cx.out.integer(list.entries.len() as i64);
        }
        None => {
            list.unchanged();
            cx.out.integer(-1);
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LREM: Command = Command {
    name: "LREM",
    summary: "Removes elements from a list. Deletes the list if the last element was removed.",
    since: "1.0.0",
    cost: Cost::Linear("elements compared"),
    args: &[
        Arg::Key("key", Access::Remove),
        Arg::Value("count", Type::Integer),
        Arg::Value("element", Type::Bytes),
    ],
    reply: Reply::Int,
    run: Run::Write(lrem),
    also: &[],
};

fn lrem(cx: &mut Write<'_, '_>) -> Outcome {
    let count = options::integer(cx.args.arg(2))?;
    let from = if count < 0 { End::Back } else { End::Front };
    let most = match count.unsigned_abs() {
        0 => usize::MAX,
        count => usize::try_from(count).unwrap_or(usize::MAX),
    };
    let mut removed = 0;
    if let Some(mut list) = cx.keys.edit_existing::<Sequence>(cx.args.arg(1))? {
        removed = list.remove_equal(from, most, cx.args.arg(3));
        if removed == 0 {
            list.unchanged();
        }
    }
    cx.out.integer(removed as i64);
    Ok(Next::Done)
}
