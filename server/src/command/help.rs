//! command/help.rs — what HELP subcommands reply.

use mainstay_protocol::ReplyWriter;

/// Redis's form: a title, the lines given, and HELP itself.
pub fn help(container: &str, lines: &[&str], out: &mut ReplyWriter<'_>) {
    out.array(lines.len() + 3);
    out.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    lines.iter().for_each(|line| out.simple(line));
    out.simple("HELP");
    out.simple("    Prints this help.");
}
