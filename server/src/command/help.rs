//! command/help.rs — HELP, the subcommand that all containers have.

use mainstay_protocol::ReplyWriter;

use super::context::{Desk, Next, Outcome};
use super::schema::{Command, Cost, Reply, Run, Trait};

/// HELP of a container, which calls [`answer`]; `name` is the whole of it, `"OBJECT HELP"`.
pub const fn command(
    name: &'static str,
    since: &'static str,
    run: fn(&mut Desk<'_>) -> Outcome,
) -> Command {
    Command {
        name,
        summary: "Returns helpful text about the different subcommands.",
        since,
        cost: Cost::Constant,
        args: &[],
        reply: Reply::Array(&Reply::Simple),
        run: Run::Server(run),
        also: &[Trait::Loading, Trait::Slow],
    }
}

/// Answers in Redis's form: a title, the lines given, and HELP itself.
///
/// # Errors
/// Never; it is what a handler returns.
pub fn answer(container: &str, lines: &[&str], out: &mut ReplyWriter<'_>) -> Outcome {
    out.array(lines.len() + 3);
    out.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    lines.iter().for_each(|line| out.simple(line));
    out.simple("HELP");
    out.simple("    Prints this help.");
    Ok(Next::Done)
}
