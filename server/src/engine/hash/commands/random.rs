//! engine/hash/commands/random.rs — HRANDFIELD.

use mainstay_protocol::Version;

use crate::clock::Millis;
use crate::command::options::{self, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::dice::Dice;
use crate::engine::hash::fields::Fields;
use crate::error::Refusal;

/// The most fields that may be drawn with repetition: the reply is made in memory. Redis has no
/// such limit and runs out of memory instead.
const REPEATS_MAX: u64 = 1 << 24;

/// How often a dead field's place may be drawn before the living are counted.
const TRIES: usize = 100;

/// See its summary.
pub static HRANDFIELD: Command = Command {
    name: "HRANDFIELD",
    summary: "Returns one or more random fields from a hash.",
    since: "6.2.0",
    cost: Cost::Linear("fields returned"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Maybe(&Arg::Group(&[
            Arg::Value("count", Type::Integer),
            Arg::Maybe(&Arg::Word("WITHVALUES")),
        ])),
    ],
    reply: Reply::Maybe(&Reply::OneOf(&[Reply::Bulk, Reply::Array(&Reply::Any)])),
    run: Run::Read(hrandfield),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn hrandfield(cx: &mut Read<'_>) -> Outcome {
    if cx.args.len() > 2 {
        return several(cx);
    }
    let fields = cx.keys.get::<Fields>(cx.args.arg(1))?;
    match fields.and_then(|fields| any(fields, cx.now, &mut cx.dice)) {
        Some((field, _)) => cx.out.bulk(field),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// Any field, each with the same chance: draws until it is not a dead one's place.
fn any<'f>(fields: &'f Fields, now: Millis, dice: &mut Dice) -> Option<(&'f [u8], &'f [u8])> {
    for _ in 0..TRIES {
        let drawn = fields.at(dice.below(fields.places()), now);
        if drawn.is_some() {
            return drawn;
        }
    }
    // Nearly all are dead.
    fields.iter(now).nth(dice.below(fields.len(now)))
}

/// `wanted` of the `len` fields that are alive, every choice of them equally likely.
fn sample(fields: &Fields, now: Millis, wanted: usize, len: usize, dice: &mut Dice) -> Vec<usize> {
    let places = fields.places();
    if places == len {
        return dice.sample(wanted, len);
    }
    // Among so many places at least `wanted` are of the living; which of those is drawn again,
    // since the order of a sample is not random.
    let mut drawn = dice.sample(wanted.saturating_add(places - len), places);
    drawn.retain(|&place| fields.at(place, now).is_some());
    dice.sample(wanted, drawn.len()).into_iter().map(|at| drawn[at]).collect()
}

fn several(cx: &mut Read<'_>) -> Outcome {
    let count = options::integer(cx.args.arg(2))?;
    if count == i64::MIN {
        return Err(Refusal::text(
            "ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        ));
    }
    let has_values = match cx.args.len() {
        3 => false,
        4 if is_word(cx.args.arg(3), "WITHVALUES") => true,
        _ => return Err(Refusal::Syntax),
    };
    let repeats = count < 0 && count.unsigned_abs() > REPEATS_MAX;
    if repeats || has_values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Refusal::text("ERR value is out of range"));
    }
    let Some(fields) = cx.keys.get::<Fields>(cx.args.arg(1))? else {
        cx.out.array(0);
        return Ok(Next::Done);
    };
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let (now, len) = (cx.now, fields.len(cx.now));
    let mut answer = Answer { cx, has_values };
    if count < 0 {
        answer.begin(wanted);
        for _ in 0..wanted {
            let pair = any(fields, now, &mut answer.cx.dice);
            answer.pair(pair);
        }
    } else if wanted >= len {
        answer.begin(len);
        fields.iter(now).for_each(|pair| answer.pair(Some(pair)));
    } else {
        answer.begin(wanted);
        for place in sample(fields, now, wanted, len, &mut answer.cx.dice) {
            answer.pair(fields.at(place, now));
        }
    }
    Ok(Next::Done)
}

/// Writes fields, with their values if they were asked for: in turn in RESP2, in pairs in RESP3.
struct Answer<'c, 'a> {
    cx: &'c mut Read<'a>,
    has_values: bool,
}

impl Answer<'_, '_> {
    fn is_paired(&self) -> bool {
        self.has_values && self.cx.out.version() == Version::Resp3
    }

    fn begin(&mut self, count: usize) {
        let is_flat = self.has_values && !self.is_paired();
        self.cx.out.array(if is_flat { 2 * count } else { count });
    }

    fn pair(&mut self, pair: Option<(&[u8], &[u8])>) {
        let Some((field, value)) = pair else { return };
        if self.is_paired() {
            self.cx.out.array(2);
        }
        self.cx.out.bulk(field);
        if self.has_values {
            self.cx.out.bulk(value);
        }
    }
}
