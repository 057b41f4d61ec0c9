//! system/process/debug.rs — DEBUG: for tests of clients.
//!
//! `enable-debug-command` says who may call it. Ours defaults to `local` where Redis's is `no`: a
//! client of this machine can stop the process by other means too.

use std::net::SocketAddr;
use std::time::Duration;

use crate::clients::Card;
use crate::clock;
use crate::command::options::{is_word, parse_float};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type, help};
use crate::error::Refusal;
use crate::settings::catalog as said;

/// See its summary.
pub static DEBUG: Command = Command {
    name: "DEBUG",
    summary: "Helps to test clients: SLEEP stops the server for some seconds.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::OneOf(&[
        Arg::Word("HELP"),
        Arg::Tagged("SLEEP", &Arg::Value("seconds", Type::Float)),
    ])],
    reply: Reply::Any,
    run: Run::Server(debug),
    also: &[Trait::Admin, Trait::NoScript, Trait::Loading, Trait::Slow],
};

fn debug(cx: &mut Desk<'_>) -> Outcome {
    let allowed = match cx.process.settings.choice(&said::ENABLE_DEBUG_COMMAND) {
        "yes" => true,
        "local" => is_local(&cx.session.card),
        _ => false,
    };
    if !allowed {
        return Err(Refusal::text(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \
             \"local\", you can run it from a local connection, otherwise you need to set this \
             option in the configuration file, and then restart the server.",
        ));
    }
    let sub = cx.args.arg(1);
    match cx.args.len() {
        2 if is_word(sub, "HELP") => {
            let lines = [
                "SLEEP <seconds>",
                "    Stop the thread that serves this connection, and all connections that it",
                "    serves, for <seconds>. Decimals allowed.",
            ];
            help::answer("DEBUG", &lines, &mut cx.out)
        }
        3 if is_word(sub, "SLEEP") => sleep(cx),
        _ => Err(Refusal::from(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.",
            String::from_utf8_lossy(&sub[..sub.len().min(128)])
        ))),
    }
}

fn sleep(cx: &mut Desk<'_>) -> Outcome {
    // As in Redis, what is no number is no time at all.
    let seconds = parse_float(cx.args.arg(2)).unwrap_or(0.0).max(0.0);
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| Refusal::NotFloat)?;
    if !time.is_zero() {
        clock::block(time);
    }
    cx.out.ok();
    Ok(Next::Done)
}

/// Whether a connection comes from this machine.
fn is_local(card: &Card) -> bool {
    card.is_unix
        || card.peer.parse().is_ok_and(|peer: SocketAddr| peer.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_is_a_unix_socket_or_the_loopback_interface() {
        let local =
            |peer: &str, is_unix| is_local(&Card { peer: peer.into(), is_unix, ..Card::default() });
        assert!(local("/tmp/s:0", true));
        assert!(local("127.0.0.1:5000", false));
        assert!(local("[::1]:5000", false));
        assert!(local("[::ffff:127.0.0.1]:5000", false));
        assert!(!local("10.0.0.1:5000", false));
        assert!(!local("?:0", false));
    }
}
