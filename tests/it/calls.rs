//! Promises over the whole command table that show when commands are called: random lines from each
//! grammar, on a bare executor.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_protocol::{Frame, OwnedRequest, Version};
use mainstay_server::command::{Entry, Reply, Run, Trait};
use mainstay_server::dice::Dice;
use mainstay_server::process::Process;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::lines::Line;
use mainstay_tests::script::{self, BareStage};
use mainstay_tests::seed::{pick, seed};

/// Random lines for each command.
const LINES: usize = 60;

/// Commands that refuse some of what their grammar allows as a syntax error, since Redis does and
/// its grammar, which COMMAND DOCS shows, cannot say so.
const STRICTER: &[(&str, &str)] = &[
    ("SHUTDOWN", "ABORT stands alone"),
    ("CLIENT LIST", "TYPE or ID, not both"),
    ("RESTORE", "IDLETIME or FREQ, not both"),
    ("ZUNION", "as many weights as keys"),
    ("ZINTER", "as many weights as keys"),
    ("ZUNIONSTORE", "as many weights as keys"),
    ("ZINTERSTORE", "as many weights as keys"),
    ("INCREX", "PERSIST or ENX, not both"),
];

/// Commands that cannot succeed here, and why.
const HOPELESS: &[(&str, &str)] = &[
    ("CONFIG REWRITE", "there is no file to rewrite"),
    ("SCRIPT KILL", "no script can be running"),
    ("FUNCTION KILL", "no function can be running"),
    ("FUNCTION DELETE", "no library can be loaded"),
    ("BGREWRITEAOF", "BGSAVE was asked for before it, and nobody writes the snapshot"),
    ("DEBUG", "it is for clients of this machine, and a bare client comes from nowhere"),
];

const VERSIONS: [Version; 2] = [Version::Resp2, Version::Resp3];

fn print(line: &Line) -> String {
    let words = line.args.iter().map(|arg| format!("\"{}\"", arg.escape_ascii()));
    words.collect::<Vec<_>>().join(" ")
}

fn assert_none(wrong: &BTreeSet<String>) {
    let text: Vec<&str> = wrong.iter().map(String::as_str).collect();
    assert!(text.is_empty(), "\n  {}", text.join("\n  "));
}

/// The commands that can be called: all but containers.
fn callable(process: &Process) -> Vec<&Entry> {
    process.table.entries().iter().filter(|entry| is_plain(entry)).collect()
}

/// Calls in a connection of its own, so that no state is left behind.
fn call(bare: &mut Bare<'_>, version: Version, authenticated: bool, args: &[&[u8]]) -> Vec<Frame> {
    let client = bare.connect_as(version, authenticated);
    let mut frames = bare.call(client, args).frames;
    if bare.is_parked(client) {
        // What it answers when its time is over.
        bare.unblock(client);
        frames.extend(bare.message(client));
    }
    bare.disconnect(client);
    bare.process.pause.until.store(0, Relaxed);
    bare.process.following.leave();
    frames
}

/// Random writes, so that there is something to find for a command of `engine`: half of them are
/// its own, since a key of another kind is only good for WRONGTYPE.
fn fill(bare: &mut Bare<'_>, dice: &mut Dice, engine: &str) {
    call(bare, Version::Resp3, true, &[b"FLUSHALL"]);
    let entries = callable(bare.process);
    let writes = |entry: &&Entry| entry.command.writes() && !entry.command.is(Trait::Alone);
    let all: Vec<&Entry> = entries.into_iter().filter(writes).collect();
    let own: Vec<&Entry> = all.iter().copied().filter(|e| e.engine.name == engine).collect();
    for number in 0..30 {
        let from = if own.is_empty() || number % 2 == 0 { &all } else { &own };
        let line = Line::random(pick(dice, from).command, dice);
        call(bare, Version::Resp3, true, &line.slices());
    }
}

fn is_plain(entry: &Entry) -> bool {
    !matches!(entry.command.run, Run::Group(_))
}

