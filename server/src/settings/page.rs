//! What people read about settings: `--help`, `--version` and `docs/settings.md`, all made from the
//! table.
//!
//! Not here: the text of each setting (its `static`), printing.

use std::fmt::Write;

use super::known;
use super::schema::{Effect, Section, Setting, Shape, When};
use super::value::memory;

/// Columns of `--help`.
const WIDTH: usize = 100;
/// Where the summaries of `--help` begin.
const INDENT: usize = 10;

/// The name and version of the program, one line.
pub fn version() -> String {
    format!("mainstay-server {}\n", env!("CARGO_PKG_VERSION"))
}

/// The text of `--help`: how to call the program, then every setting that does something, by
/// section.
pub fn help(own: &[&'static Setting]) -> String {
    let mut text = String::from(
        "mainstay-server: an in-memory data server for every Redis client.\n\
         \n\
         Usage: mainstay-server [FILE] [-] [--directive value ...]\n\
         \x20      mainstay-server import FILE|DIR --dir DATADIR\n\
         \x20      mainstay-server export FILE --dir DATADIR\n\
         \x20      mainstay-server -h | --help | -v | --version\n\
         \n\
         FILE is a redis.conf; `-` reads one from standard input. A flag is a line of that file,\n\
         and later ones win: file, standard input, flags. Redis's directives without meaning here\n\
         are accepted and named in the log. `import` takes files of Redis over into a folder of\n\
         data, `export` writes such a folder's data to an RDB file; neither serves anybody.\n\
         \n\
         \x20 mainstay-server\n\
         \x20 mainstay-server /etc/redis/redis.conf --daemonize no\n\
         \x20 mainstay-server --port 7000 --bind 127.0.0.1 ::1 --maxclients 500\n",
    );
    for (section, settings) in sections(own) {
        text.push_str(&format!("\n{}:\n", section.title()));
        for setting in settings {
            let flag = format!("  --{} {}", setting.name, operand(setting.shape));
            let default = format!("[{}]", shown_default(setting));
            if flag.len() + 2 + default.len() <= WIDTH {
                let _ = writeln!(text, "{flag}  {default}");
            } else {
                let _ = writeln!(text, "{flag}\n{:INDENT$}{default}", "");
            }
            wrap(&mut text, setting.summary);
        }
    }
    text
}

/// `docs/settings.md`.
pub fn markdown(own: &[&'static Setting]) -> String {
    let mut text = String::from(
        "# Settings\n\
         \n\
         Made from the table of settings in `server/src`; `UPDATE=1 cargo test -p mainstay-server\n\
         settings` rewrites it.\n\
         \n\
         A setting is given in the file, as a flag (`--maxclients 500`) or by `CONFIG SET`;\n\
         `CONFIG GET` answers it and `CONFIG REWRITE` writes it back. *At start* marks those that\n\
         `CONFIG SET` cannot change. Bytes take a unit: `k` is 1000, `kb` is 1024, and so on with\n\
         `m`, `mb`, `g`, `gb`.\n",
    );
    for (section, settings) in sections(own) {
        text.push_str(&format!("\n## {}\n", section.title()));
        for setting in settings {
            text.push_str(&entry(setting));
        }
    }
    text.push_str(
        "\n## Accepted, without effect here\n\
         \n\
         Knobs for machinery that this server does not have. They are taken with any value that\n\
         Redis takes, `CONFIG GET` answers the value given or Redis's default, and the log names\n\
         those that were given at the start. The answer says what was asked for; it does not say\n\
         that something acts on it.\n\n",
    );
    for setting in without_owner(own).filter(|setting| setting.effect == Effect::Idle) {
        let _ = writeln!(text, "- {}: `{}`", names(setting), shown_default(setting));
    }
    text.push_str(
        "\n## Refused unless left at the default\n\
         \n\
         Another value is a promise that would be broken silently, so the server does not start\n\
         with it.\n\n",
    );
    for setting in without_owner(own) {
        if let Effect::Absent(sentence) = setting.effect {
            let default = shown_default(setting);
            let _ = writeln!(text, "- {}: `{default}`; {sentence}.", names(setting));
        }
    }
    for (name, sentence) in known::REFUSED {
        let _ = writeln!(text, "- `{name}`: {sentence}.");
    }
    let ignored = known::IGNORED.join("`, `");
    let _ = writeln!(text, "\nRead and dropped, as in Redis: `{ignored}`.");
    text
}

/// One setting in the docs.
fn entry(setting: &Setting) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", setting.name, setting.summary);
    let _ = write!(text, "Takes {}; default `{}`", allowed(setting.shape), shown_default(setting));
    if setting.when != When::Anytime {
        text.push_str("; at start");
    }
    if !setting.aliases.is_empty() {
        let _ = write!(text, "; also called `{}`", setting.aliases.join("`, `"));
    }
    text.push_str(".\n");
    match setting.effect {
        Effect::Works => {}
        Effect::Idle => text.push_str("\nAccepted, without effect yet.\n"),
        Effect::Absent(sentence) => {
            let _ = writeln!(text, "\nAnother value is refused: {sentence}.");
        }
    }
    text
}

fn names(setting: &Setting) -> String {
    let all: Vec<&str> = [setting.name].iter().chain(setting.aliases).copied().collect();
    format!("`{}`", all.join("`, `"))
}

/// The sections that have settings, in order, each with its settings in the order given.
fn sections(own: &[&'static Setting]) -> Vec<(Section, Vec<&'static Setting>)> {
    Section::ALL
        .into_iter()
        .map(|section| {
            let here = own.iter().filter(|setting| setting.section == section);
            (section, here.copied().collect::<Vec<_>>())
        })
        .filter(|(_, settings)| !settings.is_empty())
        .collect()
}

fn without_owner<'a>(own: &'a [&'static Setting]) -> impl Iterator<Item = &'static Setting> + 'a {
    known::ALL.iter().filter(|setting| !own.iter().any(|other| other.name == setting.name))
}

fn shown_default(setting: &Setting) -> &'static str {
    if setting.default.is_empty() { "\"\"" } else { setting.default }
}

/// What stands for the value after a flag.
fn operand(shape: Shape) -> String {
    match shape {
        Shape::Bool => "yes|no".into(),
        Shape::Integer { .. } => "NUMBER".into(),
        Shape::Bytes { .. } => "BYTES".into(),
        Shape::BytesOrPercent => "BYTES|PERCENT%".into(),
        Shape::Text => "TEXT".into(),
        Shape::Words { .. } => "WORD ...".into(),
        Shape::Choice(choices) => choices.join("|"),
        Shape::OctalMode => "MODE".into(),
        Shape::Percentiles => "NUMBER ...".into(),
        Shape::OutputLimits => "CLASS HARD SOFT SECONDS ...".into(),
        Shape::SavePoints => "SECONDS CHANGES ...".into(),
    }
}

/// Which values a shape takes, in words.
pub fn allowed(shape: Shape) -> String {
    match shape {
        Shape::Bool => "`yes` or `no`".into(),
        Shape::Integer { min, max: i64::MAX } => format!("a number from {min}"),
        Shape::Integer { min, max } => format!("a number from {min} to {max}"),
        Shape::Bytes { min, max } if max >= i64::MAX as u64 => {
            format!("a number of bytes from {}", memory(min))
        }
        Shape::Bytes { min, max } => {
            format!("a number of bytes from {} to {}", memory(min), memory(max))
        }
        Shape::BytesOrPercent => "a number of bytes, or `0%` to `100%`".into(),
        Shape::Text => "a text".into(),
        Shape::Words { max } => format!("up to {max} words"),
        Shape::Choice(choices) => format!("one of `{}`", choices.join("`, `")),
        Shape::OctalMode => "an octal number from 0 to 777".into(),
        Shape::Percentiles => "numbers from 0 to 100".into(),
        Shape::OutputLimits => {
            "`class hard soft seconds`, where class is `normal`, `replica` or `pubsub`".into()
        }
        Shape::SavePoints => "pairs of seconds (from 1) and changes, or `\"\"`".into(),
    }
}

/// Appends a sentence, indented and broken into lines.
fn wrap(text: &mut String, sentence: &str) {
    let mut line = " ".repeat(INDENT);
    for word in sentence.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{line}");
            line.truncate(INDENT);
        }
        if line.len() > INDENT {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
