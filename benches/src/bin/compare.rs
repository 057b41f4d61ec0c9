//! `compare`: our server against a peer, in turn, with targets and verdicts.

#![allow(clippy::print_stdout, reason = "a command-line tool answers on stdout")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use mainstay_benches::{
    Error, Result,
    account::Machine,
    clock,
    compare::{
        Options, figure, plot,
        record::Record,
        report::{self, Origin},
        rounds::Rounds,
        scenario::Scenario,
        table,
    },
    floor,
};

/// Compares mainstay-server with another RESP server: the same workloads on the same core, in turn.
///
/// Scenarios: quick, throughput, types, pubsub, handover, memory, connections, expiry, all.
#[derive(Parser)]
#[command(name = "compare", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Args)]
struct Run {
    /// What to measure
    #[arg(value_name = "SCENARIO", default_values_t = ["quick".to_owned()])]
    scenarios: Vec<String>,
    /// Command line of our server; the one built beside this program when not given
    #[arg(long, value_name = "COMMAND")]
    ours: Option<String>,
    /// Command line of the peer, such as `valkey-server --io-threads 1`
    #[arg(long, value_name = "COMMAND", default_value = "redis-server")]
    peer: String,
    /// Put the floor (a server that only says +OK) in the place of ours: what could be reached
    #[arg(long, conflicts_with = "ours")]
    floor: bool,
    /// Threads of our server; with more than one nothing is pinned
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Rounds; a ratio is the median over them
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only cases with this name, or with these words in it, such as `get_p16`, `get` or `p16`
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Keys of the throughput workloads
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// Divide the items of the memory and expiry scenarios by this, for a quick look
    #[arg(long, default_value_t = 1)]
    divide: u64,
    /// Port of our server; the peer gets the next one
    #[arg(long, default_value_t = 7120)]
    port: u16,
    /// Core of the servers
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// Core of the generator
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// Pin nothing
    #[arg(long)]
    no_pin: bool,
    /// Write REPORT.md and its plots
    #[arg(long)]
    report: bool,
    /// The folder for out/, and for plots/ and REPORT.md
    #[arg(long, default_value = "benches", value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Subcommand)]
enum Other {
    /// Be the floor server; takes a server's usual flags and ignores all but the port.
    #[command(hide = true)]
    Floor {
        #[arg(long)]
        port: u16,
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        ignored: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.other {
        Some(Other::Floor { port, .. }) => floor::serve(port),
        None => compare(&cli.run),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(run: &Run) -> Result<()> {
    let options = options(run)?;
    let mut scenarios = Vec::new();
    for word in &run.scenarios {
        scenarios.extend(Scenario::parse(word)?);
    }
    let date = clock::date();
    let mut record = Record::create(&options.folder.join("out"), &date)?;
    let mut tell = |line: &str| eprintln!("{line}");
    let versions = Rounds::new(&options, &mut record, &mut tell)?.versions()?;
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let origin = Origin {
        date,
        machine: Machine::present(),
        versions,
        commit: report::commit(),
        command: format!("benches/compare {command}").trim_end().to_owned(),
    };
    println!("ours: {} ({})", origin.versions[0], options.ours);
    println!("peer: {} ({})", origin.versions[1], options.peer);
    record.header(&origin.fields())?;

    let mut measured = Vec::new();
    for scenario in scenarios {
        let more = Rounds::new(&options, &mut record, &mut tell)?.run(scenario, &measured)?;
        measured.extend(more);
    }
    for one in &measured {
        record.measurement(one)?;
    }
    for (scenario, title) in table::STREAMS {
        let table = table::streams(&measured, scenario);
        if !table.rows.is_empty() {
            println!("\n{title}\n{}", table.to_text());
        }
    }
    let disturbed = figure::disturbed(&measured);
    if !disturbed.is_empty() {
        println!(
            "Other work had the cores for more than 5 % of the time in: {}. Repeat on a quiet machine.\n",
            disturbed.join(", ")
        );
    }
    for (scenario, title) in table::OTHERS {
        let table = table::figures(&measured, scenario);
        if !table.rows.is_empty() {
            println!("{title}\n{}", table.to_text());
        }
    }
    // The committed plots belong to the committed report; a run without one leaves them alone.
    let plots = options.folder.join(if run.report { "plots" } else { "out/plots" });
    let plots = plot::draw(&measured, &plots)?;
    for path in &plots {
        println!("wrote {}", path.display());
    }
    println!("wrote {}", record.path().display());
    if run.report {
        report::write(&options, &origin, &measured, &plots)?;
        println!("wrote {}", options.folder.join("REPORT.md").display());
    }
    Ok(())
}

fn options(run: &Run) -> Result<Options> {
    if run.rounds == 0 || !(run.seconds > 0.0 && run.seconds < 86_400.0) {
        return Err(Error::Usage("--rounds and --seconds are above 0".into()));
    }
    if !run.folder.is_dir() {
        return Err(Error::Usage(format!(
            "there is no folder {}; run this in the root of the repository or give --folder",
            run.folder.display()
        )));
    }
    let this = std::env::current_exe().map_err(|cause| Error::io("finding this program", cause))?;
    let beside = this.with_file_name("mainstay-server");
    let ours = match &run.ours {
        Some(command) => command.clone(),
        None if run.floor => format!("'{}' floor", this.display()),
        None if beside.is_file() => format!("'{}'", beside.display()),
        None => "target/release/mainstay-server".into(),
    };
    let pinned = !run.no_pin && std::thread::available_parallelism().is_ok_and(|n| n.get() > 1);
    Ok(Options {
        ours,
        peer: run.peer.clone(),
        threads: run.threads.max(1),
        seconds: run.seconds,
        rounds: run.rounds,
        only: run.only.clone(),
        port: run.port,
        keys: run.keys.max(1),
        divide: run.divide,
        cores: pinned.then_some((run.server_core, run.load_core)),
        folder: run.folder.clone(),
    })
}
