//! engine/stream/commands/add.rs — XADD, XTRIM and XSETID.

use crate::clock::Millis;
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::stream::ids::{self, Wanted};
use crate::engine::stream::log::{Log, Stream};
use crate::engine::stream::trim::Options;
use crate::error::Refusal;
use crate::structure::blocks::Id;

const REFERENCES: Arg =
    Arg::OneOf(&[Arg::Word("KEEPREF"), Arg::Word("DELREF"), Arg::Word("ACKED")]);

const EXACTNESS: Arg = Arg::Maybe(&Arg::OneOf(&[Arg::Word("="), Arg::Word("~")]));

/// How many entries are left, or the lowest id of these, and how many go at most.
const STRATEGY: Arg = Arg::Group(&[
    Arg::OneOf(&[
        Arg::Tagged("MAXLEN", &Arg::Group(&[EXACTNESS, Arg::Value("threshold", Type::Count)])),
        Arg::Tagged("MINID", &Arg::Group(&[EXACTNESS, Arg::Value("threshold", Type::StreamId)])),
    ]),
    Arg::Maybe(&Arg::Tagged("LIMIT", &Arg::Value("count", Type::Count))),
]);

/// The most bytes of names and values of one entry, as in Redis.
const ENTRY_BYTES_MAX: usize = 1 << 30;

