//! engine/bitmap/commands/fields.rs — BITFIELD: integers of any width at any bit.
//!
//! All operations are read before the first is done, so a wrong one changes nothing. The string
//! grows at once to where the last write ends, even when OVERFLOW FAIL then keeps it from being
//! written: as in Redis. Operations that only read create and change nothing.

use mainstay_protocol::{ReplyWriter, Request};
use smallvec::SmallVec;

use super::offset;
use crate::command::options::{self, Words, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::bitmap::field::{Field, Overflow};
use crate::error::Refusal;

const FIELD: Arg =
    Arg::Group(&[Arg::Value("encoding", Type::Bytes), Arg::Value("offset", Type::Count)]);

/// See its summary.
pub static BITFIELD: Command = Command {
    name: "BITFIELD",
    summary: "Performs arbitrary bitfield integer operations on strings.",
    since: "3.2.0",
    cost: Cost::Each("operations"),
    args: &[
        Arg::Key("key", Access::UpdateIf(&["SET", "INCRBY"])),
        Arg::Maybe(&Arg::Many(&Arg::OneOf(&[
            Arg::Tagged("GET", &FIELD),
            Arg::Group(&[
                Arg::Maybe(&Arg::Tagged(
                    "OVERFLOW",
                    &Arg::OneOf(&[Arg::Word("WRAP"), Arg::Word("SAT"), Arg::Word("FAIL")]),
                )),
                Arg::OneOf(&[
                    Arg::Tagged(
                        "SET",
                        &Arg::Group(&[
                            Arg::Value("encoding", Type::Bytes),
                            Arg::Value("offset", Type::Count),
                            Arg::Value("value", Type::Integer),
                        ]),
                    ),
                    Arg::Tagged(
                        "INCRBY",
                        &Arg::Group(&[
                            Arg::Value("encoding", Type::Bytes),
                            Arg::Value("offset", Type::Count),
                            Arg::Value("increment", Type::Integer),
                        ]),
                    ),
                ]),
            ]),
        ]))),
    ],
    reply: Reply::Array(&Reply::Maybe(&Reply::Int)),
    run: Run::Write(bitfield),
    also: &[Trait::Slow],
};

fn bitfield(cx: &mut Write<'_, '_>) -> Outcome {
    let steps = parse(cx.args)?;
    let ends = steps.iter().filter(|step| !matches!(step.act, Act::Get));
    let Some(end) = ends.map(|step| step.field.end_byte()).max() else {
        return show(cx.keys.string(cx.args.arg(1))?, &steps, &mut cx.out);
    };
    let out = &mut cx.out;
    cx.keys.amend_string(
        cx.args.arg(1),
        |held| held.max(end),
        |bytes| {
            out.array(steps.len());
            let mut changed = false;
            for step in &steps {
                changed |= step.run(bytes, out);
            }
            ((), changed)
        },
    )?;
    Ok(Next::Done)
}

/// See its summary.
pub static BITFIELD_RO: Command = Command {
    name: "BITFIELD_RO",
    summary: "Performs arbitrary read-only bitfield integer operations on strings.",
    since: "6.0.0",
    cost: Cost::Each("operations"),
    args: &[Arg::Key("key", Access::Look), Arg::Maybe(&Arg::Many(&Arg::Tagged("GET", &FIELD)))],
    reply: Reply::Array(&Reply::Int),
    run: Run::Read(bitfield_ro),
    also: &[],
};

fn bitfield_ro(cx: &mut Read<'_>) -> Outcome {
    let steps = parse(cx.args)?;
    if steps.iter().any(|step| !matches!(step.act, Act::Get)) {
        return Err(Refusal::text("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    show(cx.keys.string(cx.args.arg(1))?, &steps, &mut cx.out)
}

/// Answers operations that only read.
fn show(held: Option<&[u8]>, steps: &[Step], out: &mut ReplyWriter<'_>) -> Outcome {
    out.array(steps.len());
    for step in steps {
        out.integer(step.field.read(held.unwrap_or_default()));
    }
    Ok(Next::Done)
}

/// One operation.
struct Step {
    field: Field,
    act: Act,
    overflow: Overflow,
}

enum Act {
    Get,
    Set(i64),
    Add(i64),
}

impl Step {
    /// Runs and answers the operation; says whether it changed something. The bytes reach to where
    /// it writes.
    fn run(&self, bytes: &mut [u8], out: &mut ReplyWriter<'_>) -> bool {
        let held = self.field.read(bytes);
        let (wanted, answers_old) = match self.act {
            Act::Get => {
                out.integer(held);
                return false;
            }
            Act::Set(value) => (self.field.settable(value), true),
            Act::Add(by) => (i128::from(held) + i128::from(by), false),
        };
        let Some(value) = self.field.fit(wanted, self.overflow) else {
            out.null();
            return false;
        };
        self.field.write(bytes, value);
        out.integer(if answers_old { held } else { value });
        value != held
    }
}

fn parse(args: Request<'_>) -> Result<SmallVec<[Step; 4]>, Refusal> {
    let mut steps = SmallVec::new();
    let mut overflow = Overflow::Wrap;
    let mut words = Words::new(args, 2);
    while let Some(word) = words.next() {
        let needs = |count| words.left() >= count;
        if is_word(word, "OVERFLOW") && needs(1) {
            overflow = parse_overflow(words.value()?)?;
            continue;
        }
        let is_get = is_word(word, "GET") && needs(2);
        let is_set = is_word(word, "SET") && needs(3);
        let is_add = is_word(word, "INCRBY") && needs(3);
        if !(is_get || is_set || is_add) {
            return Err(Refusal::Syntax);
        }
        let field = parse_field(words.value()?, words.value()?)?;
        let act = match (is_get, is_set) {
            (true, _) => Act::Get,
            (_, true) => Act::Set(options::integer(words.value()?)?),
            _ => Act::Add(options::integer(words.value()?)?),
        };
        steps.push(Step { field, act, overflow });
    }
    Ok(steps)
}

fn parse_overflow(word: &[u8]) -> Result<Overflow, Refusal> {
    let all = [("WRAP", Overflow::Wrap), ("SAT", Overflow::Sat), ("FAIL", Overflow::Fail)];
    let found = all.into_iter().find(|(name, _)| is_word(word, name));
    found.map(|(_, overflow)| overflow).ok_or(Refusal::text("ERR Invalid OVERFLOW type specified"))
}

fn parse_field(encoding: &[u8], at: &[u8]) -> Result<Field, Refusal> {
    let width = |bits, most| {
        let width = options::parse_integer(bits).and_then(|width| u8::try_from(width).ok());
        width.filter(|width| (1..=most).contains(width))
    };
    let parsed = match encoding {
        [b'i', bits @ ..] => width(bits, 64).map(|width| (width, true)),
        [b'u', bits @ ..] => width(bits, 63).map(|width| (width, false)),
        _ => None,
    };
    let (width, signed) = parsed.ok_or(Refusal::text(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but \
         i64 is.",
    ))?;
    Ok(Field { offset: offset(at, Some(width))?, width, signed })
}
