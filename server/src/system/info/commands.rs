//! system/info/commands.rs — INFO: which sections are asked for.

use super::sections::{SECTIONS, Section};
use crate::command::{Arg, Command, Cost, Desk, Next, Outcome, Reply, Run, Trait, Type};

/// See its summary.
pub static INFO: Command = Command {
    name: "INFO",
    summary: "Returns information and statistics about the server.",
    since: "1.0.0",
    cost: Cost::Constant,
    args: &[Arg::Maybe(&Arg::Many(&Arg::Value("section", Type::Bytes)))],
    reply: Reply::Bulk,
    run: Run::Server(info),
    also: &[
        Trait::Dangerous,
        Trait::Loading,
        Trait::Slow,
        Trait::Tip("nondeterministic_output"),
        Trait::Tip("request_policy:all_shards"),
        Trait::Tip("response_policy:special"),
    ],
};

fn info(cx: &mut Desk<'_>) -> Outcome {
    let asked: Vec<&[u8]> = cx.args.args().skip(1).collect();
    let mut text = String::new();
    for section in SECTIONS.iter().filter(|section| is_asked(section, &asked)) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        text.push_str("# ");
        text.push_str(section.title);
        text.push_str("\r\n");
        (section.write)(cx, &mut text);
    }
    cx.out.verbatim(*b"txt", text.as_bytes());
    Ok(Next::Done)
}

/// Whether a section is named, by itself or with others; without any name it is the default.
fn is_asked(section: &Section, asked: &[&[u8]]) -> bool {
    let names = |word: &&[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if asked.is_empty() {
        return section.by_default;
    }
    asked.iter().any(|word| {
        names(word, section.title)
            || names(word, "everything")
            || (names(word, "all") && section.title != "Modules")
            || (names(word, "default") && section.by_default)
    })
}
