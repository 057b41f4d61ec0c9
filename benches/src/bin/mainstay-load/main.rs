//! `mainstay-load`: load for any RESP server, from the command line.

#![allow(clippy::print_stdout, reason = "a command-line tool answers on stdout")]

mod options;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use mainstay_benches::{
    Error, Result, account,
    chance::Distribution,
    direct::Direct,
    expiry, floor, handover, idle,
    latency::Latency,
    load::{self, Edge, Extent, Plan, Tally},
    memory, pubsub, server, template,
    workload::{self, Drift, Workload},
};

use options::{Expiry, Handover, Idle, Memory, Pubsub, Run};

/// Load generator for servers that speak RESP: Mainstay, Redis, Valkey and their kin.
///
/// One thread is enough for several million requests per second, so that on a small machine the
/// server, not the generator, is what is measured.
#[derive(Parser)]
#[command(name = "mainstay-load", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Run workloads one after the other: `mainstay-load run get set -P 16`
    Run(Run),
    /// List the workloads
    List,
    /// One publisher, many subscribers: messages delivered per second
    Pubsub(Pubsub),
    /// From an RPUSH to the BLPOP that waits for it, one element at a time
    Handover(Handover),
    /// Memory per item; starts a fresh server for every kind of data
    Memory(Memory),
    /// Memory per idle connection; starts a fresh server
    Idle(Idle),
    /// How late keys with a TTL are freed; starts a fresh server
    Expiry(Expiry),
    /// Be a server that answers +OK to everything: the ceiling of this generator
    Floor {
        /// Port on 127.0.0.1
        #[arg(short, long, default_value_t = 6379)]
        port: u16,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().scenario {
        Scenario::Run(options) => run(&options),
        Scenario::List => {
            for workload in workload::all() {
                println!("{:<17} {}", workload.name, workload.summary);
            }
            Ok(())
        }
        Scenario::Pubsub(options) => run_pubsub(&options),
        Scenario::Handover(options) => run_handover(&options),
        Scenario::Memory(options) => run_memory(&options),
        Scenario::Idle(options) => run_idle(&options),
        Scenario::Expiry(options) => run_expiry(&options),
        Scenario::Floor { port } => floor::serve(port),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mainstay-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Run) -> Result<()> {
    server::pin(&options.address.cores)?;
    let workloads = match &options.command {
        Some(line) => vec![workload::custom(line)],
        None => options
            .workloads
            .iter()
            .map(|name| if name == "mix" { ratio(&options.ratio) } else { workload::find(name) })
            .collect::<Result<_>>()?,
    };
    println!(
        "{} connections, pipeline {}, {} keys, values of {} B, {}",
        options.connections,
        options.pipeline,
        options.keys,
        options.value_size,
        match options.rate {
            Some(rate) => format!("open loop at {rate} requests/s"),
            None => "closed loop".into(),
        }
    );
    println!(
        "{:<17} {:>11} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>6}  server",
        "workload", "ops/s", "p50 ms", "p90", "p99", "p99.9", "max", "client"
    );
    for workload in &workloads {
        run_workload(options, workload)?;
    }
    Ok(())
}

fn run_workload(options: &Run, workload: &Workload) -> Result<()> {
    let target = options.address.target();
    let value = template::value(options.value_size);
    let requests = options.requests.unwrap_or(u64::MAX);
    let mut window = Extent { time: duration(options.seconds, "--seconds")?, requests };
    let mut warm_up = Extent::time(duration(options.warm_up, "--warm-up")?);
    let mut direct = Direct::connect(&target)?;
    if options.flush {
        direct.call(&["FLUSHALL"])?;
    }
    if !options.no_prefill {
        if workload.drift == Drift::Drains {
            // A list that is used up needs a known number of requests, and no warm-up to empty it.
            window.requests = options.requests.unwrap_or(options.keys);
            warm_up = Extent::NONE;
        }
        workload.prepare(&mut direct, options.keys, window.requests, &value)?;
    }
    let plan = Plan {
        target,
        connections: options.connections.max(1),
        threads: options.threads,
        pipeline: options.pipeline.max(1),
        batch: workload.batch(options.pipeline.max(1), &value)?,
        label: workload.label(),
        keys: workload.keys(options.keys),
        distribution: workload.distribution(distribution(options.zipf)?),
        warm_up,
        window,
        rate: options.rate,
        allow_errors: options.allow_errors,
        seed: options.seed,
    };
    let mut server = ServerCpu::new(options.address.server_pid);
    let tally = load::run(&plan, &mut |edge| server.mark(edge))?;
    print_tally(workload.name, &tally, &server);
    Ok(())
}

fn print_tally(name: &str, tally: &Tally, server: &ServerCpu) {
    let busy = tally.client.cpu_ns as f64 / 1e7 / tally.seconds.max(1e-9);
    println!(
        "{name:<17} {:>11.0} {}  {busy:>4.0} %  {}",
        tally.rate(),
        percentiles(&tally.latency),
        server.per(tally.requests)
    );
    if tally.service.count() > 0 {
        println!("{:<17} {:>11} {}", "", "from send", percentiles(&tally.service));
    }
    if let Some(first) = &tally.first_error {
        println!("{:<17} {} error replies, the first: {first}", "", tally.errors);
    }
    if tally.nulls > 0 {
        println!("{:<17} {} null replies", "", tally.nulls);
    }
}

fn run_pubsub(options: &Pubsub) -> Result<()> {
    server::pin(&options.address.cores)?;
    println!("{} subscribers, payload of {} B", options.subscribers, options.payload);
    println!(
        "{:<8} {:>12} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>6}  server",
        "window", "published/s", "delivered/s", "p50 ms", "p90", "p99", "p99.9", "max", "client"
    );
    for &window in &options.window {
        let plan = pubsub::Plan {
            target: options.address.target(),
            subscribers: options.subscribers.max(1),
            payload_bytes: options.payload,
            window: window.max(1),
            pipeline: options.pipeline.max(1),
            time: duration(options.seconds, "--seconds")?,
        };
        let mut server = ServerCpu::new(options.address.server_pid);
        let tally = pubsub::run(&plan, &mut |edge| server.mark(edge))?;
        let busy = tally.client.cpu_ns as f64 / 1e7 / tally.seconds.max(1e-9);
        println!(
            "{window:<8} {:>12.0} {:>12.0} {}  {busy:>4.0} %  {}",
            tally.published as f64 / tally.seconds,
            tally.delivered as f64 / tally.seconds,
            percentiles(&tally.latency),
            server.per(tally.delivered)
        );
    }
    Ok(())
}

fn run_handover(options: &Handover) -> Result<()> {
    server::pin(&options.address.cores)?;
    println!("element of {} B", options.payload);
    println!(
        "{:<9} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>6}  server",
        "consumers", "hand-overs/s", "p50 ms", "p90", "p99", "p99.9", "max", "client"
    );
    for &consumers in &options.consumers {
        let plan = handover::Plan {
            target: options.address.target(),
            consumers: consumers.max(1),
            payload_bytes: options.payload,
            time: duration(options.seconds, "--seconds")?,
        };
        let mut server = ServerCpu::new(options.address.server_pid);
        let tally = handover::run(&plan, &mut |edge| server.mark(edge))?;
        let busy = tally.client.cpu_ns as f64 / 1e7 / tally.seconds.max(1e-9);
        println!(
            "{consumers:<9} {:>12.0} {}  {busy:>4.0} %  {}",
            tally.handovers as f64 / tally.seconds,
            percentiles(&tally.latency),
            server.per(tally.handovers)
        );
        if tally.overtaken > 0 {
            println!("{:<9} {:>12} times another had waited longer", "", tally.overtaken);
        }
    }
    Ok(())
}

fn run_memory(options: &Memory) -> Result<()> {
    for name in &options.kinds {
        if !memory::KINDS.iter().any(|kind| kind.name == name) {
            let known: Vec<&str> = memory::KINDS.iter().map(|kind| kind.name).collect();
            let known = known.join(", ");
            return Err(Error::Usage(format!("there is no kind {name:?}; there are: {known}")));
        }
    }
    println!("{:<14} {:>9} {:>9} {:>12}  of", "kind", "RSS B", "used B", "filled/s");
    for kind in memory::KINDS {
        if !options.kinds.is_empty() && !options.kinds.iter().any(|name| name == kind.name) {
            continue;
        }
        let server = options.fresh.start(&[])?;
        let items = (kind.items / options.divide.max(1)).max(1);
        let found = memory::measure(&server, kind, items)?;
        let used = found.used.map_or("-".into(), |used| format!("{used:.1}"));
        println!(
            "{:<14} {:>9.1} {used:>9} {:>12.0}  {}",
            kind.name, found.rss, found.fill_rate, kind.summary
        );
        server.stop()?;
    }
    Ok(())
}

fn run_idle(options: &Idle) -> Result<()> {
    idle::allow(options.connections)?;
    let clients = (options.connections + 100).to_string();
    let server = options.fresh.start(&["--maxclients", &clients])?;
    let found = idle::measure(&server, options.connections)?;
    let used = found.used.map_or("unknown".into(), |used| format!("{used:.0} B"));
    println!(
        "{} idle connections: {:.0} B of RSS each, {used} by the server's own counter",
        options.connections, found.rss
    );
    server.stop()
}

fn run_expiry(options: &Expiry) -> Result<()> {
    let server = options.fresh.start(&[])?;
    let plan = expiry::Plan {
        keys: options.keys.max(1),
        value_bytes: options.value_size,
        window: duration(options.seconds, "--seconds")?,
    };
    let found = expiry::measure(&server, &plan)?;
    let gone = found.gone_ms.map_or("not within two minutes".into(), |ms| format!("after {ms} ms"));
    println!("{} keys, deadlines over {} s", plan.keys, options.seconds);
    println!("late at most {:.0} ms, median {:.0} ms", found.late_ms_max, found.late_ms_p50);
    println!("all gone {gone} from the last deadline");
    println!("DBSIZE meanwhile, ms: p50 p90 p99 p99.9 max {}", percentiles(&found.probe));
    println!(
        "resident {} MiB when full, {:.0} % of the growth returned",
        found.rss_full >> 20,
        found.rss_returned * 100.0
    );
    server.stop()
}

/// The CPU time of a server process over the measured window.
struct ServerCpu {
    pid: Option<u32>,
    at: u64,
    used_ns: u64,
}

impl ServerCpu {
    fn new(pid: Option<u32>) -> Self {
        Self { pid, at: 0, used_ns: 0 }
    }

    fn mark(&mut self, edge: Edge) {
        let Some(pid) = self.pid else { return };
        let now = account::cpu_ns(pid).unwrap_or(0);
        match edge {
            Edge::Opens => self.at = now,
            Edge::Closes => self.used_ns = now.saturating_sub(self.at),
        }
    }

    fn per(&self, operations: u64) -> String {
        match self.pid {
            Some(_) if operations > 0 => {
                format!("{:.3} us/op", self.used_ns as f64 / 1e3 / operations as f64)
            }
            _ => String::new(),
        }
    }
}

fn percentiles(latency: &Latency) -> String {
    let at = |percent| format!("{:>8.3}", latency.percentile_ms(percent));
    format!("{} {} {} {} {:>8.3}", at(50.0), at(90.0), at(99.0), at(99.9), latency.max_ms())
}

fn duration(seconds: f64, option: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Error::Usage(format!("{option} is not a length of time: {seconds}")))
}

fn distribution(zipf: Option<f64>) -> Result<Distribution> {
    match zipf {
        None => Ok(Distribution::Uniform),
        Some(exponent) if exponent > 0.0 && exponent < 1.0 => Ok(Distribution::Zipf(exponent)),
        Some(exponent) => {
            Err(Error::Usage(format!("--zipf is between 0 and 1, both excluded: {exponent}")))
        }
    }
}

fn ratio(text: &str) -> Result<Workload> {
    let parts = text.split_once(':').and_then(|(gets, sets)| {
        Some(workload::mix(gets.trim().parse().ok()?, sets.trim().parse().ok()?))
    });
    parts.ok_or_else(|| Error::Usage(format!("--ratio is two numbers such as 9:1, not {text:?}")))
}
