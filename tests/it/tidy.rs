//! What must never be: the rules of `server/ARCHITECTURE.md` and of the house, checked in the
//! source.
//!
//! Which room imports which is read from the table in that page, so that the page cannot go stale.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file has at most so many lines; a long table of similar rows stays below it too.
const LINES_MAX: usize = 700;
const COLUMNS_MAX: usize = 100;

/// Files with lines that may be longer, and why.
const WIDE: &[(&str, &str)] = &[
    ("server/src/settings/known.rs", "a long table, one row to a line"),
    ("server/src/settings/tests/files.rs", "messages to people, to the letter"),
];

/// Packages of the server, and where each may be used: rooms, or files.
const HOMES: &[(&str, &[&str])] = &[
    ("crc32c", &["persist"]),
    ("crossbeam", &["keyspace", "mail.rs"]),
    ("hashbrown", &["keyspace", "structure", "engine", "dice.rs", "tracking"]),
    ("itoa", &["engine", "command", "persist"]),
    ("libm", &["engine/geo"]),
    ("lz4_flex", &["persist/snapshot"]),
    ("mimalloc", &["main.rs"]),
    ("mio", &["reactor", "connection/stream.rs", "assembly.rs"]),
    (
        "parking_lot",
        &[
            "keyspace",
            "clients.rs",
            "process.rs",
            "settings",
            "observe",
            "engine/limiter/stats.rs",
            "engine/pubsub",
            "tracking",
            "persist",
        ],
    ),
    ("nix", &["machine.rs", "startup.rs", "observe", "keyspace", "persist/disk"]),
    ("signal_hook", &["main.rs"]),
    ("smallvec", &["keyspace", "structure", "connection", "engine", "tracking"]),
    ("socket2", &["reactor"]),
    ("strsim", &["settings"]),
    (
        "tracing",
        &[
            "main.rs",
            "assembly.rs",
            "startup.rs",
            "restore.rs",
            "saving.rs",
            "reactor",
            "observe",
            "route",
            "system",
            "persist",
            "migration",
            "offline.rs",
        ],
    ),
    ("tracing_subscriber", &["main.rs", "observe"]),
    ("twox_hash", &["engine/string"]),
    ("tzdb_data", &["engine/limiter"]),
];

/// Engines that are a view of another's values, and which.
const VIEWS: &[(&str, &str)] = &[("geo", "sorted_set")];

/// Ways to read OS time or chance; only these files may know them.
const OS_TIME: &[&str] =
    &["Instant::now", "SystemTime::now", "_rdtsc", "clock_gettime", "thread_rng"];
const OS_TIME_HOME: &str = "clock.rs";

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
    /// Without comments and without code that only tests have.
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn collect(folder: &Path, to: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                collect(&path, to);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            to.push(path);
        }
    }
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| collect(&root().join(folder), &mut paths));
    paths.sort();
    let sources: Vec<Source> = paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("source is text");
            let path = path.strip_prefix(root()).expect("below the root").display().to_string();
            let code = code(&path, &text);
            Source { path, text, code }
        })
        .collect();
    assert!(!sources.is_empty(), "no source in {folders:?}");
    sources
}

fn code(path: &str, text: &str) -> String {
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return String::new();
    }
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Everything of ours.
fn all() -> Vec<Source> {
    sources(&["protocol/src", "protocol/tests", "server/src", "client", "benches", "tests/it"])
}

fn server() -> Vec<(String, Source)> {
    let below = |source: Source| {
        let path = source.path.strip_prefix("server/src/").expect("below src").to_owned();
        (path, source)
    };
    sources(&["server/src"]).into_iter().map(below).collect()
}

