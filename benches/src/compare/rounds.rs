//! Starts both servers and measures them in turn.

use std::time::Duration;

use super::{
    Options,
    derived::{get_over_ping, ttl_extra},
    figure::{Check, Figure, Measurement, Rule},
    readings::{Accounts, OURS, PEER, Throughput, add},
    record::Record,
    scenario::{self, Case, Scenario},
};
use crate::{
    Error, Result, account,
    chance::Distribution,
    clock, complexity, expiry, handover, idle,
    latency::Latency,
    load::{self, Extent, Plan},
    memory, pubsub,
    server::{self, Launch, Server},
    template,
    workload::Drift,
};

/// Requests of a workload that uses its data up, per second of measurement.
const DRAIN_PER_SECOND: f64 = 1_000_000.0;
/// Idle server time before a measurement begins.
const QUIET: Duration = Duration::from_millis(50);

/// Both servers' ways to start, and what is told while measuring.
pub struct Rounds<'a> {
    options: &'a Options,
    record: &'a mut Record,
    /// The peer first: in workloads that grow, its first round fixes the number of requests.
    launches: [Launch; 2],
    /// Says what is going on, one line per measurement.
    tell: &'a mut dyn FnMut(&str),
}

impl<'a> Rounds<'a> {
    /// Prepares to start servers as the options say, and pins the generator.
    pub fn new(
        options: &'a Options,
        record: &'a mut Record,
        tell: &'a mut dyn FnMut(&str),
    ) -> Result<Self> {
        // With several threads the servers need the generator's core too; nothing is pinned then.
        let cores = options.cores.filter(|_| options.threads == 1);
        if let Some((_, generator)) = cores {
            server::pin(&[generator])?;
        }
        let launch = |name: &str, command: &str, port: u16| Launch {
            name: name.to_owned(),
            command: command.to_owned(),
            arguments: if is_mainstay(command) {
                vec!["--threads".into(), options.threads.to_string()]
            } else {
                Vec::new()
            },
            port,
            cores: cores.map_or_else(Vec::new, |(server, _)| vec![server]),
            log: server::log_path(&options.folder.join("out"), name),
        };
        let launches = [
            launch("peer", &options.peer, options.port + 1),
            launch("ours", &options.ours, options.port),
        ];
        Ok(Self { options, record, launches, tell })
    }

    /// The versions of ours and of the peer, as they tell them.
    pub fn versions(&self) -> Result<[String; 2]> {
        let version = |launch: &Launch| {
            let server = launch.start(&[])?;
            let version = server::describe(server.target())?;
            server.stop()?;
            Ok(version)
        };
        Ok([version(&self.launches[OURS])?, version(&self.launches[PEER])?])
    }

    /// Measures everything of a scenario that the options want. A stream of requests that is in
    /// `before`, from another scenario of the same run, is not measured again.
    pub fn run(&mut self, scenario: Scenario, before: &[Measurement]) -> Result<Vec<Measurement>> {
        match scenario {
            Scenario::Quick | Scenario::Throughput | Scenario::Types | Scenario::Limits => {
                self.streams(scenario, before)
            }
            Scenario::Handover => self.handover(),
            Scenario::Pubsub => self.pubsub(),
            Scenario::Memory => self.memory(),
            Scenario::Connections => self.connections(),
            Scenario::Expiry => self.expiry(),
            Scenario::Complexity => self.complexity(),
        }
    }

    fn both(&self, more: &[&str]) -> Result<[Server; 2]> {
        Ok([self.launches[PEER].start(more)?, self.launches[OURS].start(more)?])
    }

    fn streams(&mut self, scenario: Scenario, before: &[Measurement]) -> Result<Vec<Measurement>> {
        let mut measured = Vec::new();
        let table = match scenario {
            Scenario::Types => "types",
            Scenario::Limits => "limits",
            _ => "throughput",
        };
        for case in scenario::cases(scenario, self.options.threads)? {
            let known = before.iter().any(|one| one.name == case.name);
            if !known && self.options.wants(&case.name) {
                measured.push(self.case(&case, table)?);
            }
        }
        for pipeline in ["p1", "p16", "p100"] {
            measured.extend(get_over_ping(&measured, pipeline));
        }
        Ok(measured)
    }

