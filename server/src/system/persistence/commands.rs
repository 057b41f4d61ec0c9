//! system/persistence/commands.rs — statics and handlers.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{ReplyWriter, Version};

use crate::command::options::is_word;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Visit, Wait};
use crate::error::Refusal;
use crate::mail::Mail;

/// See its summary.
pub static SAVE: Command = Command {
    name: "SAVE",
    summary: "Writes a snapshot to disk and answers when it is there; others are served meanwhile.",
    since: "1.0.0",
    cost: Cost::Linear("keys in all databases"),
    args: &[],
    reply: Reply::Ok,
    run: Run::Session(save),
    also: &[Trait::Admin, Trait::NoScript, Trait::NoMulti, Trait::Slow],
};

fn save(cx: &mut Visit<'_>) -> Outcome {
    let saves = &cx.process.store().saves;
    if saves.is_busy() {
        return Err(Refusal::text("ERR Background save already in progress"));
    }
    let (address, mailboxes) = (cx.session.address, Arc::clone(&cx.process.mailboxes));
    let told = move |is_there: bool| {
        let mut reply = Vec::new();
        // Both replies are the same in all versions.
        let mut out = ReplyWriter::new(&mut reply, Version::Resp2);
        match is_there {
            true => out.ok(),
            false => out.error("ERR The snapshot could not be written; the log says why"),
        }
        if let Some(mailbox) = mailboxes.get(usize::from(address.reactor)) {
            mailbox.send(Mail::Answer(address, reply));
        }
    };
    saves.wish(|wishes| {
        wishes.save = true;
        wishes.waiting.push(Box::new(told));
    });
    cx.out.ok();
    Ok(Wait::out(None))
}

/// See its summary.
pub static BGSAVE: Command = Command {
    name: "BGSAVE",
    summary: "Writes a snapshot to disk in the background.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Word("SCHEDULE"))],
    reply: Reply::Simple,
    run: Run::Server(bgsave),
    also: &[Trait::Admin, Trait::NoScript, Trait::Slow],
};

fn bgsave(cx: &mut Desk<'_>) -> Outcome {
    let saves = &cx.process.store().saves;
    let is_scheduled = match cx.args.get(1) {
        None => false,
        Some(word) if is_word(word, "SCHEDULE") && cx.args.len() == 2 => true,
        Some(_) => return Err(Refusal::Syntax),
    };
    if saves.is_busy() {
        if !is_scheduled {
            return Err(Refusal::text("ERR Background save already in progress"));
        }
        saves.wish(|wishes| wishes.save = true);
        cx.out.simple("Background saving scheduled");
        return Ok(Next::Done);
    }
    saves.wish(|wishes| wishes.save = true);
    cx.out.simple("Background saving started");
    Ok(Next::Done)
}

/// See its summary.
pub static BGREWRITEAOF: Command = Command {
    name: "BGREWRITEAOF",
    summary: "Cuts the journal at a snapshot that is written in the background.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Simple,
    run: Run::Server(bgrewriteaof),
    also: &[Trait::Admin, Trait::NoScript, Trait::Slow],
};

fn bgrewriteaof(cx: &mut Desk<'_>) -> Outcome {
    let saves = &cx.process.store().saves;
    if saves.is_busy() {
        return Err(Refusal::text("ERR Background append only file rewriting already in progress"));
    }
    saves.wish(|wishes| wishes.save = true);
    cx.out.simple("Background append only file rewriting started");
    Ok(Next::Done)
}

/// See its summary.
pub static LASTSAVE: Command = Command {
    name: "LASTSAVE",
    summary: "Returns the Unix time of the last successful save to disk.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(lastsave),
    also: &[
        Trait::Loading,
        Trait::Fast,
        Trait::InCategory("admin"),
        Trait::InCategory("dangerous"),
        Trait::Tip("nondeterministic_output"),
    ],
};

fn lastsave(cx: &mut Desk<'_>) -> Outcome {
    let done = cx.process.store().saves.done_at.load(Relaxed);
    let last = if done == 0 { cx.process.started } else { done };
    cx.out.integer((last / 1000) as i64);
    Ok(Next::Done)
}
