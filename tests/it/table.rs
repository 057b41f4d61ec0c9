//! Promises over the whole command table, and over settings and kinds: what is said there is whole,
//! and nothing contradicts. What the commands do with it is in `calls`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use mainstay_server::catalog;
use mainstay_server::command::{Arg, Entry, Run, Table};
use mainstay_server::persist::rdb;
use mainstay_server::settings::known;
use mainstay_tests::script;

/// Every kind and its tag. Tags are on disk and in digests: a line here never changes.
const KINDS: &[(&str, u8)] = &[
    ("list", 1),
    ("hash", 2),
    ("set", 3),
    ("zset", 4),
    ("stream", 5),
    ("ratelimit", 32),
    ("ratelimit-rules", 192),
];

fn table() -> Table {
    Table::new(catalog::ENGINES)
}

fn assert_none(what: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

/// The names for which `is_wrong`.
fn names(is_wrong: impl Fn(&Entry) -> bool) -> Vec<String> {
    let table = table();
    let wrong = table.entries().iter().filter(|entry| is_wrong(entry));
    wrong.map(|entry| entry.command.name.to_owned()).collect()
}

/// Whether this is what a container does when it is called without a subcommand (COMMAND): then it
/// stands among its own subcommands.
fn is_own_handler(entry: &Entry) -> bool {
    let container = table();
    let container = container.by_name(entry.command.name.as_bytes());
    container.is_some_and(|container| container.subs.contains(&entry.index))
}

#[test]
fn names_are_unique_and_upper_case() {
    let seen = RefCell::new(BTreeSet::new());
    assert_none(
        "said twice",
        names(|entry| !is_own_handler(entry) && !seen.borrow_mut().insert(entry.command.name)),
    );
    let word = |word: &str| {
        let fits =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        !word.is_empty() && word.bytes().all(fits)
    };
    assert_none(
        "not one or two words in upper case",
        names(|entry| {
            let words: Vec<&str> = entry.command.name.split(' ').collect();
            words.len() > 2 || !words.iter().all(|text| word(text))
        }),
    );
}

#[test]
fn every_entry_is_found_by_its_name_in_any_case() {
    let table = table();
    let lost = table.entries().iter().filter(|entry| {
        let upper = entry.wire_name.to_ascii_uppercase();
        let index = |name: &str| table.by_wire_name(name.as_bytes()).map(|found| found.index);
        !is_own_handler(entry) && [index(entry.wire_name), index(&upper)] != [Some(entry.index); 2]
    });
    assert_none("not found", lost.map(|entry| entry.wire_name.to_owned()).collect());
}

#[test]
fn subcommands_are_named_after_their_container() {
    let table = table();
    let mut wrong = Vec::new();
    for entry in table.entries() {
        for &sub in &entry.subs {
            let name = table.entries()[sub].command.name;
            if name != entry.command.name
                && name.split_once(' ').map(|(container, _)| container) != Some(entry.command.name)
            {
                wrong.push(format!("{name} in {}", entry.command.name));
            }
        }
        if matches!(entry.command.run, Run::Group(subs) if subs.is_empty()) {
            wrong.push(format!("{} has none", entry.command.name));
        }
    }
    assert_none("wrong subcommands", wrong);
}

/// Redis's own summaries are kept as they are, and a few of them are two sentences.
#[test]
fn summaries_are_sentences() {
    assert_none(
        "no sentence of one line that ends with a full stop",
        names(|entry| {
            let summary = entry.command.summary;
            !summary.ends_with('.')
                || summary.contains('\n')
                || summary.len() > 200
                || !summary.starts_with(|first: char| first.is_ascii_uppercase())
        }),
    );
}

#[test]
fn versions_look_like_versions() {
    assert_none(
        "no version of three numbers",
        names(|entry| {
            let parts: Vec<&str> = entry.command.since.split('.').collect();
            parts.len() != 3 || !parts.iter().all(|part| part.parse::<u8>().is_ok())
        }),
    );
}

/// A choice that nobody can make is a mistake: an empty list, a word that stands for two choices,
/// an option within an option, a word that is not upper case.
#[test]
fn every_part_of_a_grammar_can_be_reached() {
    fn first_word(arg: &Arg) -> Option<&'static str> {
        match arg {
            Arg::Word(word) | Arg::Tagged(word, _) => Some(word),
            Arg::Group(parts) => parts.first().and_then(first_word),
            _ => None,
        }
    }
    fn look(arg: &Arg, wrong: &mut Vec<String>) {
        match arg {
            Arg::Key(name, _) | Arg::Value(name, _) if name.is_empty() => {
                wrong.push("a value without a name".into());
            }
            Arg::Key(..) | Arg::Value(..) => {}
            Arg::Word(word) => look_at_word(word, wrong),
            Arg::Tagged(word, inner) => {
                look_at_word(word, wrong);
                look(inner, wrong);
            }
            Arg::Maybe(Arg::Maybe(_)) => wrong.push("an option within an option".into()),
            Arg::Maybe(inner) | Arg::Many(inner) | Arg::Counted(inner) => look(inner, wrong),
            Arg::Halves(first, second) => {
                look(first, wrong);
                look(second, wrong);
            }
            Arg::OneOf(parts) | Arg::AnyOrder(parts) => {
                let mut words = BTreeSet::new();
                for word in parts.iter().filter_map(first_word) {
                    if !words.insert(word) {
                        wrong.push(format!("{word} stands for two choices"));
                    }
                }
                look_at_all(parts, wrong);
            }
            Arg::Group(parts) => look_at_all(parts, wrong),
        }
    }
    fn look_at_all(parts: &[Arg], wrong: &mut Vec<String>) {
        if parts.is_empty() {
            wrong.push("an empty list".into());
        }
        parts.iter().for_each(|part| look(part, wrong));
    }
    fn look_at_word(word: &str, wrong: &mut Vec<String>) {
        if word.is_empty() || word.bytes().any(|byte| byte.is_ascii_lowercase()) {
            wrong.push(format!("the word {word:?}"));
        }
    }
    let mut all = Vec::new();
    for entry in table().entries() {
        let mut wrong = Vec::new();
        entry.command.args.iter().for_each(|arg| look(arg, &mut wrong));
        all.extend(wrong.into_iter().map(|what| format!("{}: {what}", entry.command.name)));
    }
    assert_none("grammars", all);
}

