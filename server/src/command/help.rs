//! command/help.rs — what the HELP of a container answers.

use mainstay_protocol::ReplyWriter;

/// Writes the reply of `CONTAINER HELP`: a head, the lines given, and HELP itself.
pub fn write(out: &mut ReplyWriter<'_>, container: &str, lines: &[&str]) {
    out.array(lines.len() + 3);
    out.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    lines.iter().for_each(|line| out.simple(line));
    out.simple("HELP");
    out.simple("    Prints this help.");
}
