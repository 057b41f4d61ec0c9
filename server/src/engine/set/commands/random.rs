//! engine/set/commands/random.rs — members by chance.
//!
//! A position is drawn and the member there is taken, so what SPOP takes is a function of the dice
//! and of the set's order.

use crate::command::options;
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::set::members::Members;
use crate::error::Refusal;

/// The most members that one SRANDMEMBER draws when it may draw a member twice. The set's size does
/// not bound that, and a reply must be bounded.
const DRAWN_MAX: u64 = 1 << 24;

/// See its summary.
pub static SPOP: Command = Command {
    name: "SPOP",
    summary: "Returns one or more random members from a set after removing them. Deletes the set if the last member was popped.",
    since: "1.0.0",
    cost: Cost::Each("members popped"),
    args: &[Arg::Key("key", Access::Take), Arg::Maybe(&Arg::Value("count", Type::Count))],
    reply: Reply::OneOf(&[Reply::Maybe(&Reply::Bulk), Reply::Set(&Reply::Bulk)]),
    run: Run::Write(spop),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn spop(cx: &mut Write<'_, '_>) -> Outcome {
    match cx.args.len() {
        2 => {}
        3 => return spop_count(cx),
        _ => return Err(Refusal::Syntax),
    }
    match cx.keys.edit_existing::<Members>(cx.args.arg(1))? {
        None => cx.out.null(),
        Some(mut edit) => {
            let set = &mut *edit;
            let position = cx.dice.below(set.len());
            // An empty set does not exist, so there is a member.
            set.pop_at(position, |member| cx.out.bulk(member));
        }
    }
    Ok(Next::Done)
}

fn spop_count(cx: &mut Write<'_, '_>) -> Outcome {
    let count = options::parse_integer(cx.args.arg(2))
        .and_then(|count| usize::try_from(count).ok())
        .ok_or(Refusal::text("ERR value is out of range, must be positive"))?;
    let key = cx.args.arg(1);
    let Some(mut edit) = cx.keys.edit_existing::<Members>(key)? else {
        cx.out.set(0);
        return Ok(Next::Done);
    };
    let set = &mut *edit;
    if count >= set.len() {
        cx.out.set(set.len());
        set.iter().for_each(|member| cx.out.bulk(member));
        edit.unchanged();
        drop(edit);
        // All at once: a big set is freed elsewhere.
        cx.keys.remove(key);
        return Ok(Next::Done);
    }
    cx.out.set(count);
    for _ in 0..count {
        let position = cx.dice.below(set.len());
        set.pop_at(position, |member| cx.out.bulk(member));
    }
    if count == 0 {
        edit.unchanged();
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SRANDMEMBER: Command = Command {
    name: "SRANDMEMBER",
    summary: "Get one or multiple random members from a set.",
    since: "1.0.0",
    cost: Cost::Linear("members drawn"),
    args: &[Arg::Key("key", Access::Look), Arg::Maybe(&Arg::Value("count", Type::Integer))],
    reply: Reply::OneOf(&[Reply::Maybe(&Reply::Bulk), Reply::Array(&Reply::Bulk)]),
    run: Run::Read(srandmember),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn srandmember(cx: &mut Read<'_>) -> Outcome {
    match cx.args.len() {
        2 => {}
        3 => return srandmember_count(cx),
        _ => return Err(Refusal::Syntax),
    }
    let set = cx.keys.get::<Members>(cx.args.arg(1))?;
    match set.and_then(|set| set.at(cx.dice.below(set.len()))) {
        Some(member) => cx.out.bulk(member),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

fn srandmember_count(cx: &mut Read<'_>) -> Outcome {
    let count = options::integer(cx.args.arg(2))?;
    if count == i64::MIN {
        return Err(Refusal::text(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        ));
    }
    let set = match cx.keys.get::<Members>(cx.args.arg(1))? {
        Some(set) if count != 0 => set,
        _ => {
            cx.out.array(0);
            return Ok(Next::Done);
        }
    };
    let asked = count.unsigned_abs();
    if count < 0 {
        if asked > DRAWN_MAX {
            return Err(Refusal::text("ERR value is out of range"));
        }
        cx.out.array(asked as usize);
        for _ in 0..asked {
            let drawn = set.at(cx.dice.below(set.len()));
            cx.out.bulk(drawn.unwrap_or_default());
        }
        return Ok(Next::Done);
    }
    let count = usize::try_from(asked).unwrap_or(usize::MAX).min(set.len());
    cx.out.array(count);
    if count == set.len() {
        set.iter().for_each(|member| cx.out.bulk(member));
        return Ok(Next::Done);
    }
    for position in cx.dice.sample(count, set.len()) {
        cx.out.bulk(set.at(position).unwrap_or_default());
    }
    Ok(Next::Done)
}