fn room(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn assert_none(rule: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

/// The first names behind every `crate::` of some code: rooms.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let after = &code[at + "crate::".len()..];
        let Some(group) = after.strip_prefix('{') else {
            found.insert(word(after));
            continue;
        };
        let mut depth = 0;
        let mut is_first = true;
        for (at, byte) in group.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => break,
                b'}' => depth -= 1,
                b',' if depth == 0 => is_first = true,
                _ if is_first && byte.is_ascii_alphanumeric() => {
                    found.insert(word(&group[at..]));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The rows of the table "room, its job, may import".
fn permitted() -> BTreeMap<String, BTreeSet<String>> {
    let page = std::fs::read_to_string(root().join("server/ARCHITECTURE.md")).expect("the map");
    let table = page.lines().skip_while(|line| !line.starts_with("| room |"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let imports = cells[2].split_whitespace().map(str::to_owned);
        (cells[0].trim_matches('`').to_owned(), imports.collect())
    })
    .collect()
}

#[test]
fn rooms_import_what_the_map_permits() {
    let permitted = permitted();
    assert!(permitted.len() > 10, "the table is not where it was");
    let mut wrong = BTreeSet::new();
    let mut rooms = BTreeSet::new();
    for (path, source) in server() {
        let room = room(&path);
        if ["main", "lib"].contains(&room) {
            continue;
        }
        rooms.insert(room.to_owned());
        let Some(allowed) = permitted.get(room) else {
            wrong.insert(format!("{room} has no row in server/ARCHITECTURE.md"));
            continue;
        };
        for import in imports(&source.code) {
            let is_constant = import.bytes().all(|byte| !byte.is_ascii_lowercase());
            if import != room && !is_constant && !allowed.contains(&import) {
                wrong.insert(format!("{path}: {room} may not import {import}"));
            }
        }
    }
    for room in permitted.keys().filter(|room| !rooms.contains(*room)) {
        wrong.insert(format!("{room} has a row in server/ARCHITECTURE.md and is not there"));
    }
    assert_none("rooms", wrong.into_iter().collect());
}

#[test]
fn engines_know_neither_each_other_nor_the_clock() {
    let folders = |room: &str| -> Vec<String> {
        let entries = std::fs::read_dir(root().join("server/src").join(room)).expect("a room");
        let folders = entries.flatten().filter(|entry| entry.path().is_dir());
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let mut wrong = Vec::new();
    for (path, source) in server() {
        let mut parts = path.split('/');
        let room = parts.next().unwrap_or_default();
        let Some(own) = parts.next().filter(|_| ["engine", "system"].contains(&room)) else {
            continue;
        };
        let is_other = |other: &&String| *other != own && !VIEWS.contains(&(own, &other[..]));
        for other in folders(room).iter().filter(is_other) {
            let ways = [format!("crate::{room}::{other}::"), format!("super::super::{other}::")];
            if ways.iter().any(|way| source.code.contains(way)) {
                wrong.push(format!("{path} reaches into {other}"));
            }
        }
        if room == "engine" {
            for (at, _) in source.code.match_indices("clock::") {
                let taken = word(&source.code[at + "clock::".len()..]);
                if taken != "Millis" {
                    wrong.push(format!("{path} takes {taken:?} from the clock"));
                }
            }
        }
    }
    assert_none("an engine is a folder that stands alone", wrong);
}

#[test]
fn only_the_clock_reads_the_time() {
    let mut wrong = Vec::new();
    for (path, source) in server().into_iter().filter(|(path, _)| path != OS_TIME_HOME) {
        for way in OS_TIME.iter().filter(|way| source.code.contains(**way)) {
            wrong.push(format!("{path}: {way}"));
        }
    }
    assert_none("OS time has one home, clock.rs", wrong);
}

#[test]
fn packages_stay_in_their_homes() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (path, source) in server() {
        for (package, homes) in HOMES {
            let is_used = source.code.match_indices(&format!("{package}::")).any(|(at, _)| {
                let before = source.code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
            });
            if is_used {
                used.insert(*package);
                if !homes.iter().any(|home| Path::new(&path).starts_with(home)) {
                    wrong.push(format!("{path} uses {package}, whose homes are {homes:?}"));
                }
            }
        }
    }
    let manifest = std::fs::read_to_string(root().join("server/Cargo.toml")).expect("a manifest");
    let listed = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    for line in listed.take_while(|line| !line.starts_with('[')) {
        let package = line.split(['.', ' ', '=']).next().unwrap_or_default().replace('-', "_");
        if package.is_empty() || package.starts_with("mainstay") {
            continue;
        }
        if !HOMES.iter().any(|(name, _)| *name == package) {
            wrong.push(format!("{package} has no home in this test, nor a reason in 002"));
        } else if !used.contains(&package[..]) {
            wrong.push(format!("{package} is depended on and not used"));
        }
    }
    assert_none("packages", wrong);
}

/// Redis's summaries and error texts stand in one line, however long, so that they can be searched
/// for.
#[test]
fn files_and_lines_are_short() {
    let mut wrong = Vec::new();
    for Source { path, text, .. } in all() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{path} has {lines} lines; which second thing has it become?"));
        }
        if WIDE.iter().any(|(wide, _)| *wide == path) || path.starts_with("benches/") {
            // The load generator's own formatter has its own width.
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let start = line.trim_start();
            let may_be_long = start.starts_with("summary: \"") || start.starts_with('"');
            if line.chars().count() > COLUMNS_MAX && !may_be_long {
                wrong.push(format!("{path}:{}: more than {COLUMNS_MAX} columns", number + 1));
            }
        }
    }
    assert_none("too long", wrong);
}

#[test]
fn nothing_is_left_undone() {
    // In two parts each, so that this file does not contain them.
    let words = [
        ["to", "do!("],
        ["unimpl", "emented!("],
        ["db", "g!("],
        ["#[ig", "nore"],
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
    ];
    let words = words.map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for Source { path, text, .. } in all() {
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(&word[..])) {
                wrong.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    assert_none("left undone", wrong);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = all().into_iter().filter(|source| !source.text.starts_with("//!"));
    assert_none("no module doc in the first line", silent.map(|source| source.path).collect());
}

#[test]
fn names_say_something() {
    let empty = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];
    let wrong = all().into_iter().filter(|source| {
        let parts = source.path.trim_end_matches(".rs").split('/');
        parts.into_iter().any(|part| empty.contains(&part))
    });
    assert_none("files named for nothing", wrong.map(|source| source.path).collect());
}

#[test]
fn imports_are_found_however_they_are_written() {
    let code = "use crate::{a::{b, c}, d::e, f};\nuse crate::g::h;\nfn x() { crate::i::j() }";
    let found: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(found, ["a", "d", "f", "g", "i"]);
}