    fn case(&mut self, case: &Case, scenario: &'static str) -> Result<Measurement> {
        let servers = self.both(&[])?;
        let value = template::value(case.value_bytes);
        let seconds = Duration::from_secs_f64(self.options.seconds);
        let drains = (DRAIN_PER_SECOND * self.options.seconds) as u64;
        let mut extent = match case.workload.drift {
            Drift::Drains => Extent::requests(drains),
            Drift::Steady | Drift::Grows => Extent::time(seconds),
        };
        let steady = case.workload.drift == Drift::Steady;
        let mut figures = Throughput::new();
        let mut curves = [Latency::default(), Latency::default()];
        for round in 0..self.options.rounds {
            for side in [PEER, OURS] {
                let server = &servers[side];
                let mut direct = server.direct()?;
                let peer = case.peer.as_ref().filter(|_| side == PEER);
                let workload = peer.unwrap_or(&case.workload);
                if !steady && round > 0 {
                    direct.call(&["FLUSHALL"])?;
                }
                if !steady || round == 0 {
                    workload.prepare(&mut direct, self.options.keys, drains, &value)?;
                }
                quiet(server)?;
                let plan = Plan {
                    target: server.target().clone(),
                    connections: case.connections,
                    threads: 1,
                    pipeline: case.pipeline,
                    batch: workload.batch(case.pipeline, &value)?,
                    label: case.name.clone(),
                    keys: workload.keys(self.options.keys),
                    distribution: workload.distribution(Distribution::Uniform),
                    warm_up: if steady { Extent::time(seconds / 8) } else { Extent::NONE },
                    window: extent,
                    rate: None,
                    allow_errors: false,
                    seed: 1 + round as u64,
                };
                let mut accounts = Accounts::of(server);
                let tally = load::run(&plan, &mut |edge| accounts.mark(edge))?;
                if case.workload.drift == Drift::Grows {
                    extent = Extent::requests(tally.requests.max(1));
                }
                let numbers = accounts.throughput(&tally);
                self.note(&case.name, side, round, &numbers)?;
                figures.add(side, &numbers);
                curves[side].merge(&tally.latency);
            }
        }
        stop(servers)?;
        Ok(Measurement {
            scenario,
            name: case.name.clone(),
            figures: figures.0,
            checks: case.checks.clone(),
            curves: Some([curves[OURS].curve(), curves[PEER].curve()]),
        })
    }

    fn pubsub(&mut self) -> Result<Vec<Measurement>> {
        let mut measured = Vec::new();
        for window in scenario::WINDOWS {
            let name = format!("pubsub_w{window}");
            if !self.options.wants(&name) {
                continue;
            }
            let servers = self.both(&[])?;
            let mut figures: Vec<Figure> =
                ["delivered", "cpu_us", "p50_ms", "p99_ms", "gen_pct", "wait_pct"]
                    .map(Figure::new)
                    .into();
            for round in 0..self.options.rounds {
                for side in [PEER, OURS] {
                    let plan = pubsub::Plan {
                        target: servers[side].target().clone(),
                        subscribers: scenario::SUBSCRIBERS,
                        payload_bytes: scenario::PAYLOAD_BYTES,
                        window,
                        pipeline: 64,
                        time: Duration::from_secs_f64(self.options.seconds),
                    };
                    let mut accounts = Accounts::of(&servers[side]);
                    let tally = pubsub::run(&plan, &mut |edge| accounts.mark(edge))?;
                    let [busy, waited] = accounts.busy(tally.client, tally.seconds);
                    let numbers = [
                        ("delivered", tally.delivered as f64 / tally.seconds),
                        ("cpu_us", accounts.cpu_us(tally.delivered)),
                        ("p50_ms", tally.latency.percentile_ms(50.0)),
                        ("p99_ms", tally.latency.percentile_ms(99.0)),
                        busy,
                        waited,
                    ];
                    self.note(&name, side, round, &numbers)?;
                    add(&mut figures, side, &numbers);
                }
            }
            stop(servers)?;
            measured.push(Measurement {
                scenario: "pubsub",
                name,
                figures,
                checks: vec![scenario::fan_out(window)],
                curves: None,
            });
        }
        Ok(measured)
    }

