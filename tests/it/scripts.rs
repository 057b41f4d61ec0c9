//! Golden scripts: every `scripts/*.resp` of the engines and the system commands, in RESP2 and in
//! RESP3, on a bare executor and over a socket. `UPDATE=1` rewrites what no longer holds.
//!
//! Over a socket time cannot be handed in: scripts that need it are left out there, and counted.

use std::fmt::Write as _;
use std::sync::Once;

use mainstay_protocol::Version;
use mainstay_tests::bare::{self, Bare};
use mainstay_tests::script::{self, BareStage, Mismatch, Script, ServedStage};
use mainstay_tests::seed::seed;
use mainstay_tests::served::Served;

/// What a script that does not hold looks like to people.
fn report(script: &Script, setting: &str, mismatch: &Mismatch) -> String {
    let Mismatch { line, sent, expected, got } = mismatch;
    let path = script.path.display().to_string();
    let path = path.rsplit_once("/../").map_or(&path[..], |(_, path)| path);
    let mut text = format!("\n{path}:{line} ({setting})\n    sent  {sent}\n");
    for (title, lines) in [("expected", expected), ("got", got)] {
        for (number, line) in lines.iter().enumerate() {
            let title = if number == 0 { title } else { "" };
            let _ = writeln!(text, "{title:>8}  {line}");
        }
        if lines.is_empty() {
            let _ = writeln!(text, "{title:>8}  nothing");
        }
    }
    text
}

fn assert_none(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{} scripts do not hold:\n{}\nUPDATE=1 cargo test -p mainstay-tests scripts:: rewrites \
         them; then read the difference.",
        failures.len(),
        failures.concat()
    );
}

fn play_bare(version: Version) {
    let seed = seed("scripts");
    let mut failures = Vec::new();
    for script in scripts() {
        let process = bare::process(seed);
        let mut bare = Bare::new(&process, seed);
        if let Err(mismatch) = script.play(&mut BareStage::new(&mut bare, version), version) {
            failures.push(report(&script, &format!("bare, {version:?}"), &mismatch));
        }
    }
    assert_none(&failures);
}

#[allow(clippy::print_stdout, reason = "how many are left out is part of the result")]
fn play_served(version: Version) {
    let seed = seed("scripts");
    let scripts = scripts();
    let all = scripts.len();
    let scripts: Vec<Script> =
        scripts.into_iter().filter(|script| !script.is_for_bare_only()).collect();
    println!("{} of {all} scripts are left out: time cannot be handed in", all - scripts.len());
    let mut failures = Vec::new();
    for script in scripts {
        let served = Served::start(&["--threads", "1"], seed);
        if let Err(mismatch) = script.play(&mut ServedStage::new(&served, version), version) {
            failures.push(report(&script, &format!("socket, {version:?}"), &mismatch));
        }
        if let Err(fault) = served.stop() {
            failures.push(format!("\n{}: the server ended with: {fault}\n", script.path.display()));
        }
    }
    assert_none(&failures);
}

#[test]
fn hold_on_a_bare_executor_in_resp2() {
    play_bare(Version::Resp2);
}

#[test]
fn hold_on_a_bare_executor_in_resp3() {
    play_bare(Version::Resp3);
}

#[test]
fn hold_over_a_socket_in_resp2() {
    play_served(Version::Resp2);
}

#[test]
fn hold_over_a_socket_in_resp3() {
    play_served(Version::Resp3);
}

#[test]
fn say_their_point_first() {
    let silent: Vec<_> = script::all()
        .into_iter()
        .filter(|script| !script.says_its_point())
        .map(|script| script.path)
        .collect();
    assert!(silent.is_empty(), "no comment in the first line: {silent:?}");
}

/// All scripts; with `UPDATE=1` they are made to hold first.
fn scripts() -> Vec<Script> {
    static UPDATED: Once = Once::new();
    UPDATED.call_once(|| {
        if std::env::var_os("UPDATE").is_some() {
            update();
        }
    });
    script::all()
}

fn update() {
    for script in script::all() {
        let processes = [bare::process(1), bare::process(1)];
        let [mut resp2, mut resp3] = processes.each_ref().map(|process| Bare::new(process, 1));
        let text = script.rewritten([
            &mut BareStage::new(&mut resp2, Version::Resp2),
            &mut BareStage::new(&mut resp3, Version::Resp3),
        ]);
        if std::fs::read_to_string(&script.path).is_ok_and(|old| old != text) {
            std::fs::write(&script.path, text).expect("scripts can be written");
        }
    }
}