/// What a script does not show, nobody sees.
#[test]
fn every_command_occurs_in_a_script() {
    let table = table();
    let mut seen = BTreeSet::new();
    for script in script::all() {
        for request in script.requests() {
            if let Some(entry) = table.by_name(&request[0]) {
                let word = request.get(1).map(|word| &word[..]);
                seen.insert(table.sub(entry, word).unwrap_or(entry).index);
                seen.insert(entry.index);
            }
        }
    }
    assert_none("in no script", names(|entry| !seen.contains(&entry.index)));
}

#[test]
fn engines_are_folders() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for engine in catalog::ENGINES {
        let name = engine.name;
        if !seen.insert(name) {
            wrong.push(format!("{name} is there twice"));
        }
        if !["engine", "system"].iter().any(|room| source.join(room).join(name).is_dir()) {
            wrong.push(format!("{name} is no folder"));
        }
        if !engine.summary.ends_with('.') {
            wrong.push(format!("{name}: {:?} is no sentence", engine.summary));
        }
    }
    let folders = ["engine", "system"]
        .iter()
        .flat_map(|room| std::fs::read_dir(source.join(room)).into_iter().flatten().flatten());
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().to_string_lossy().into_owned();
        if !seen.contains(&name[..]) {
            wrong.push(format!("{name} is not in the catalog"));
        }
    }
    assert_none("engines", wrong);
}

#[test]
fn settings_are_said_once() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for setting in catalog::settings() {
        for name in std::iter::once(&setting.name).chain(setting.aliases) {
            if !seen.insert(*name) {
                wrong.push(format!("{name} is there twice"));
            }
            if name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'_') {
                wrong.push(format!("{name} is not spelled as Redis spells"));
            }
        }
    }
    let refused = known::REFUSED.iter().map(|(name, _)| *name);
    for name in refused.chain(known::IGNORED.iter().copied()) {
        if seen.contains(name) {
            wrong.push(format!("{name} is a setting and not one"));
        }
    }
    assert_none("settings", wrong);
}

#[test]
fn kinds_keep_their_names_and_tags() {
    let kinds: BTreeMap<u8, &str> = catalog::kinds().map(|kind| (kind.tag, kind.name)).collect();
    assert_eq!(kinds.len(), catalog::kinds().count(), "two kinds share a tag");
    assert!(!kinds.contains_key(&0), "0 is the tag of strings");
    let frozen: BTreeMap<u8, &str> = KINDS.iter().map(|&(name, tag)| (tag, name)).collect();
    assert_eq!(kinds, frozen, "tags are frozen; a new kind adds a line to KINDS");
}

#[test]
fn a_form_belongs_to_one_kind() {
    let mut owners = BTreeMap::from([(rdb::string::FORM, "string")]);
    for kind in catalog::kinds() {
        for &form in kind.forms {
            let other = owners.insert(form, kind.name);
            assert_eq!(other, None, "{} and another read form {form}", kind.name);
        }
    }
}