/// See its summary.
pub static XADD: Command = Command {
    name: "XADD",
    summary: "Appends a new message to a stream. Creates the key if it doesn't exist.",
    since: "5.0.0",
    cost: Cost::Each("fields, and of entries evicted"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Maybe(&Arg::Word("NOMKSTREAM")),
        Arg::Maybe(&REFERENCES),
        Arg::Maybe(&STRATEGY),
        Arg::OneOf(&[Arg::Word("*"), Arg::Value("id", Type::StreamId)]),
        Arg::Many(&Arg::Group(&[
            Arg::Value("field", Type::Bytes),
            Arg::Value("value", Type::Bytes),
        ])),
    ],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Write(xadd),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn xadd(cx: &mut Write<'_, '_>) -> Outcome {
    let args = cx.args;
    let (options, at) = Options::read(args, 2, true)?;
    let wanted = args.get(at).map(ids::wanted).transpose()?;
    let trim = options.trim(false)?;
    let (first, words) = (at + 1, args.len().saturating_sub(at + 1));
    if words < 2 || !words.is_multiple_of(2) {
        return Err(Refusal::Arity("xadd"));
    }
    let Some(wanted) = wanted.filter(|&wanted| wanted != Wanted::Exactly(Id::MIN)) else {
        return Err(Refusal::text("ERR The ID specified in XADD must be greater than 0-0"));
    };
    let key = args.arg(1);
    let edit = if options.no_make {
        cx.keys.edit_existing::<Stream>(key)?
    } else {
        Some(cx.keys.edit::<Stream>(key)?)
    };
    let Some(mut edit) = edit else {
        cx.out.null();
        return Ok(Next::Done);
    };
    // A stream that was just made refuses nothing: any id but 0-0 is above its last.
    let pairs = (first..args.len()).step_by(2).map(|at| (args.arg(at), args.arg(at + 1)));
    let fits = args.args().skip(first).map(<[u8]>::len).sum::<usize>() <= ENTRY_BYTES_MAX;
    let id = match next_id(&edit.log, wanted, cx.now) {
        Ok(id) if fits => id,
        refused => {
            edit.unchanged();
            return Err(refused.err().unwrap_or(TOO_LARGE));
        }
    };
    edit.log.push(id, pairs);
    if let Some(trim) = trim {
        trim.apply(&mut edit);
    }
    ids::write(id, &mut cx.out);
    Ok(Next::Done)
}

const TOO_LARGE: Refusal = Refusal::text("ERR Elements are too large to be stored");

/// The id of the next entry.
fn next_id(log: &Log, wanted: Wanted, now: Millis) -> Result<Id, Refusal> {
    const SMALLER: Refusal = Refusal::text(
        "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
    if log.last == Id::MAX {
        return Err(Refusal::text(
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let id = match wanted {
        Wanted::Now if now > log.last.ms => Id::new(now, 0),
        Wanted::Now => log.last.next().ok_or(SMALLER)?,
        Wanted::Within(ms) if ms == log.last.ms => {
            Id::new(ms, log.last.seq.checked_add(1).ok_or(SMALLER)?)
        }
        Wanted::Within(ms) => Id::new(ms, 0),
        Wanted::Exactly(id) => id,
    };
    if id > log.last { Ok(id) } else { Err(SMALLER) }
}

/// See its summary.
pub static XTRIM: Command = Command {
    name: "XTRIM",
    summary: "Deletes messages from the beginning of a stream.",
    since: "5.0.0",
    cost: Cost::Linear("entries evicted; whole blocks of them cost one step each"),
    args: &[Arg::Key("key", Access::Remove), STRATEGY, Arg::Maybe(&REFERENCES)],
    reply: Reply::Int,
    run: Run::Write(xtrim),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn xtrim(cx: &mut Write<'_, '_>) -> Outcome {
    let (options, at) = Options::read(cx.args, 2, false)?;
    if at < cx.args.len() {
        return Err(Refusal::Syntax);
    }
    let trim = options.trim(true)?;
    let mut gone = 0;
    if let Some(mut edit) = cx.keys.edit_existing::<Stream>(cx.args.arg(1))? {
        edit.hush();
        gone = trim.map_or(0, |trim| trim.apply(&mut edit));
        if gone == 0 {
            edit.unchanged();
        }
    }
    cx.out.integer(gone as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static XSETID: Command = Command {
    name: "XSETID",
    summary: "An internal command for replicating stream values.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::Value("last-id", Type::StreamId),
        Arg::AnyOrder(&[
            Arg::Tagged("ENTRIESADDED", &Arg::Value("entries-added", Type::Count)),
            Arg::Tagged("MAXDELETEDID", &Arg::Value("max-deleted-id", Type::StreamId)),
        ]),
    ],
    reply: Reply::Ok,
    run: Run::Write(xsetid),
    also: &[],
};

fn xsetid(cx: &mut Write<'_, '_>) -> Outcome {
    let last = ids::exact(cx.args.arg(2), 0)?;
    let (mut added, mut max_deleted) = (None, Id::MIN);
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if is_word(word, "ENTRIESADDED") {
            let count = options::integer(words.value()?)?;
            let refused = |_| Refusal::text("ERR entries_added must be positive");
            added = Some(u64::try_from(count).map_err(refused)?);
        } else if is_word(word, "MAXDELETEDID") {
            max_deleted = ids::exact(words.value()?, 0)?;
            if last < max_deleted {
                return Err(Refusal::text(
                    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
        } else {
            return Err(Refusal::Syntax);
        }
    }
    let Some(mut edit) = cx.keys.edit_existing::<Stream>(cx.args.arg(1))? else {
        return Err(Refusal::NoSuchKey);
    };
    let log = &mut edit.log;
    let top = log.entries.last().map(|entry| entry.id);
    let refusal = if last < log.max_deleted {
        Some("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
    } else if top.is_some_and(|top| last < top) {
        Some("ERR The ID specified in XSETID is smaller than the target stream top item")
    } else if top.is_some() && added.is_some_and(|added| added < log.entries.len()) {
        Some("ERR The entries_added specified in XSETID is smaller than the target stream length")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        edit.unchanged();
        return Err(Refusal::text(refusal));
    }
    if last < log.last {
        // Ids that were given may be given again.
        log.entries.forget();
    }
    log.last = last;
    log.added = added.unwrap_or(log.added);
    if max_deleted != Id::MIN {
        log.max_deleted = max_deleted;
    }
    cx.out.ok();
    Ok(Next::Done)
}
