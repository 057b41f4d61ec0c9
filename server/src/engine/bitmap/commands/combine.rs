//! engine/bitmap/commands/combine.rs — BITOP: a bitmap computed of others.
//!
//! The result is computed in place, a block at a time, so that even results of 512 MiB need no
//! second copy. A destination that is also a source is right all the same: a block of the result
//! needs nothing but the same block of the sources.

use smallvec::SmallVec;

use crate::command::options::is_word;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Write};
use crate::engine::bitmap::operation::Operation;
use crate::error::Refusal;
use crate::keyspace::{Keys, Ttl};

/// So many bytes are computed at a time: they stay in the first cache.
const BLOCK_BYTES: usize = 8 << 10;

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
    let mut len = 0;
    for name in &names {
        len = len.max(cx.keys.string(name)?.map_or(0, <[u8]>::len));
    }
    cx.out.integer(len as i64);
    if len == 0 {
        cx.keys.remove(target);
        return Ok(Next::Done);
    }
    if names.contains(&target) && cx.keys.string(target)?.is_some() {
        cx.keys.set_deadline(target, None);
    } else {
        cx.keys.put_string(target, b"", Ttl::Clear);
    }
    cx.keys.amend_string(target, |_| len, |_| ((), false))?;
    let mut block = vec![0; len.min(BLOCK_BYTES)];
    for from in (0..len).step_by(BLOCK_BYTES) {
        let block = &mut block[..(len - from).min(BLOCK_BYTES)];
        operation.apply(&sources(&cx.keys, &names, from, block.len())?, block);
        cx.keys.amend_string(
            target,
            |held| held,
            |bytes| {
                bytes[from..from + block.len()].copy_from_slice(block);
                ((), false)
            },
        )?;
    }
    Ok(Next::Done)
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
