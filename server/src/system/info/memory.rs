//! system/info/memory.rs — MEMORY: how much a key takes, and what the rest is used for.

use std::sync::atomic::Ordering::Relaxed;

use super::human::human;
use super::sections::ratio;
use crate::command::options::{Words, integer, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Desk, Next, Outcome, Read, Reply, Run, Trait, Type, help,
};
use crate::error::Refusal;
use crate::machine;

/// The container.
pub static MEMORY: Command = Command {
    name: "MEMORY",
    summary: "A container for memory diagnostics commands.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Any,
    run: Run::Group(&[&DOCTOR, &HELP, &MALLOC_STATS, &PURGE, &STATS, &USAGE]),
    also: &[],
};

/// See its summary.
pub static USAGE: Command = Command {
    name: "MEMORY USAGE",
    summary: "Estimates the memory usage of a key.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Probe),
        Arg::Maybe(&Arg::Tagged("SAMPLES", &Arg::Value("count", Type::Count))),
    ],
    reply: Reply::Maybe(&Reply::Int),
    run: Run::Read(usage),
    also: &[Trait::Slow],
};

fn usage(cx: &mut Read<'_>) -> Outcome {
    // Values know their weight, so SAMPLES changes nothing; it is checked all the same.
    let mut words = Words::new(cx.args, 3);
    while let Some(word) = words.next() {
        if !is_word(word, "SAMPLES") || integer(words.value()?)? < 0 {
            return Err(Refusal::Syntax);
        }
    }
    match cx.keys.weight(cx.args.arg(2)) {
        Some(weight) => cx.out.integer(weight as i64),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static STATS: Command = Command {
    name: "MEMORY STATS",
    summary: "Returns details about memory usage.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Map(&Reply::OneOf(&[Reply::Int, Reply::Double])),
    run: Run::Server(stats),
    also: &[
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:special"),
    ],
};

fn stats(cx: &mut Desk<'_>) -> Outcome {
    let memory = cx.process.memory();
    let used = memory.used() as u64;
    let peak = cx.process.memory_peak.load(Relaxed) as u64;
    let resident = machine::resident_bytes();
    let keyspace = &cx.process.keyspace;
    let keys: usize = (0..keyspace.databases()).map(|at| keyspace.census(at).keys).sum();
    let whole = [
        ("peak.allocated", peak),
        ("total.allocated", used),
        ("startup.allocated", memory.startup as u64),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", memory.buffers as u64),
        ("aof.buffer", 0),
        ("keys.count", keys as u64),
        ("keys.bytes-per-key", memory.data.checked_div(keys).unwrap_or(0) as u64),
        ("dataset.bytes", memory.data as u64),
        ("fragmentation.bytes", resident.saturating_sub(used)),
    ];
    let shares = [
        ("dataset.percentage", ratio(memory.data as u64, used) * 100.0),
        ("peak.percentage", ratio(used, peak) * 100.0),
        ("fragmentation", ratio(resident, used)),
    ];
    cx.out.map(whole.len() + shares.len());
    for (name, value) in whole {
        cx.out.bulk_str(name);
        cx.out.integer(i64::try_from(value).unwrap_or(i64::MAX));
    }
    for (name, value) in shares {
        cx.out.bulk_str(name);
        cx.out.double(value);
    }
    Ok(Next::Done)
}

/// See its summary.
pub static DOCTOR: Command = Command {
    name: "MEMORY DOCTOR",
    summary: "Outputs a memory problems report.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Bulk,
    run: Run::Server(doctor),
    also: &[
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:special"),
    ],
};

/// Resident memory that is no data and yet no reason to worry: code, tables of stripes, buffers.
const FIXED_BYTES: u64 = 32 << 20;

fn doctor(cx: &mut Desk<'_>) -> Outcome {
    let used = cx.process.memory().used() as u64;
    let peak = cx.process.memory_peak.load(Relaxed) as u64;
    let resident = machine::resident_bytes();
    let total = machine::memory_bytes();
    let mut findings = Vec::new();
    if total > 0 && resident > total / 10 * 8 {
        let (resident, total) = (human(resident), human(total));
        findings.push(format!("The process holds {resident} of the machine's {total}."));
    }
    if used.saturating_mul(3) / 2 < peak {
        let (used, peak) = (human(used), human(peak));
        findings.push(format!(
            "Once {peak} were in use, now it is {used}; the allocator may keep the difference."
        ));
    }
    if resident > used.saturating_mul(3) / 2 + FIXED_BYTES {
        let (resident, used) = (human(resident), human(used));
        findings.push(format!("{resident} are resident for {used} of data and buffers."));
    }
    let text = match findings.is_empty() {
        true => "Nothing stands out.".to_owned(),
        false => findings.join("\n"),
    };
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

/// See its summary.
pub static MALLOC_STATS: Command = Command {
    name: "MEMORY MALLOC-STATS",
    summary: "Returns the allocator statistics.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Bulk,
    run: Run::Server(malloc_stats),
    also: &[
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:special"),
    ],
};

fn malloc_stats(cx: &mut Desk<'_>) -> Outcome {
    let text = "The allocator is mimalloc, which keeps no statistics in this build.";
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

/// See its summary.
pub static PURGE: Command = Command {
    name: "MEMORY PURGE",
    summary: "Asks the allocator to release memory.",
    since: "4.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(purge),
    also: &[
        Trait::Slow,
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:all_succeeded"),
    ],
};

fn purge(cx: &mut Desk<'_>) -> Outcome {
    // Of this thread's heap; the other loops' give theirs back when they have nothing to do.
    if let Some(give_back) = cx.process.give_back.get() {
        give_back();
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static HELP: Command =
    help::command("MEMORY HELP", "4.0.0", |cx| help::answer("MEMORY", LINES, &mut cx.out));

const LINES: &[&str] = &[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return what the memory allocator tells, which is nothing in this build.",
    "PURGE",
    "    Have the allocator give unused memory back to the system.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Values know what",
    "    they weigh, so <count> changes nothing.",
];
