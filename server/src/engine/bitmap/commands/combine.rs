//! engine/bitmap/commands/combine.rs — BITOP: a bitmap computed of others.
//!
//! A long result is computed in place, a block at a time, so that even one of 512 MiB needs no
//! second copy. A destination that is also a source is right all the same: a block of the result
//! needs nothing but the same block of the sources.

use smallvec::SmallVec;

use crate::command::options::is_word;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Write};
use crate::engine::bitmap::operation::Operation;
use crate::error::Refusal;
use crate::keyspace::{Keys, Ttl, Value};

/// So many bytes are computed at a time: they stay in the first cache.
const BLOCK_BYTES: usize = 16 << 10;
/// A string beyond these is raw whatever made it.
const EMBEDDED_BYTES_MAX: usize = 44;

/// See its summary.
pub static BITOP: Command = Command {
    name: "BITOP",
    summary: "Performs bitwise operations on multiple strings, and stores the result.",
    since: "2.6.0",
    cost: Cost::Linear("bytes of the longest string, times the strings"),
    args: &[
        Arg::OneOf(&[
            Arg::Word("AND"),
            Arg::Word("OR"),
            Arg::Word("XOR"),
            Arg::Word("NOT"),
            Arg::Word("DIFF"),
            Arg::Word("DIFF1"),
            Arg::Word("ANDOR"),
            Arg::Word("ONE"),
        ]),
        Arg::Key("destkey", Access::Replace),
        Arg::Many(&Arg::Key("key", Access::Look)),
    ],
    reply: Reply::Int,
    run: Run::Write(bitop),
    also: &[],
};

fn bitop(cx: &mut Write<'_, '_>) -> Outcome {
    let operation = operation(cx.args.arg(1))?;
    let target = cx.args.arg(2);
    let names: SmallVec<[&[u8]; 8]> = cx.args.args().skip(3).collect();
    match operation {
        Operation::Not if names.len() != 1 => {
            return Err(Refusal::text("ERR BITOP NOT must be called with a single source key."));
        }
        Operation::Diff | Operation::Diff1 | Operation::AndOr if names.len() < 2 => {
            return Err(Refusal::from(format!(
                "ERR BITOP {} must be called with at least two source keys.",
                cx.args.arg(1).to_ascii_uppercase().escape_ascii()
            )));
        }
        _ => {}
    }
    let mut result: SmallVec<[u8; 256]> = SmallVec::new();
    let len = {
        let held = sources(&cx.keys, &names, 0, usize::MAX)?;
        let len = held.iter().map(|held| held.len()).max().unwrap_or_default();
        if len <= BLOCK_BYTES {
            result.resize(len, 0);
            operation.apply(&held, &mut result);
        }
        len
    };
    cx.out.integer(len as i64);
    if len == 0 {
        cx.keys.remove(target);
        return Ok(Next::Done);
    }
    if len > BLOCK_BYTES {
        combine_long(cx, operation, &names, len)?;
        return Ok(Next::Done);
    }
    cx.keys.put_string(target, &result, Ttl::Clear);
    if len <= EMBEDDED_BYTES_MAX {
        // Redis stores what it computes as it is: never as an integer, never embedded.
        cx.keys.amend_string(target, |len| len, |_| ((), false))?;
    }
    Ok(Next::Done)
}

/// Computes a result of several blocks where it will stay.
fn combine_long(
    cx: &mut Write<'_, '_>,
    operation: Operation,
    names: &[&[u8]],
    len: usize,
) -> Result<(), Refusal> {
    let target = cx.args.arg(2);
    if matches!(cx.keys.peek(target), Some(Value::String(_))) {
        cx.keys.set_deadline(target, None);
    } else {
        cx.keys.put_string(target, b"", Ttl::Clear);
    }
    // A source that is the target keeps its bytes: the result is at least as long.
    cx.keys.amend_string(target, |_| len, |_| ((), false))?;
    let mut block = vec![0; BLOCK_BYTES];
    for from in (0..len).step_by(BLOCK_BYTES) {
        let block = &mut block[..(len - from).min(BLOCK_BYTES)];
        operation.apply(&sources(&cx.keys, names, from, block.len())?, block);
        cx.keys.amend_string(
            target,
            |held| held,
            |bytes| {
                bytes[from..from + block.len()].copy_from_slice(block);
                ((), false)
            },
        )?;
    }
    Ok(())
}

fn operation(word: &[u8]) -> Result<Operation, Refusal> {
    let all = [
        ("AND", Operation::And),
        ("OR", Operation::Or),
        ("XOR", Operation::Xor),
        ("NOT", Operation::Not),
        ("DIFF", Operation::Diff),
        ("DIFF1", Operation::Diff1),
        ("ANDOR", Operation::AndOr),
        ("ONE", Operation::One),
    ];
    let found = all.into_iter().find(|(name, _)| is_word(word, name));
    found.map(|(_, operation)| operation).ok_or(Refusal::Syntax)
}

/// The same block of each source; shorter, or empty, where a source ends before it.
fn sources<'a>(
    keys: &'a Keys<'_>,
    names: &[&[u8]],
    from: usize,
    len: usize,
) -> Result<SmallVec<[&'a [u8]; 8]>, Refusal> {
    let cut = |name: &&[u8]| {
        let held = keys.string(name)?.unwrap_or_default();
        let rest = held.get(from..).unwrap_or_default();
        Ok(&rest[..rest.len().min(len)])
    };
    names.iter().map(cut).collect()
}
