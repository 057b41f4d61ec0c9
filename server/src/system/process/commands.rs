//! system/process/commands.rs — statics and handlers.

use crate::clock;
use crate::command::options::is_word;
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait};
use crate::error::Refusal;

/// See its summary.
pub static TIME: Command = Command {
    name: "TIME",
    summary: "Returns the server time.",
    since: "2.6.0",
    cost: Cost::Constant,
    args: &[],
    reply: Reply::Array(&Reply::Bulk),
    run: Run::Server(time),
    also: &[Trait::Loading, Trait::Tip("nondeterministic_output")],
};

fn time(cx: &mut Desk<'_>) -> Outcome {
    // Not the command's time: whoever asks twice in a pipeline wants to see it pass.
    let micros = clock::micros();
    cx.out.array(2);
    cx.out.bulk_display(micros / 1_000_000);
    cx.out.bulk_display(micros % 1_000_000);
    Ok(Next::Done)
}

/// See its summary.
pub static SHUTDOWN: Command = Command {
    name: "SHUTDOWN",
    summary: "Answers what was read, closes all connections and ends the process.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::OneOf(&[
        Arg::Word("ABORT"),
        Arg::AnyOrder(&[
            Arg::OneOf(&[Arg::Word("NOSAVE"), Arg::Word("SAVE")]),
            Arg::Word("NOW"),
            Arg::Word("FORCE"),
        ]),
    ]))],
    reply: Reply::Nothing,
    run: Run::Server(shutdown),
    also: &[
        Trait::Admin,
        Trait::NoScript,
        Trait::NoMulti,
        Trait::Loading,
        Trait::AllowBusy,
        Trait::Slow,
    ],
};

fn shutdown(cx: &mut Desk<'_>) -> Outcome {
    let (mut save, mut nosave, mut force, mut abort) = (false, false, false, false);
    for word in cx.args.args().skip(1) {
        match word {
            _ if is_word(word, "SAVE") => save = true,
            _ if is_word(word, "NOSAVE") => nosave = true,
            _ if is_word(word, "FORCE") => force = true,
            _ if is_word(word, "ABORT") => abort = true,
            // There are no replicas to wait for, so every shutdown is one NOW.
            _ if is_word(word, "NOW") => {}
            _ => return Err(Refusal::Syntax),
        }
    }
    if (save && nosave) || (abort && cx.args.len() > 2) {
        return Err(Refusal::Syntax);
    }
    if abort {
        return Err(Refusal::text("ERR No shutdown in progress."));
    }
    // FORCE stops even if what is to be saved cannot be; so does every shutdown here, with a line
    // in the log.
    let _ = force;
    if save || nosave {
        cx.process.save_at_end(save);
    }
    tracing::warn!("SHUTDOWN by {}: stopping", cx.session.card.peer);
    cx.process.stop();
    Ok(Next::Close)
}
