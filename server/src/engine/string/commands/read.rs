//! engine/string/commands/read.rs — looking at strings.

use crate::command::options::{self, Words};
use crate::command::{
    Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type, Write,
};
use crate::engine::string::{digest, lcs};
use crate::error::Refusal;
use crate::keyspace::Value;

/// See its summary.
pub static GET: Command = Command {
    name: "GET",
    summary: "Returns the string value of a key.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(get),
    also: &[],
};

fn get(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.string(cx.args.arg(1))? {
        Some(value) => cx.out.bulk(value),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// Answers the string at the first key, or nil; says whether it was there.
pub(super) fn answer_string(cx: &mut Write<'_, '_>) -> Result<bool, Refusal> {
    match cx.keys.string(cx.args.arg(1))? {
        Some(value) => {
            cx.out.bulk(value);
            Ok(true)
        }
        None => {
            cx.out.null();
            Ok(false)
        }
    }
}

/// See its summary.
pub static MGET: Command = Command {
    name: "MGET",
    summary: "Atomically returns the string values of one or more keys.",
    since: "1.0.0",
    cost: Cost::Each("keys"),
    args: &[Arg::Many(&Arg::Key("key", Access::Look))],
    reply: Reply::Array(&Reply::Maybe(&Reply::Bulk)),
    run: Run::Read(mget),
    also: &[Trait::Tip("request_policy:multi_shard")],
};

fn mget(cx: &mut Read<'_>) -> Outcome {
    cx.out.array(cx.args.len() - 1);
    for key in cx.args.args().skip(1) {
        match cx.keys.value(key) {
            Some(Value::String(value)) => cx.out.bulk(value),
            Some(Value::Object(_)) | None => cx.out.null(),
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static STRLEN: Command = Command {
    name: "STRLEN",
    summary: "Returns the length of a string value.",
    since: "2.2.0",
    cost: Cost::Constant,
    args: &[Arg::Key("key", Access::Probe)],
    reply: Reply::Int,
    run: Run::Read(strlen),
    also: &[],
};

fn strlen(cx: &mut Read<'_>) -> Outcome {
    let len = cx.keys.string(cx.args.arg(1))?.map_or(0, <[u8]>::len);
    cx.out.integer(len as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static GETRANGE: Command = Command {
    name: "GETRANGE",
    summary: "Returns a substring of the string stored at a key.",
    since: "2.4.0",
    cost: Cost::Linear("the length of the returned string"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("start", Type::Integer),
        Arg::Value("end", Type::Integer),
    ],
    reply: Reply::Bulk,
    run: Run::Read(getrange),
    also: &[],
};

/// See its summary.
pub static SUBSTR: Command = Command {
    name: "SUBSTR",
    summary: "Returns a substring from a string value.",
    since: "1.0.0",
    cost: Cost::Linear("the length of the returned string"),
    args: GETRANGE.args,
    reply: Reply::Bulk,
    run: Run::Read(getrange),
    also: &[],
};

fn getrange(cx: &mut Read<'_>) -> Outcome {
    let start = options::integer(cx.args.arg(2))?;
    let end = options::integer(cx.args.arg(3))?;
    let value = cx.keys.string(cx.args.arg(1))?.unwrap_or_default();
    cx.out.bulk(slice(value, start, end));
    Ok(Next::Done)
}

/// The bytes from `start` to `end`, both included; negative ones count from the end.
fn slice(value: &[u8], start: i64, end: i64) -> &[u8] {
    // Redis looks at this before it resolves the two: -1 -2 is empty for one byte, too.
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let len = value.len() as i64;
    let from_end = |index: i64| if index < 0 { (len + index).max(0) } else { index };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    if start > end {
        return b"";
    }
    value.get(start as usize..=end as usize).unwrap_or_default()
}

/// See its summary. Redis 8.4: sixteen digits of XXH3 with 64 bits.
pub static DIGEST: Command = Command {
    name: "DIGEST",
    summary: "Returns the XXH3 hash of a string value.",
    since: "8.4.0",
    cost: Cost::Linear("bytes of the value"),
    args: &[Arg::Key("key", Access::Look)],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(digest),
    also: &[Trait::Fast],
};

fn digest(cx: &mut Read<'_>) -> Outcome {
    match cx.keys.string(cx.args.arg(1))? {
        Some(held) => cx.out.bulk(&digest::of(held)),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static LCS: Command = Command {
    name: "LCS",
    summary: "Finds the longest common substring.",
    since: "7.0.0",
    cost: Cost::Linear("the product of the lengths of the two strings"),
    args: &[
        Arg::Key("key1", Access::Look),
        Arg::Key("key2", Access::Look),
        Arg::Maybe(&Arg::Word("LEN")),
        Arg::AnyOrder(&[
            Arg::Word("IDX"),
            Arg::Tagged("MINMATCHLEN", &Arg::Value("min-match-len", Type::Integer)),
            Arg::Word("WITHMATCHLEN"),
        ]),
    ],
    reply: Reply::OneOf(&[Reply::Bulk, Reply::Int, Reply::Map(&Reply::Any)]),
    run: Run::Read(lcs),
    also: &[Trait::Slow],
};

fn lcs(cx: &mut Read<'_>) -> Outcome {
    let keys = cx.keys;
    let wrong = |_| Refusal::text("ERR The specified keys must contain string values");
    let a = keys.string(cx.args.arg(1));
    let b = keys.string(cx.args.arg(2));
    let a = a.map_err(wrong)?.unwrap_or_default();
    let b = b.map_err(wrong)?.unwrap_or_default();
    let (mut ranges, mut length, mut with_length, mut least) = (false, false, false, 0);
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if options::is_word(word, "IDX") {
            ranges = true;
        } else if options::is_word(word, "LEN") {
            length = true;
        } else if options::is_word(word, "WITHMATCHLEN") {
            with_length = true;
        } else if options::is_word(word, "MINMATCHLEN") {
            least = options::integer(words.value()?)?.max(0);
        } else {
            return Err(Refusal::Syntax);
        }
    }
    if ranges && length {
        return Err(Refusal::text(
            "ERR If you want both the length and indexes, please just use IDX.",
        ));
    }
    if !lcs::is_affordable(a.len(), b.len()) {
        return Err(Refusal::text(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    if length {
        cx.out.integer(lcs::length(a, b) as i64);
        return Ok(Next::Done);
    }
    let found = lcs::runs(a, b);
    if !ranges {
        let mut common = Vec::with_capacity(found.iter().map(|run| run.len).sum());
        for run in found.iter().rev() {
            common.extend_from_slice(&a[run.a..run.a + run.len]);
        }
        cx.out.bulk(&common);
        return Ok(Next::Done);
    }
    let shown = || found.iter().filter(|run| run.len as i64 >= least);
    cx.out.map(2);
    cx.out.bulk_str("matches");
    cx.out.array(shown().count());
    for run in shown() {
        cx.out.array(2 + usize::from(with_length));
        for from in [run.a, run.b] {
            cx.out.array(2);
            cx.out.integer(from as i64);
            cx.out.integer((from + run.len - 1) as i64);
        }
        if with_length {
            cx.out.integer(run.len as i64);
        }
    }
    cx.out.bulk_str("len");
    cx.out.integer(found.iter().map(|run| run.len as i64).sum());
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn ranges_are_cut_to_the_value() {
        let rows: [(&str, i64, i64, &str); 12] = [
            ("hello", 0, -1, "hello"),
            ("hello", 1, 3, "ell"),
            ("hello", -3, -2, "ll"),
            ("hello", -2, -3, ""),
            ("hello", -100, 1, "he"),
            ("hello", 3, 100, "lo"),
            ("hello", 5, 9, ""),
            ("hello", 3, 1, ""),
            ("hello", 0, -100, "h"),
            ("hello", i64::MIN, i64::MAX, "hello"),
            ("", 0, -1, ""),
            ("", i64::MIN, i64::MIN, ""),
        ];
        for (value, start, end, want) in rows {
            let got = slice(value.as_bytes(), start, end);
            assert_eq!(got, want.as_bytes(), "{value:?} {start} {end}");
        }
    }
}
