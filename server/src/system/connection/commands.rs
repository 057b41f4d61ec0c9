//! system/connection/commands.rs — statics and handlers.

use crate::command::{Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Visit};
use crate::error::Refusal;

/// See its summary.
pub static PING: Command = Command {
    name: "PING",
    summary: "Returns the server's liveliness response.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Value("message", Type::Bytes))],
    reply: Reply::OneOf(&[Reply::Simple, Reply::Bulk]),
    run: Run::Session(ping),
    also: &[Trait::WhileSubscribed],
};

fn ping(cx: &mut Visit<'_>) -> Outcome {
    if cx.args.len() > 2 {
        return Err(Refusal::Arity("ping"));
    }
    let message = cx.args.get(1);
    if cx.session.is_confined() {
        cx.out.array(2);
        cx.out.bulk(b"pong");
        cx.out.bulk(message.unwrap_or_default());
    } else {
        match message {
            Some(message) => cx.out.bulk(message),
            None => cx.out.simple("PONG"),
        }
    }
    Ok(Next::Done)
}
