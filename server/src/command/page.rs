//! command/page.rs — the pages of `server/docs/commands`, made from the table.
//!
//! One page for each command that has a name of its own, with its subcommands, and an index by
//! group. A test rewrites them with `UPDATE=1` and fails while they are stale.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::argument::{arguments, syntax};
use super::schema::{Reply, Run};
use super::table::{Entry, Table};

/// The pages by file name.
pub fn pages(table: &Table) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for entry in table.top() {
        pages.insert(file_name(entry), page(table, entry));
    }
    pages.insert("README.md".into(), index(table));
    pages
}

fn file_name(entry: &Entry) -> String {
    format!("{}.md", entry.wire_name)
}

fn index(table: &Table) -> String {
    let mut text = String::from(
        "# Commands\n\
         \n\
         Made from the command table in `server/src`; `UPDATE=1 cargo test -p mainstay-server \
         pages`\nrewrites these pages.\n",
    );
    let mut groups: Vec<(&str, Vec<&Entry>)> = Vec::new();
    for entry in table.top() {
        let name = entry.group().name();
        match groups.iter_mut().find(|(other, _)| *other == name) {
            Some((_, members)) => members.push(entry),
            None => groups.push((name, vec![entry])),
        }
    }
    for (name, mut members) in groups {
        members.sort_by_key(|entry| entry.wire_name);
        let _ = write!(text, "\n## {}\n\n", title(name));
        text.push_str("| command | what it does |\n|---|---|\n");
        for entry in members {
            let (name, file) = (entry.command.name, file_name(entry));
            let _ = writeln!(text, "| [{name}]({file}) | {} |", entry.command.summary);
        }
    }
    text
}

fn title(group: &str) -> String {
    let mut words = group.replace('-', " ");
    words[..1].make_ascii_uppercase();
    words
}

fn page(table: &Table, entry: &Entry) -> String {
    let mut text = format!("# {}\n\n", entry.command.name);
    body(entry, &mut text);
    if let Run::Group(_) = entry.command.run {
        // A container that is a command by itself has it among its subcommands.
        if let Some(alone) = table.sub(entry, None) {
            let _ = write!(text, "\n## {} alone\n\n", entry.command.name);
            body(alone, &mut text);
        }
        for sub in table.subs(entry) {
            let _ = write!(text, "\n## {}\n\n", sub.command.name);
            body(sub, &mut text);
        }
    }
    text
}

fn body(entry: &Entry, text: &mut String) {
    let command = entry.command;
    let _ = write!(text, "{}\n\n", command.summary);
    let since = match command.since.starts_with("0.") {
        true => format!("Mainstay {}", command.since),
        false => format!("Redis {}", command.since),
    };
    if let Run::Group(_) = command.run {
        let _ = writeln!(text, "- **Group**: {}\n- **Since**: {since}", entry.group().name());
        return;
    }
    let line = syntax(&arguments(command.args, entry.keys.len()));
    let space = if line.is_empty() { "" } else { " " };
    let _ = write!(text, "```text\n{}{space}{line}\n```\n\n", command.name);
    let _ = writeln!(text, "- **Group**: {}", entry.group().name());
    let _ = writeln!(text, "- **Since**: {since}");
    let _ = writeln!(text, "- **Cost**: {}", entry.complexity());
    let _ = writeln!(text, "- **Reply**: {}", reply(&command.reply));
    let flags = entry.flags();
    if !flags.is_empty() {
        let _ = writeln!(text, "- **Flags**: {}", flags.join(", "));
    }
    let categories: Vec<String> =
        entry.categories().iter().map(|category| format!("@{category}")).collect();
    let _ = writeln!(text, "- **ACL categories**: {}", categories.join(", "));
}

/// A reply's shape in words.
fn reply(shape: &Reply) -> String {
    match shape {
        Reply::Ok => "`OK`".into(),
        Reply::Simple => "a simple string".into(),
        Reply::Int => "an integer".into(),
        Reply::Bulk => "a string".into(),
        Reply::Double => "a double (a string in RESP2)".into(),
        Reply::Maybe(inner) => format!("{}, or nil", reply(inner)),
        Reply::Array(inner) => format!("an array, each element {}", reply(inner)),
        Reply::Set(inner) => format!("a set (an array in RESP2), each element {}", reply(inner)),
        Reply::Map(inner) => {
            format!("a map (a flat array in RESP2), each value {}", reply(inner))
        }
        Reply::Tuple(parts) => {
            format!("an array of {}", parts.iter().map(reply).collect::<Vec<_>>().join(", then "))
        }
        Reply::OneOf(shapes) => shapes.iter().map(reply).collect::<Vec<_>>().join("; or "),
        Reply::Push => "one or more push messages (arrays in RESP2)".into(),
        Reply::Any => "what depends on the arguments".into(),
        Reply::Nothing => "none".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::catalog;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands");

    #[test]
    fn the_pages_in_the_repository_are_fresh() {
        let made = pages(&Table::new(catalog::ENGINES));
        let found: BTreeSet<String> = fs::read_dir(FOLDER)
            .map(|files| {
                let names = files.flatten().map(|file| file.file_name());
                names.map(|name| name.to_string_lossy().into_owned()).collect()
            })
            .unwrap_or_default();
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(FOLDER).unwrap();
            for (name, text) in &made {
                fs::write(format!("{FOLDER}/{name}"), text).unwrap();
            }
            for name in found.iter().filter(|name| !made.contains_key(*name)) {
                fs::remove_file(format!("{FOLDER}/{name}")).unwrap();
            }
            return;
        }
        let hint = "run the tests with UPDATE=1";
        for (name, text) in &made {
            let there = fs::read_to_string(format!("{FOLDER}/{name}")).unwrap_or_default();
            assert!(there == *text, "{FOLDER}/{name} is stale: {hint}");
        }
        let extra: Vec<&String> = found.iter().filter(|name| !made.contains_key(*name)).collect();
        assert!(extra.is_empty(), "pages of no command in {FOLDER}: {extra:?}; {hint}");
    }
}