    fn handover(&mut self) -> Result<Vec<Measurement>> {
        let mut measured = Vec::new();
        for consumers in scenario::CONSUMERS {
            let name = format!("handover_c{consumers}");
            if !self.options.wants(&name) {
                continue;
            }
            let servers = self.both(&[])?;
            let keys = [
                "p50_ms",
                "p99_ms",
                "p999_ms",
                "handovers",
                "overtaken",
                "cpu_us",
                "gen_pct",
                "wait_pct",
            ];
            let mut figures: Vec<Figure> = keys.map(Figure::new).into();
            for round in 0..self.options.rounds {
                for side in [PEER, OURS] {
                    let plan = handover::Plan {
                        target: servers[side].target().clone(),
                        consumers,
                        payload_bytes: scenario::PAYLOAD_BYTES,
                        time: Duration::from_secs_f64(self.options.seconds),
                    };
                    quiet(&servers[side])?;
                    let mut accounts = Accounts::of(&servers[side]);
                    let tally = handover::run(&plan, &mut |edge| accounts.mark(edge))?;
                    let [busy, waited] = accounts.busy(tally.client, tally.seconds);
                    let numbers = [
                        ("handovers", tally.handovers as f64 / tally.seconds),
                        ("overtaken", tally.overtaken as f64),
                        ("cpu_us", accounts.cpu_us(tally.handovers)),
                        ("p50_ms", tally.latency.percentile_ms(50.0)),
                        ("p99_ms", tally.latency.percentile_ms(99.0)),
                        ("p999_ms", tally.latency.percentile_ms(99.9)),
                        busy,
                        waited,
                    ];
                    self.note(&name, side, round, &numbers)?;
                    add(&mut figures, side, &numbers);
                }
            }
            stop(servers)?;
            measured.push(Measurement {
                scenario: "handover",
                name,
                figures,
                checks: scenario::hand_over(self.options.threads),
                curves: None,
            });
        }
        Ok(measured)
    }

    fn memory(&mut self) -> Result<Vec<Measurement>> {
        let mut measured: Vec<Measurement> = Vec::new();
        for kind in memory::KINDS.iter().filter(|kind| self.options.wants(kind.name)) {
            let mut figures = vec![Figure::new("rss"), Figure::new("used")];
            for side in [PEER, OURS] {
                let server = self.launches[side].start(&[])?;
                let items = (kind.items / self.options.divide.max(1)).max(1);
                let found = memory::measure(&server, kind, items)?;
                let numbers = [("rss", found.rss), ("used", found.used.unwrap_or(f64::NAN))];
                self.note(kind.name, side, 0, &numbers)?;
                add(&mut figures, side, &numbers);
                server.stop()?;
            }
            measured.push(Measurement {
                scenario: "memory",
                name: kind.name.to_owned(),
                figures,
                checks: scenario::bytes_per_item(kind.name),
                curves: None,
            });
        }
        for size in ["2m", "5m"] {
            measured.extend(ttl_extra(&measured, size));
        }
        Ok(measured)
    }

    fn complexity(&mut self) -> Result<Vec<Measurement>> {
        let mut measured = Vec::new();
        let servers = self.both(&[])?;
        for case in complexity::CASES.iter().filter(|case| self.options.wants(case.name)) {
            let keys = complexity::SIZES.map(|(key, _)| key);
            let mut figures: Vec<Figure> = keys.map(Figure::new).into();
            figures.push(Figure::new("exponent"));
            for side in [PEER, OURS] {
                let found = complexity::measure(&servers[side], case)?;
                let mut numbers: Vec<_> = keys.into_iter().zip(found.us).collect();
                numbers.push(("exponent", found.exponent));
                self.note(case.name, side, 0, &numbers)?;
                add(&mut figures, side, &numbers);
                if side == OURS {
                    (self.tell)(&format!("{} says: {}", case.name, found.cost));
                }
            }
            let check = Check { figure: "exponent", rule: Rule::OursAtMost, bound: case.bound() };
            measured.push(Measurement {
                scenario: "complexity",
                name: case.name.to_owned(),
                figures,
                checks: vec![check],
                curves: None,
            });
        }
        for server in servers {
            server.stop()?;
        }
        Ok(measured)
    }

