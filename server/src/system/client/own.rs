//! system/client/own.rs — what a connection asks and says about itself.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::clients::Name;
use crate::command::options::{self, is_word};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;
use crate::session::Replies;

/// See its summary.
pub static ID: Command = Command {
    name: "CLIENT ID",
    summary: "Returns the unique client ID of the connection.",
    since: "5.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(id),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn id(cx: &mut Desk<'_>) -> Outcome {
    cx.out.integer(i64::try_from(cx.session.id).unwrap_or(i64::MAX));
    Ok(Next::Done)
}

/// See its summary.
pub static GETNAME: Command = Command {
    name: "CLIENT GETNAME",
    summary: "Returns the name of the connection.",
    since: "2.6.9",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Server(getname),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn getname(cx: &mut Desk<'_>) -> Outcome {
    match &*cx.session.card.text.lock().name {
        "" => cx.out.null(),
        name => cx.out.bulk_str(name),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static SETNAME: Command = Command {
    name: "CLIENT SETNAME",
    summary: "Sets the connection name.",
    since: "2.6.9",
    cost: Cost::Constant,
    args: &[Arg::Value("connection-name", Type::Bytes)],
    reply: Reply::Ok,
    run: Run::Session(setname),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn setname(cx: &mut Visit<'_>) -> Outcome {
    let name = Name::read(cx.args.arg(2), "Client names")?;
    cx.session.card.text.lock().name = name.into();
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static SETINFO: Command = Command {
    name: "CLIENT SETINFO",
    summary: "Sets information specific to the client or connection.",
    since: "7.2.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[
        Arg::Tagged("LIB-NAME", &Arg::Value("libname", Type::Bytes)),
        Arg::Tagged("LIB-VER", &Arg::Value("libver", Type::Bytes)),
    ])],
    reply: Reply::Ok,
    run: Run::Session(setinfo),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn setinfo(cx: &mut Visit<'_>) -> Outcome {
    let (option, value) = (cx.args.arg(2), cx.args.arg(3));
    let mut text = cx.session.card.text.lock();
    if is_word(option, "LIB-NAME") {
        text.library = Name::read(value, "lib-name")?.into();
    } else if is_word(option, "LIB-VER") {
        text.library_version = Name::read(value, "lib-ver")?.into();
    } else {
        return Err(Refusal::quoting("ERR Unrecognized option '", option, "'"));
    }
    drop(text);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static GETREDIR: Command = Command {
    name: "CLIENT GETREDIR",
    summary: "Returns the client ID to which the connection's tracking notifications are redirected.",
    since: "6.0.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Int,
    run: Run::Server(getredir),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn getredir(cx: &mut Desk<'_>) -> Outcome {
    cx.out.integer(cx.session.card.redirection());
    Ok(Next::Done)
}

/// See its summary.
pub static NO_EVICT: Command = Command {
    name: "CLIENT NO-EVICT",
    summary: "Sets the client eviction mode of the connection.",
    since: "7.0.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[Arg::Word("ON"), Arg::Word("OFF")])],
    reply: Reply::Ok,
    run: Run::Session(no_evict),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn no_evict(cx: &mut Visit<'_>) -> Outcome {
    let card = std::sync::Arc::clone(&cx.session.card);
    switch(cx, &card.no_evict)
}

/// See its summary.
pub static NO_TOUCH: Command = Command {
    name: "CLIENT NO-TOUCH",
    summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
    since: "7.2.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[Arg::Word("ON"), Arg::Word("OFF")])],
    reply: Reply::Ok,
    run: Run::Session(no_touch),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn no_touch(cx: &mut Visit<'_>) -> Outcome {
    let card = std::sync::Arc::clone(&cx.session.card);
    let outcome = switch(cx, &card.no_touch);
    cx.session.settle();
    outcome
}

fn switch(cx: &mut Visit<'_>, flag: &AtomicBool) -> Outcome {
    let on = match cx.args.arg(2) {
        word if is_word(word, "ON") => true,
        word if is_word(word, "OFF") => false,
        _ => return Err(Refusal::Syntax),
    };
    flag.store(on, Relaxed);
    cx.out.ok();
    Ok(Next::Done)
}

/// See its summary.
pub static REPLY: Command = Command {
    name: "CLIENT REPLY",
    summary: "Instructs the server whether to reply to commands.",
    since: "3.2.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[Arg::Word("ON"), Arg::Word("OFF"), Arg::Word("SKIP")])],
    reply: Reply::OneOf(&[Reply::Ok, Reply::Nothing]),
    run: Run::Session(reply),
    also: &[Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn reply(cx: &mut Visit<'_>) -> Outcome {
    match cx.args.arg(2) {
        word if is_word(word, "ON") => {
            cx.session.replies = Replies::On;
            cx.out.ok();
        }
        word if is_word(word, "OFF") => cx.session.replies = Replies::Off,
        word if is_word(word, "SKIP") => {
            if cx.session.replies != Replies::Off {
                cx.session.replies = Replies::SkipNext;
            }
        }
        _ => return Err(Refusal::Syntax),
    }
    cx.session.settle();
    Ok(Next::Done)
}

/// See its summary.
pub static UNBLOCK: Command = Command {
    name: "CLIENT UNBLOCK",
    summary: "Unblocks a client blocked by a blocking command from a different connection.",
    since: "5.0.0",
    cost: Cost::Logarithmic,
    args: &[
        Arg::Value("client-id", Type::Integer),
        Arg::Maybe(&Arg::OneOf(&[Arg::Word("TIMEOUT"), Arg::Word("ERROR")])),
    ],
    reply: Reply::Int,
    run: Run::Server(unblock),
    also: &[Trait::Admin, Trait::Loading, Trait::NoScript, Trait::Slow],
};

fn unblock(cx: &mut Desk<'_>) -> Outcome {
    if let Some(reason) = cx.args.get(3)
        && !is_word(reason, "TIMEOUT")
        && !is_word(reason, "ERROR")
    {
        return Err(Refusal::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
    }
    let error = cx.args.get(3).is_some_and(|reason| is_word(reason, "ERROR"));
    let error = error.then_some("UNBLOCKED client unblocked via CLIENT UNBLOCK");
    let id = u64::try_from(options::integer(cx.args.arg(2))?).unwrap_or(0);
    // Whoever takes the mark has unblocked it: a second call finds nobody blocked.
    let card = cx.process.clients.get(id);
    let wait = card.as_ref().map_or(0, |card| card.blocked.swap(0, Relaxed));
    if let Some(card) = card.filter(|_| wait != 0) {
        cx.post.unblock(card.address, wait, error);
    }
    cx.out.integer(i64::from(wait != 0));
    Ok(Next::Done)
}
