//! system/client/pause.rs — PAUSE and UNPAUSE: clients are held, all or only those who write.

use std::sync::atomic::Ordering::Relaxed;

use crate::clock::Millis;
use crate::command::options::{is_word, parse_integer};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type};
use crate::error::Refusal;

/// See its summary.
pub static PAUSE: Command = Command {
    name: "CLIENT PAUSE",
    summary: "Suspends commands processing.",
    since: "2.9.50",
    cost: Cost::Constant,
    args: &[
        Arg::Value("timeout", Type::Integer),
        Arg::Maybe(&Arg::OneOf(&[Arg::Word("WRITE"), Arg::Word("ALL")])),
    ],
    reply: Reply::Ok,
    run: Run::Server(pause),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn pause(cx: &mut Desk<'_>) -> Outcome {
    if cx.args.len() > 4 {
        return Err(Refusal::from(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try CLIENT HELP.",
            String::from_utf8_lossy(cx.args.arg(1))
        )));
    }
    let writes_only = match cx.args.get(3) {
        None => false,
        Some(word) if is_word(word, "ALL") => false,
        Some(word) if is_word(word, "WRITE") => true,
        Some(_) => return Err(Refusal::text("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let span = parse_integer(cx.args.arg(2))
        .ok_or(Refusal::text("ERR timeout is not an integer or out of range"))?;
    let span = Millis::try_from(span).map_err(|_| Refusal::text("ERR timeout is negative"))?;
    let until = cx
        .now
        .checked_add(span)
        .filter(|&until| i64::try_from(until).is_ok())
        .ok_or(Refusal::text("ERR timeout is out of range"))?;
    let pause = &cx.process.pause;
    let earlier = pause.until.load(Relaxed);
    // As long as a pause holds, another can only make it longer and stricter.
    let stricter = earlier > cx.now && !pause.writes_only.load(Relaxed);
    pause.writes_only.store(writes_only && !stricter, Relaxed);
    pause.until.store(until.max(earlier), Relaxed);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static UNPAUSE: Command = Command {
    name: "CLIENT UNPAUSE",
    summary: "Resumes processing commands from paused clients.",
    since: "6.2.0",
    cost: Cost::Linear("paused clients"),
    args: &[],
    reply: Reply::Ok,
    run: Run::Server(unpause),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn unpause(cx: &mut Desk<'_>) -> Outcome {
    cx.process.pause.until.store(0, Relaxed);
    // The loops whose clients are held may be asleep.
    cx.post.look();
    cx.out.ok();
    Ok(Next::Done)
}