fn error(frames: &[Frame]) -> Option<String> {
    match frames {
        [Frame::Error(text)] => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

/// The reason that an error gives: what EXEC is refused for stands behind a code of its own.
fn why(text: &str) -> &str {
    let text = text.strip_prefix("ERR ").unwrap_or(text);
    text.strip_prefix("EXECABORT Transaction discarded because of: ").unwrap_or(text)
}

/// Runs `check` on random lines of every command, over keys that come and go.
fn for_random_lines(
    test: &str,
    mut check: impl FnMut(&mut Bare<'_>, &Entry, &Line, &mut Dice) -> Result<(), String>,
) {
    let seed = seed(test);
    let mut dice = Dice::new(seed);
    let process = bare::small(seed);
    let mut bare = Bare::new(&process, seed);
    let mut wrong = BTreeSet::new();
    for entry in callable(&process) {
        fill(&mut bare, &mut dice, entry.engine.name);
        for _ in 0..LINES {
            let line = Line::random(entry.command, &mut dice);
            if let Err(what) = check(&mut bare, entry, &line, &mut dice) {
                // One line tells enough about a command.
                wrong.insert(format!("{}: {what}", print(&line)));
                break;
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn what_the_grammar_allows_is_no_syntax_error() {
    for_random_lines("syntax", |bare, entry, line, dice| {
        let is_stricter = STRICTER.iter().any(|(name, _)| *name == entry.command.name);
        let version = *pick(dice, &VERSIONS);
        match error(&call(bare, version, true, &line.slices())) {
            Some(_) if is_stricter => Ok(()),
            Some(text) if text == "ERR syntax error" || text.contains("wrong number of arg") => {
                Err(text)
            }
            Some(text) if text.starts_with("ERR unknown ") => Err(text),
            _ => Ok(()),
        }
    });
}

#[test]
fn wrong_numbers_of_arguments_are_refused_by_name() {
    for_random_lines("arity", |bare, entry, line, dice| {
        if entry.command.is(Trait::Executes) {
            // As for strangers.
            return Ok(());
        }
        let words = entry.command.name.split(' ').count();
        if words == 1 && !bare.process.table.by_name(&line.args[0]).is_some_and(is_plain) {
            // One more argument is the name of a subcommand.
            return Ok(());
        }
        let mut args = line.slices();
        if entry.arity_open || dice.below(2) == 0 {
            if entry.arity_min == words {
                return Ok(());
            }
            args.truncate(words + dice.below(entry.arity_min - words));
        } else {
            args.push(b"one too many");
        }
        let want = format!("wrong number of arguments for '{}' command", entry.wire_name);
        match error(&call(bare, Version::Resp2, true, &args)) {
            Some(text) if why(&text) == want => Ok(()),
            other => Err(format!("with {} arguments answers {other:?}", args.len())),
        }
    });
}

#[test]
fn keys_are_where_the_grammar_has_them() {
    for_random_lines("keys", |_, entry, line, _| {
        let request = OwnedRequest::from_args(line.slices());
        let mut found: Vec<(usize, _)> = Vec::new();
        for spec in &entry.keys {
            let positions = spec.positions(request.as_request());
            let positions = positions.ok_or("the request does not say how many keys it has")?;
            found.extend(positions.map(|at| (at, spec.access)));
        }
        found.sort_by_key(|(at, _)| *at);
        if found == line.keys { Ok(()) } else { Err(format!("{found:?} are not {:?}", line.keys)) }
    });
}

#[test]
fn readers_change_nothing() {
    for_random_lines("readers", |bare, entry, line, _| {
        if !matches!(entry.command.run, Run::Read(_)) {
            return Ok(());
        }
        bare.take_records();
        let before = bare.digest();
        call(bare, Version::Resp3, true, &line.slices());
        if bare.digest() != before {
            return Err("changes keys".into());
        }
        if bare.take_records().is_empty() { Ok(()) } else { Err("is recorded".into()) }
    });
}

/// What is refused changed nothing: `Refusal`s come before the first change.
#[test]
fn refused_writes_change_nothing() {
    for_random_lines("refused", |bare, entry, line, _| {
        if !entry.command.writes() {
            return Ok(());
        }
        let before = bare.digest();
        match error(&call(bare, Version::Resp3, true, &line.slices())) {
            Some(text) if bare.digest() != before => Err(format!("{text}, and yet changes keys")),
            _ => Ok(()),
        }
    });
}

/// A write that changed something is recorded; one that is recorded changed something or set out
/// to.
#[test]
fn changes_are_recorded() {
    for_random_lines("recorded", |bare, entry, line, _| {
        let before = bare.digest();
        bare.take_records();
        call(bare, Version::Resp3, true, &line.slices());
        let is_recorded = !bare.take_records().is_empty();
        if bare.digest() != before && !is_recorded {
            return Err("changes keys without a record".into());
        }
        if is_recorded && !entry.command.writes() && entry.command.name != "EXEC" {
            return Err("is recorded though it does not write".into());
        }
        Ok(())
    });
}

#[test]
fn strangers_are_refused() {
    for_random_lines("strangers", |bare, entry, line, _| {
        // A refused EXEC gives the transaction up and says so in words of its own: see its scripts.
        if entry.command.is(Trait::NoAuth) || entry.command.is(Trait::Executes) {
            return Ok(());
        }
        let before = bare.digest();
        let frames = call(bare, Version::Resp2, false, &line.slices());
        if error(&frames).as_deref().map(why) != Some("NOAUTH Authentication required.") {
            return Err(format!("is answered {frames:?}"));
        }
        if bare.digest() == before { Ok(()) } else { Err("changes keys all the same".into()) }
    });
}

/// Whether a frame is of the shape that was declared.
fn fits(shape: &Reply, frame: &Frame, version: Version) -> bool {
    let resp3 = version == Version::Resp3;
    match (shape, frame) {
        (Reply::Any, _) => true,
        (Reply::OneOf(shapes), _) => shapes.iter().any(|shape| fits(shape, frame, version)),
        (Reply::Maybe(_), Frame::Null) => true,
        (Reply::Maybe(shape), _) => fits(shape, frame, version),
        (Reply::Ok, Frame::Simple(text)) => &text[..] == b"OK",
        (Reply::Simple, Frame::Simple(_)) => true,
        (Reply::Int, Frame::Integer(_)) => true,
        (Reply::Bulk, Frame::Bulk(_)) => true,
        (Reply::Bulk, Frame::Verbatim { .. }) => resp3,
        (Reply::Double, Frame::Double(_)) => resp3,
        (Reply::Double, Frame::Bulk(text)) => {
            !resp3 && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
        }
        (Reply::Array(shape), Frame::Array(elements)) => {
            elements.iter().all(|element| fits(shape, element, version))
        }
        (Reply::Set(shape), Frame::Set(elements)) if resp3 => {
            elements.iter().all(|element| fits(shape, element, version))
        }
        (Reply::Set(shape), Frame::Array(elements)) if !resp3 => {
            elements.iter().all(|element| fits(shape, element, version))
        }
        (Reply::Map(shape), Frame::Map(pairs)) if resp3 => {
            pairs.iter().all(|(_, value)| fits(shape, value, version))
        }
        (Reply::Map(shape), Frame::Array(elements)) if !resp3 => {
            let values = elements.iter().skip(1).step_by(2);
            elements.len().is_multiple_of(2) && values.into_iter().all(|v| fits(shape, v, version))
        }
        (Reply::Tuple(shapes), Frame::Array(elements)) => {
            let mut pairs = shapes.iter().zip(elements);
            shapes.len() == elements.len() && pairs.all(|(shape, e)| fits(shape, e, version))
        }
        (Reply::Push, Frame::Push(_)) => resp3,
        (Reply::Push, Frame::Array(_)) => !resp3,
        _ => false,
    }
}

/// Whether a whole answer is of the shape that was declared.
fn all_fit(shape: &Reply, frames: &[Frame], version: Version) -> bool {
    match (shape, frames) {
        (Reply::Nothing, frames) => frames.is_empty(),
        (Reply::OneOf(shapes), _) => shapes.iter().any(|shape| all_fit(shape, frames, version)),
        // Several channels, several messages.
        (Reply::Push, frames) => frames.iter().all(|frame| fits(shape, frame, version)),
        (_, [frame]) => fits(shape, frame, version),
        _ => false,
    }
}

/// In random lines and in all scripts. A command that is never seen to succeed proves nothing.
#[test]
fn replies_are_of_the_shape_declared() {
    let seed = seed("shapes");
    let mut dice = Dice::new(seed);
    let mut wrong = BTreeSet::new();
    let mut proven = BTreeSet::new();
    let mut look = |entry: &Entry, frames: &[Frame], version, line: &dyn Fn() -> String| {
        let is_queued = matches!(frames, [Frame::Simple(text)] if &text[..] == b"QUEUED");
        if error(frames).is_some() || is_queued {
            return;
        }
        proven.insert(entry.index);
        let name = entry.command.name;
        // HELLO answers in the version that it was asked for.
        let versions = if name == "HELLO" { &VERSIONS[..] } else { &[version] };
        if !versions.iter().any(|&version| all_fit(&entry.command.reply, frames, version)) {
            wrong.insert(format!("{name} in {version:?}: {} answers {frames:?}", line()));
        }
    };
    for version in VERSIONS {
        let process = bare::small(seed);
        let mut bare = Bare::new(&process, seed);
        for entry in callable(&process) {
            fill(&mut bare, &mut dice, entry.engine.name);
            for _ in 0..LINES {
                let line = Line::random(entry.command, &mut dice);
                let frames = call(&mut bare, version, true, &line.slices());
                look(entry, &frames, version, &|| print(&line));
            }
        }
        for script in script::all() {
            let process = bare::small(seed);
            let mut bare = Bare::new(&process, seed);
            let mut stage = BareStage::new(&mut bare, version);
            // Whether it holds is another test's business.
            let _ = script.play(&mut stage, version);
            for (args, frames) in stage.heard {
                if frames.is_empty() {
                    // CLIENT REPLY has silenced it.
                    continue;
                }
                let table = &process.table;
                let Some(entry) = table.by_name(&args[0]) else { continue };
                let sub = args.get(1).and_then(|word| table.sub(entry, Some(word)));
                let path = script.path.display();
                look(sub.unwrap_or(entry), &frames, version, &|| format!("{path}: {args:?}"));
            }
        }
    }
    for entry in callable(&bare::small(seed)) {
        let is_hopeless = HOPELESS.iter().any(|(name, _)| *name == entry.command.name);
        if !proven.contains(&entry.index) && !is_hopeless {
            wrong.insert(format!("{}: no line of its grammar ever succeeds", entry.command.name));
        }
    }
    assert_none(&wrong);
}
