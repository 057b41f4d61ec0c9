//! engine/keys/commands/serialised.rs — DUMP and RESTORE: a value as Redis serialises it.
//!
//! What a value looks like is its kind's business; strings, which have no kind, are read and
//! written here. The codec is `persist::rdb`.

use std::io::{self, BufRead};

use crate::command::options::{self, Words, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::error::Refusal;
use crate::keyspace::{Keys, Object, Ttl, Value};
use crate::persist::rdb;

/// See its summary.
pub static DUMP: Command = Command {
    name: "DUMP",
    summary: "Returns a serialized representation of the value stored at a key.",
    since: "2.6.0",
    cost: Cost::Linear("the bytes of the value"),
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(dump),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn dump(cx: &mut Read<'_>) -> Outcome {
    let mut payload = Vec::new();
    match cx.keys.value(cx.args.arg(1)) {
        None => {
            cx.out.null();
            return Ok(Next::Done);
        }
        Some(Value::String(bytes)) => rdb::string::write(&mut payload, bytes),
        Some(Value::Object(object)) => object.dump(cx.now, &mut payload),
    }
    rdb::payload::seal(&mut payload);
    cx.out.bulk(&payload);
    Ok(Next::Done)
}

/// See its summary. FREQ is checked and has no effect.
pub static RESTORE: Command = Command {
    name: "RESTORE",
    summary: "Creates a key from the serialized representation of a value.",
    since: "2.6.0",
    cost: Cost::Linear("the bytes of the value"),
    args: &[
        Arg::Key("key", Access::Replace),
        Arg::Value("ttl", Type::Count),
        Arg::Value("serialized-value", Type::Bytes),
        Arg::AnyOrder(&[
            Arg::Word("REPLACE"),
            Arg::Word("ABSTTL"),
            Arg::Tagged("IDLETIME", &Arg::Value("seconds", Type::Count)),
            Arg::Tagged("FREQ", &Arg::Value("frequency", Type::Count)),
        ]),
    ],
    reply: Reply::Ok,
    run: Run::Write(restore),
    also: &[Trait::Dangerous],
};

const BUSY_KEY: Refusal = Refusal::text("BUSYKEY Target key name already exists.");
const INVALID_TTL: Refusal = Refusal::text("ERR Invalid TTL value, must be >= 0");
const BAD_PAYLOAD: Refusal = Refusal::text("ERR DUMP payload version or checksum are wrong");
const BAD_FORMAT: Refusal = Refusal::text("ERR Bad data format");

fn restore(cx: &mut Write<'_, '_>) -> Outcome {
    let key = cx.args.arg(1);
    let how = How::read(Words::new(cx.args, 4))?;
    if !how.replaces && cx.keys.finds(key) {
        return Err(BUSY_KEY);
    }
    let ttl = u64::try_from(options::integer(cx.args.arg(2))?).map_err(|_| INVALID_TTL)?;
    let value = rdb::payload::open(cx.args.arg(3)).ok_or(BAD_PAYLOAD)?;
    let restored = Restored::read(&cx.keys, value).map_err(|_| BAD_FORMAT)?;
    // A TTL whose end is no time: Redis finds out here, too, and takes it for one that has passed.
    let from = if how.is_absolute { 0 } else { cx.now };
    let at = ttl.checked_add(from).filter(|&at| i64::try_from(at).is_ok()).ok_or(INVALID_TTL)?;
    let ttl = if ttl == 0 { Ttl::Clear } else { Ttl::At(at) };
    match ttl {
        // Dead on arrival, and so is what it replaces.
        Ttl::At(at) if at <= cx.now => {
            cx.keys.remove(key);
        }
        _ => match restored {
            Restored::String(bytes) => cx.keys.put_string(key, &bytes, ttl),
            Restored::Object(object) => cx.keys.put_object(key, object, ttl),
        },
    }
    if let Some(seconds) = how.idle {
        cx.keys.set_idle(key, seconds);
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// The options of RESTORE.
#[derive(Default)]
struct How {
    replaces: bool,
    is_absolute: bool,
    /// IDLETIME, in seconds.
    idle: Option<u64>,
}

impl How {
    fn read(mut words: Words<'_>) -> Result<How, Refusal> {
        let mut how = How::default();
        let mut has_frequency = false;
        while let Some(word) = words.next() {
            if is_word(word, "REPLACE") {
                how.replaces = true;
            } else if is_word(word, "ABSTTL") {
                how.is_absolute = true;
            } else if is_word(word, "IDLETIME") && words.left() > 0 && !has_frequency {
                let wrong = Refusal::text("ERR Invalid IDLETIME value, must be >= 0");
                how.idle = Some(options::integer(words.value()?)?.try_into().map_err(|_| wrong)?);
            } else if is_word(word, "FREQ") && words.left() > 0 && how.idle.is_none() {
                if !(0..=255).contains(&options::integer(words.value()?)?) {
                    return Err(Refusal::text("ERR Invalid FREQ value, must be >= 0 and <= 255"));
                }
                has_frequency = true;
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(how)
    }
}

/// A value that was read and is at no key yet.
enum Restored {
    String(Box<[u8]>),
    Object(Box<dyn Object>),
}

impl Restored {
    /// Reads the whole of `value`: the form, and what is in it.
    fn read(keys: &Keys<'_>, mut value: &[u8]) -> io::Result<Restored> {
        let form = *value.split_off_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        let from: &mut dyn BufRead = &mut value;
        let restored = if form == rdb::string::FORM {
            Restored::String(rdb::string::read(from, |bytes: &[u8]| Box::from(bytes))?)
        } else {
            let kind = keys.kind_of_form(form).ok_or(rdb::malformed("no form of a value"))?;
            Restored::Object((kind.restore)(form, from)?)
        };
        if value.is_empty() { Ok(restored) } else { Err(rdb::malformed("more than a value")) }
    }
}
