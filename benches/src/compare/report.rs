//! `REPORT.md`: one run with everything one needs to judge or repeat it.

use std::{fmt::Write, fs, path::PathBuf, process::Command};

use super::{
    Options,
    figure::{self, Measurement},
    table::{self, Table},
};
use crate::{Error, Result, account::Machine};

/// What a report says about how it came to be.
#[derive(Clone, Debug)]
pub struct Origin {
    pub date: String,
    pub machine: Machine,
    /// Versions of ours and of the peer.
    pub versions: [String; 2],
    /// The commit of the working directory, `+` when there are changes on top.
    pub commit: String,
    pub command: String,
}

impl Origin {
    /// The fields for machines.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("date", self.date.clone()),
            ("cpu", self.machine.cpu.clone()),
            ("cores", self.machine.cores.to_string()),
            ("kernel", self.machine.kernel.clone()),
            ("ours", self.versions[0].clone()),
            ("peer", self.versions[1].clone()),
            ("commit", self.commit.clone()),
            ("command", self.command.clone()),
        ]
    }
}

/// The commit that is checked out, or `unknown`.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(hash) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".into() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    if changed.is_some_and(|changes| !changes.is_empty()) { format!("{hash}+") } else { hash }
}

/// Writes the report into the crate's folder, with the plots of this run and the notes that are kept
/// by hand.
pub fn write(
    options: &Options,
    origin: &Origin,
    measured: &[Measurement],
    plots: &[PathBuf],
) -> Result<()> {
    let notes = fs::read_to_string(options.folder.join("notes.md")).unwrap_or_default();
    let text = compose(options, origin, measured, plots, &notes);
    let path = options.folder.join("REPORT.md");
    fs::write(&path, text).map_err(|cause| Error::io(format!("writing {}", path.display()), cause))
}

fn compose(
    options: &Options,
    origin: &Origin,
    measured: &[Measurement],
    plots: &[PathBuf],
    notes: &str,
) -> String {
    let Origin { date, machine, versions: [ours, peer], commit, command } = origin;
    let command = from_here(command);
    let Machine { cpu, cores, memory_gib, kernel } = machine;
    let place = match options.cores.filter(|_| options.threads == 1) {
        Some((server, load)) => format!("server on core {server}, generator on core {load}"),
        None => "nothing pinned".into(),
    };
    let mut text = format!(
        "# {ours} against {peer}\n\n\
         Written by `compare`; explanations by hand are in the last section.\n\n\
         - {date} UTC, commit {commit}\n\
         - {cores} cores of {cpu}, {memory_gib:.0} GiB, Linux {kernel}\n\
         - ours: `{}` ({ours}), threads: {}\n\
         - peer: `{}` ({peer})\n\
         - {place}; {} rounds of {} s in turn, medians; ratios are medians over the rounds\n\
         - command: `{command}`\n\n",
        from_here(&options.ours),
        options.threads,
        options.peer,
        options.rounds,
        options.seconds
    );
    let judged = measured.iter().filter(|one| !one.checks.is_empty()).count();
    let missed: Vec<&str> = measured
        .iter()
        .filter(|one| !one.misses().is_empty())
        .map(|one| one.name.as_str())
        .collect();
    let _ = write!(text, "{} of {judged} targets met.", judged - missed.len());
    if !missed.is_empty() {
        let _ = write!(text, " Missed: {}.", missed.join(", "));
    }
    text.push_str("\n\n");
    let disturbed = figure::disturbed(measured);
    if !disturbed.is_empty() {
        let _ = writeln!(
            text,
            "Other work had the cores for more than 5 % of the time in: {}.\n",
            disturbed.join(", ")
        );
    }
    for (scenario, title) in table::STREAMS {
        section(&mut text, title, &table::streams(measured, scenario));
    }
    if measured.iter().any(|one| ["throughput", "types", "limits"].contains(&one.scenario)) {
        let _ = writeln!(
            text,
            "50 connections, values of 64 B, {} keys unless the name says otherwise; `_pN` is the \
             pipeline. CPU is the server process's time by the kernel's accounts. Latency is that of \
             a batch, from its write to its last reply. `gen %` is the generator's use of its core, \
             `wait %` the time that server and generator were ready to run while other work had \
             their cores: with more than a few per cent, latencies and rates say little.\n",
            options.keys
        );
    }
    for (scenario, title) in table::OTHERS {
        section(&mut text, title, &table::figures(measured, scenario));
    }
    if !plots.is_empty() {
        text.push_str("## Plots\n\nThe red marks are targets.\n\n");
        for plot in plots.iter().filter_map(|path| path.strip_prefix(&options.folder).ok()) {
            let plot = plot.display();
            let _ = writeln!(text, "![{plot}]({plot})\n");
        }
    }
    if !notes.trim().is_empty() {
        let _ = write!(text, "## Notes\n\n{}\n", notes.trim());
    }
    text
}

fn section(text: &mut String, title: &str, table: &Table) {
    if !table.rows.is_empty() {
        let _ = writeln!(text, "## {title}\n\n{}", table.to_markdown());
    }
}

/// A command line without the folder that the report is written in: where a checkout stands is
/// nobody's business.
fn from_here(line: &str) -> String {
    match std::env::current_dir() {
        Ok(here) => line.replace(&format!("{}/", here.display()), ""),
        Err(_) => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::figure::{Check, Figure, Rule};

    #[test]
    fn a_report_names_its_origin_its_misses_and_its_plots() {
        let options = Options {
            ours: "mainstay-server".into(),
            peer: "redis-server".into(),
            threads: 1,
            seconds: 3.0,
            rounds: 3,
            only: None,
            port: 1,
            keys: 1000,
            divide: 1,
            cores: Some((0, 1)),
            folder: "benches".into(),
        };
        let machine =
            Machine { cpu: "CPU X".into(), cores: 2, memory_gib: 24.0, kernel: "6.1".into() };
        let origin = Origin {
            date: "2026-11-20 12:00".into(),
            machine,
            versions: ["mainstay 0.1.0".into(), "redis 7.0.15".into()],
            commit: "abc".into(),
            command: "benches/compare all".into(),
        };
        let one = |name: &str, ratio| Measurement {
            scenario: "throughput",
            name: name.into(),
            figures: vec![Figure::once("ops", ratio, 1.0)],
            checks: vec![Check { figure: "ops", rule: Rule::RatioAtLeast, bound: 2.0 }],
            curves: None,
        };
        let measured = [one("get_p16", 1.5), one("set_p16", 2.5)];
        let plots = ["benches/plots/cpu.svg".into()];
        let text = compose(&options, &origin, &measured, &plots, "Why so.");
        for part in [
            "# mainstay 0.1.0 against redis 7.0.15",
            "2 cores of CPU X",
            "1 of 2 targets met. Missed: get_p16.",
            "| miss: ops 1.50 |",
            "![plots/cpu.svg](plots/cpu.svg)",
            "## Notes\n\nWhy so.",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
}
