//! Starting a server as a process, pinned to cores, and stopping it.
//!
//! A child inherits the affinity of the thread that starts it, so the starter pins itself, starts, and
//! goes back: the server is where it belongs from its first instruction, whichever threads it makes.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::{
    process::{Pid, Resource, Rlimit, Signal},
    thread::CpuSet,
};

use crate::{
    Error, Result, clock,
    direct::{Direct, Reply},
    target::Target,
    template,
};

/// How long a server may take until it answers PING.
const START: Duration = Duration::from_secs(15);
/// How long it may take to end after SIGTERM.
const STOP: Duration = Duration::from_secs(15);

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The name in tables: `ours`, `peer`.
    pub name: String,
    /// The program and the arguments that come before ours, as on a shell's command line.
    pub command: String,
    /// Arguments that follow the port and the address.
    pub arguments: Vec<String>,
    pub port: u16,
    /// The cores it may run on; none for all.
    pub cores: Vec<usize>,
    /// Where its output goes.
    pub log: PathBuf,
}

/// A running server; killed when dropped without `stop`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    target: Target,
}

impl Launch {
    /// Starts the server with `--port N --bind 127.0.0.1 --save "" --appendonly no` and `more`, and
    /// waits until it answers PING.
    ///
    /// # Errors
    /// `Start`, with the end of the server's output, when the port is taken, the program is not there
    /// or ends at once, or does not answer in time.
    pub fn start(&self, more: &[&str]) -> Result<Server> {
        let failed = |reason: String| Error::Start { command: self.command.clone(), reason };
        let target = Target::local(self.port);
        if target.connect().is_ok() {
            return Err(failed(format!("something already listens on port {}", self.port)));
        }
        let words = template::split(&self.command)?;
        let Some((program, first)) = words.split_first() else {
            return Err(failed("the command is empty".into()));
        };
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder)
                .map_err(|cause| Error::io(format!("creating {}", folder.display()), cause))?;
        }
        let log = File::create(&self.log)
            .map_err(|cause| Error::io(format!("creating {}", self.log.display()), cause))?;
        let errors = log.try_clone().map_err(|cause| Error::io("sharing a log file", cause))?;
        let mut command = follower(program);
        command.args(first).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no"]).args(&self.arguments).args(more);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = on_cores(&self.cores, || command.spawn())?
            .map_err(|cause| failed(format!("{program}: {cause}")))?;
        let mut server = Server { child, target };
        server.wait_until_ready().map_err(|reason| {
            let output = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = output.lines().rev().take(5).collect();
            let end: Vec<&str> = lines.into_iter().rev().collect();
            failed(format!("{reason}; its last output:\n{}", end.join("\n")))
        })?;
        Ok(server)
    }
}

impl Server {
    /// The process to read accounts of.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A new plain connection to it.
    pub fn direct(&self) -> Result<Direct> {
        Direct::connect(&self.target)
    }

    fn wait_until_ready(&mut self) -> std::result::Result<(), String> {
        let start = clock::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            let answer = self.direct().and_then(|mut direct| direct.ask(&["PING"]));
            match answer {
                // The floor says OK to everything.
                Ok(Reply::Simple(word)) if word == "PONG" || word == "OK" => return Ok(()),
                // Still loading, or not yet listening.
                _ if start.elapsed() < START => clock::sleep(Duration::from_millis(10)),
                Ok(reply) => return Err(format!("it answers PING with {reply:?}")),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Ends it with SIGTERM and waits, so that the next one gets the machine alone.
    pub fn stop(mut self) -> Result<()> {
        let failed = |cause| Error::io("stopping a server", cause);
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM)
            .map_err(|cause| failed(cause.into()))?;
        let start = clock::now();
        while self.child.try_wait().map_err(failed)?.is_none() {
            if start.elapsed() > STOP {
                self.child.kill().map_err(failed)?;
            }
            clock::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

/// A command whose process gets SIGTERM when the calling thread ends, however it ends, where
/// util-linux is installed: a server left behind would hold its port and disturb the next run.
fn follower(program: &str) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if !Path::new(SETPRIV).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "TERM", "--", program]);
    command
}

/// Runs the calling thread, and what it starts from now on, on these cores only.
///
/// # Errors
/// `Io` when a core does not exist. An empty list changes nothing.
pub fn pin(cores: &[usize]) -> Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for &core in cores.iter().filter(|&&core| core < CpuSet::MAX_CPU) {
        set.set(core);
    }
    rustix::thread::sched_setaffinity(None, &set)
        .map_err(|cause| Error::io(format!("pinning to the cores {cores:?}"), cause))
}

fn on_cores<T>(cores: &[usize], act: impl FnOnce() -> T) -> Result<T> {
    if cores.is_empty() {
        return Ok(act());
    }
    let failed = |cause| Error::io("reading the thread's cores", cause);
    let before = rustix::thread::sched_getaffinity(None).map_err(failed)?;
    pin(cores)?;
    let done = act();
    rustix::thread::sched_setaffinity(None, &before).map_err(failed)?;
    Ok(done)
}

/// Raises the limit of open files of this process, and of what it starts, as far as allowed.
///
/// # Errors
/// `Usage` when fewer than `needed` are allowed.
pub fn raise_open_files(needed: u64) -> Result<()> {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let maximum = limit.maximum;
    if maximum.is_some_and(|maximum| maximum < needed) {
        return Err(Error::Usage(format!(
            "{needed} open files are needed, {} are allowed (ulimit -Hn)",
            maximum.unwrap_or(0)
        )));
    }
    let raised = Rlimit { current: maximum.or(Some(needed)), maximum };
    rustix::process::setrlimit(Resource::Nofile, raised)
        .map_err(|cause| Error::io("raising the limit of open files", cause))
}

/// What a server says it is: `redis 7.0.15`, `valkey 8.0.1`.
pub fn describe(target: &Target) -> Result<String> {
    let mut direct = Direct::connect(target)?;
    for (field, name) in
        [("mainstay_version", "mainstay"), ("valkey_version", "valkey"), ("redis_version", "redis")]
    {
        if let Some(version) = direct.info("server", field)? {
            return Ok(format!("{name} {version}"));
        }
    }
    Ok("a server without a version in INFO".into())
}

/// Where the log of a server of that name goes.
pub fn log_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}
