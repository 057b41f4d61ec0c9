//! engine/bitmap/commands/find.rs — counting bits and looking for one, in all of a string or in a
//! range of its bytes or bits.
//!
//! The arguments are read before the key is looked at, as since Redis 7.2.

use mainstay_protocol::Request;

use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type};
use crate::engine::bitmap::bits;
use crate::error::Refusal;

const UNIT: Arg = Arg::Maybe(&Arg::OneOf(&[Arg::Word("BYTE"), Arg::Word("BIT")]));

/// See its summary.
pub static BITCOUNT: Command = Command {
    name: "BITCOUNT",
    summary: "Counts the number of set bits (population counting) in a string.",
    since: "2.6.0",
    cost: Cost::Linear("bytes in the range"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Maybe(&Arg::Group(&[
            Arg::Value("start", Type::Integer),
            Arg::Value("end", Type::Integer),
            UNIT,
        ])),
    ],
    reply: Reply::Int,
    run: Run::Read(bitcount),
    also: &[],
};

fn bitcount(cx: &mut Read<'_>) -> Outcome {
    let args = cx.args;
    let range = match args.len() {
        2 => None,
        4 | 5 => {
            let (start, end) = (options::integer(args.arg(2))?, options::integer(args.arg(3))?);
            Some((start, end, is_in_bits(args, 4)?))
        }
        _ => return Err(Refusal::Syntax),
    };
    let held = cx.keys.string(args.arg(1))?.unwrap_or_default();
    let count = match range {
        None => bits::count(held),
        // Redis looks at this before it resolves the two: -1 -2 is empty for one byte, too.
        Some((start, end, _)) if start < 0 && end < 0 && start > end => 0,
        Some((start, end, in_bits)) => match resolve(held.len(), start, end, in_bits) {
            Some((from, to)) => bits::count_between(held, from, to),
            None => 0,
        },
    };
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static BITPOS: Command = Command {
    name: "BITPOS",
    summary: "Finds the first set (1) or clear (0) bit in a string.",
    since: "2.8.7",
    cost: Cost::Linear("bytes in the range"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("bit", Type::Flag),
        Arg::Maybe(&Arg::Group(&[
            Arg::Value("start", Type::Integer),
            Arg::Maybe(&Arg::Group(&[Arg::Value("end", Type::Integer), UNIT])),
        ])),
    ],
    reply: Reply::Int,
    run: Run::Read(bitpos),
    also: &[],
};

fn bitpos(cx: &mut Read<'_>) -> Outcome {
    let args = cx.args;
    let bit = match options::integer(args.arg(2))? {
        bit @ 0..=1 => bit == 1,
        _ => return Err(Refusal::text("ERR The bit argument must be 1 or 0.")),
    };
    if args.len() > 6 {
        return Err(Refusal::Syntax);
    }
    let start = args.get(3).map_or(Ok(0), options::integer)?;
    let in_bits = is_in_bits(args, 5)?;
    let end = args.get(4).map(options::integer).transpose()?;
    let Some(held) = cx.keys.string(args.arg(1))? else {
        cx.out.integer(if bit { -1 } else { 0 });
        return Ok(Next::Done);
    };
    let Some((from, to)) = resolve(held.len(), start, end.unwrap_or(-1), in_bits) else {
        cx.out.integer(-1);
        return Ok(Next::Done);
    };
    let found = match bits::find(held, bit, from, to) {
        Some(at) => at as i64,
        // Without an end the string goes on with zeros.
        None if !bit && end.is_none() => held.len() as i64 * 8,
        None => -1,
    };
    cx.out.integer(found);
    Ok(Next::Done)
}

/// Whether the range is said in bits; bytes if there is no argument at `at`.
fn is_in_bits(args: Request<'_>, at: usize) -> Result<bool, Refusal> {
    match args.get(at) {
        None => Ok(false),
        Some(word) if is_word(word, "BYTE") => Ok(false),
        Some(word) if is_word(word, "BIT") => Ok(true),
        Some(_) => Err(Refusal::Syntax),
    }
}

/// The bits from the first to behind the last one of a range; negative ends count from the end of
/// the string. `None` if there are none.
fn resolve(len: usize, start: i64, end: i64, in_bits: bool) -> Option<(usize, usize)> {
    // A string has less than 2^32 bytes.
    let unit = if in_bits { 1 } else { 8 };
    let len = len as i64 * 8 / unit;
    let from_end = |index: i64| if index < 0 { (len + index).max(0) } else { index };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    (start <= end).then(|| ((start * unit) as usize, ((end + 1) * unit) as usize))
}
