//! engine/set/commands/algebra.rs — what several sets have together, in common, or apart.
//!
//! The results are computed member by member and shown as they come; `store` keeps them. A key that
//! is not there is an empty set; every key's kind is looked at before anything is shown.

use smallvec::SmallVec;

use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::set::members::Members;
use crate::error::Refusal;
use crate::keyspace::Keys;
use crate::structure::dense::DenseSet;

/// The sets at several keys, in the order of the keys.
pub(super) type Sets<'a> = SmallVec<[Option<&'a Members>; 8]>;

/// Looks the sets up.
pub(super) fn sets<'a, 'n>(
    keys: &'a Keys<'_>,
    names: impl Iterator<Item = &'n [u8]>,
) -> Result<Sets<'a>, Refusal> {
    names.map(|name| keys.get::<Members>(name)).collect()
}

/// Shows the members that all sets have, until `show` says no.
pub(super) fn each_common(sets: &Sets<'_>, mut show: impl FnMut(&[u8]) -> bool) {
    let mut present: SmallVec<[&Members; 8]> = sets.iter().flatten().copied().collect();
    if present.len() < sets.len() {
        return;
    }
    present.sort_by_key(|set| set.len());
    let Some((smallest, others)) = present.split_first() else { return };
    for member in smallest.iter() {
        if others.iter().all(|set| set.contains(member)) && !show(member) {
            return;
        }
    }
}

/// Shows the members that any set has, each once.
pub(super) fn each_of_any(sets: &Sets<'_>, mut show: impl FnMut(&[u8])) {
    let present: SmallVec<[&Members; 8]> = sets.iter().flatten().copied().collect();
    if let [only] = present[..] {
        return only.iter().for_each(show);
    }
    let mut seen = DenseSet::new();
    for member in present.iter().flat_map(|set| set.iter()) {
        if seen.insert(member) {
            show(member);
        }
    }
}

/// Shows the members of the first set that no other has.
pub(super) fn each_only_first(sets: &Sets<'_>, mut show: impl FnMut(&[u8])) {
    let Some((Some(first), others)) = sets.split_first() else { return };
    let others: SmallVec<[&Members; 8]> = others.iter().flatten().copied().collect();
    for member in first.iter() {
        if !others.iter().any(|set| set.contains(member)) {
            show(member);
        }
    }
}

/// See its summary.
pub static SINTER: Command = Command {
    name: "SINTER",
    summary: "Returns the intersect of multiple sets.",
    since: "1.0.0",
    cost: Cost::Linear("members of the smallest set, times the sets"),
    args: &[Arg::Many(&Arg::Key("key", Access::Look))],
    reply: Reply::Set(&Reply::Bulk),
    run: Run::Read(sinter),
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn sinter(cx: &mut Read<'_>) -> Outcome {
    let sets = sets(cx.keys, cx.args.args().skip(1))?;
    let (begun, mut count) = (cx.out.begin_set(), 0);
    each_common(&sets, |member| {
        cx.out.bulk(member);
        count += 1;
        true
    });
    cx.out.finish_set(begun, count);
    Ok(Next::Done)
}

/// See its summary.
pub static SINTERCARD: Command = Command {
    name: "SINTERCARD",
    summary: "Returns the number of members of the intersect of multiple sets.",
    since: "7.0.0",
    cost: Cost::Linear("members of the smallest set, times the sets"),
    args: &[
        Arg::Counted(&Arg::Key("key", Access::Look)),
        Arg::Maybe(&Arg::Tagged("LIMIT", &Arg::Value("limit", Type::Count))),
    ],
    reply: Reply::Int,
    run: Run::Read(sintercard),
    also: &[],
};

fn sintercard(cx: &mut Read<'_>) -> Outcome {
    let count = options::parse_integer(cx.args.arg(1))
        .and_then(|count| usize::try_from(count).ok())
        .filter(|&count| count > 0)
        .ok_or(Refusal::text("ERR numkeys should be greater than 0"))?;
    if count > cx.args.len() - 2 {
        return Err(Refusal::text("ERR Number of keys can't be greater than number of args"));
    }
    let mut limit = 0;
    let mut words = Words::new(cx.args, 2 + count);
    while let Some(word) = words.next() {
        if !is_word(word, "LIMIT") {
            return Err(Refusal::Syntax);
        }
        limit = options::parse_integer(words.value()?)
            .filter(|&limit| limit >= 0)
            .ok_or(Refusal::text("ERR LIMIT can't be negative"))?;
    }
    let sets = sets(cx.keys, cx.args.args().skip(2).take(count))?;
    let mut common = 0;
    each_common(&sets, |_| {
        common += 1;
        common != limit
    });
    cx.out.integer(common);
    Ok(Next::Done)
}

/// See its summary.
pub static SUNION: Command = Command {
    name: "SUNION",
    summary: "Returns the union of multiple sets.",
    since: "1.0.0",
    cost: Cost::Linear("members of all sets"),
    args: &[Arg::Many(&Arg::Key("key", Access::Look))],
    reply: Reply::Set(&Reply::Bulk),
    run: Run::Read(sunion),
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn sunion(cx: &mut Read<'_>) -> Outcome {
    let sets = sets(cx.keys, cx.args.args().skip(1))?;
    let (begun, mut count) = (cx.out.begin_set(), 0);
    each_of_any(&sets, |member| {
        cx.out.bulk(member);
        count += 1;
    });
    cx.out.finish_set(begun, count);
    Ok(Next::Done)
}

/// See its summary.
pub static SDIFF: Command = Command {
    name: "SDIFF",
    summary: "Returns the difference of multiple sets.",
    since: "1.0.0",
    cost: Cost::Linear("members of the first set, times the sets"),
    args: &[Arg::Many(&Arg::Key("key", Access::Look))],
    reply: Reply::Set(&Reply::Bulk),
    run: Run::Read(sdiff),
    also: &[Trait::Tip("nondeterministic_output_order")],
};

fn sdiff(cx: &mut Read<'_>) -> Outcome {
    let sets = sets(cx.keys, cx.args.args().skip(1))?;
    let (begun, mut count) = (cx.out.begin_set(), 0);
    each_only_first(&sets, |member| {
        cx.out.bulk(member);
        count += 1;
    });
    cx.out.finish_set(begun, count);
    Ok(Next::Done)
}
