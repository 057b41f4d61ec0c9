//! engine/hyperloglog/commands/debug.rs — PFDEBUG shows and recasts a value, PFSELFTEST tries the
//! arithmetic.

use super::{put, sketch};
use crate::command::options::is_word;
use crate::command::{
    Access, Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, Write,
};
use crate::engine::hyperloglog::REGISTERS;
use crate::engine::hyperloglog::sketch::{Draft, Sketch};
use crate::engine::hyperloglog::sparse;
use crate::error::Refusal;

/// See its summary.
pub static PFDEBUG: Command = Command {
    name: "PFDEBUG",
    summary: "Internal commands for debugging HyperLogLog values.",
    since: "2.8.9",
    cost: Cost::Linear("registers"),
    args: &[Arg::Value("subcommand", Type::Bytes), Arg::Key("key", Access::Recast)],
    reply: Reply::OneOf(&[Reply::Array(&Reply::Int), Reply::Bulk, Reply::Simple, Reply::Int]),
    run: Run::Write(pfdebug),
    also: &[Trait::Admin],
};

fn pfdebug(cx: &mut Write<'_, '_>) -> Outcome {
    let (word, key) = (cx.args.arg(1), cx.args.arg(2));
    let Some(sketch) = sketch(&cx.keys, key)? else {
        return Err(Refusal::text("ERR The specified key does not exist"));
    };
    if is_word(word, "GETREG") {
        let mut values = [0; REGISTERS];
        sketch.merge(&mut values)?;
        make_dense(cx)?;
        cx.out.array(values.len());
        values.iter().for_each(|&value| cx.out.integer(value.into()));
    } else if is_word(word, "DECODE") {
        let Sketch::Sparse(bytes) = sketch else {
            return Err(Refusal::text("ERR HLL encoding is not sparse"));
        };
        cx.out.bulk_str(&sparse::decode(bytes));
    } else if is_word(word, "ENCODING") {
        cx.out.simple(match sketch {
            Sketch::Sparse(_) => "sparse",
            Sketch::Dense(..) => "dense",
        });
    } else if is_word(word, "TODENSE") {
        let was_sparse = make_dense(cx)?;
        cx.out.integer(was_sparse.into());
    } else {
        return Err(Refusal::quoting("ERR Unknown PFDEBUG subcommand '", word, "'"));
    }
    Ok(Next::Done)
}

/// Makes the value dense; says whether it was not.
fn make_dense(cx: &mut Write<'_, '_>) -> Result<bool, Refusal> {
    let key = cx.args.arg(2);
    let Some(sparse @ Sketch::Sparse(_)) = sketch(&cx.keys, key)? else { return Ok(false) };
    let mut draft = Draft::of(sparse);
    draft.make_dense()?;
    put(&mut cx.keys, key, &draft.recast())?;
    Ok(true)
}

/// See its summary. Redis counts to ten million, which takes seconds; this goes a hundredth of the
/// way, so that nobody waits for it.
pub static PFSELFTEST: Command = Command {
    name: "PFSELFTEST",
    summary: "An internal command for testing HyperLogLog values.",
    since: "2.8.9",
    cost: Cost::Linear("elements that it tries"),
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(pfselftest),
    also: &[Trait::Admin],
};

const SELF_TEST_ELEMENTS: u64 = 100_000;

fn pfselftest(cx: &mut Desk<'_>) -> Outcome {
    let (mut sparse, mut dense) = (Draft::empty(), Draft::empty());
    dense.make_dense()?;
    let mut checkpoint = 1;
    for number in 1..=SELF_TEST_ELEMENTS {
        let element = (number ^ cx.now).to_le_bytes();
        sparse.add(&element)?;
        dense.add(&element)?;
        if number != checkpoint {
            continue;
        }
        let [found, other] = [dense.count()?, sparse.count()?];
        if found != other {
            return Err(Refusal::text("ERR TESTFAILED dense/sparse disagree"));
        }
        // Six times the standard error, as Redis allows.
        let most = (1.04 / (REGISTERS as f64).sqrt() * 6.0 * checkpoint as f64).ceil() as u64;
        if found.abs_diff(checkpoint) > most {
            return Err(Refusal::from(format!(
                "ERR TESTFAILED Too big error. card:{checkpoint} abserr:{}",
                found.abs_diff(checkpoint)
            )));
        }
        checkpoint *= 10;
    }
    cx.out.ok();
    Ok(Next::Done)
}