    fn connections(&mut self) -> Result<Vec<Measurement>> {
        if !self.options.wants("idle_connection") {
            return Ok(Vec::new());
        }
        idle::allow(scenario::IDLE)?;
        let clients = (scenario::IDLE + 100).to_string();
        let mut figures = vec![Figure::new("rss"), Figure::new("used")];
        for side in [PEER, OURS] {
            let server = self.launches[side].start(&["--maxclients", &clients])?;
            let found = idle::measure(&server, scenario::IDLE)?;
            let numbers = [("rss", found.rss), ("used", found.used.unwrap_or(f64::NAN))];
            self.note("idle_connection", side, 0, &numbers)?;
            add(&mut figures, side, &numbers);
            server.stop()?;
        }
        Ok(vec![Measurement {
            scenario: "connections",
            name: "idle_connection".into(),
            figures,
            checks: vec![scenario::IDLE_BYTES],
            curves: None,
        }])
    }

    fn expiry(&mut self) -> Result<Vec<Measurement>> {
        if !self.options.wants("expiry") {
            return Ok(Vec::new());
        }
        let keys = ["late_ms_max", "late_ms_p50", "gone_ms", "probe_p99_ms", "probe_max_ms"];
        let mut figures: Vec<Figure> = keys.map(Figure::new).into();
        for side in [PEER, OURS] {
            let server = self.launches[side].start(&[])?;
            let plan = expiry::Plan {
                keys: (scenario::VOLATILE_KEYS / self.options.divide.max(1)).max(1),
                value_bytes: 64,
                window: scenario::VOLATILE_WINDOW,
            };
            let found = expiry::measure(&server, &plan)?;
            let numbers = [
                ("late_ms_max", found.late_ms_max),
                ("late_ms_p50", found.late_ms_p50),
                ("gone_ms", found.gone_ms.unwrap_or(f64::NAN)),
                ("probe_p99_ms", found.probe.percentile_ms(99.0)),
                ("probe_max_ms", found.probe.max_ms()),
            ];
            self.note("expiry", side, 0, &numbers)?;
            add(&mut figures, side, &numbers);
            server.stop()?;
        }
        Ok(vec![Measurement {
            scenario: "expiry",
            name: "expiry".into(),
            figures,
            checks: vec![scenario::LATE_MS],
            curves: None,
        }])
    }

    fn note(
        &mut self,
        case: &str,
        side: usize,
        round: usize,
        numbers: &[(&'static str, f64)],
    ) -> Result<()> {
        let name = self.launches[side].name.as_str();
        let shown: Vec<String> =
            numbers.iter().map(|(key, value)| format!("{key} {value:.3}")).collect();
        (self.tell)(&format!("{case} {name} {}: {}", round + 1, shown.join("  ")));
        self.record.round(case, name, round + 1, numbers)
    }
}

/// Waits until the server does nothing any more, such as freeing what FLUSHALL let go.
fn quiet(server: &Server) -> Result<()> {
    let mut last = account::cpu_ns(server.pid())?;
    for _ in 0..200 {
        clock::sleep(QUIET);
        let now = account::cpu_ns(server.pid())?;
        // Timers of an idle server take well under a tenth of its time.
        if now - last < QUIET.as_nanos() as u64 / 10 {
            return Ok(());
        }
        last = now;
    }
    Err(Error::Usage("the server does not come to rest before the measurement".into()))
}

fn stop(servers: [Server; 2]) -> Result<()> {
    let [peer, ours] = servers;
    peer.stop()?;
    ours.stop()
}

/// Only Mainstay knows `--threads`.
fn is_mainstay(command: &str) -> bool {
    let words = template::split(command).unwrap_or_default();
    words.first().is_some_and(|word| {
        std::path::Path::new(word)
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("mainstay"))
    })
}
