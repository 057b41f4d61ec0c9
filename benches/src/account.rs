//! What the kernel says a process has used, and what the machine is.
//!
//! CPU time comes from `/proc/PID/task/*/schedstat` (kernel docs, `scheduler/sched-stats.rst`), which
//! counts nanoseconds, where `/proc/PID/stat` counts ticks of 10 ms. A running thread's figure is at
//! most one scheduler tick (1-10 ms) behind; a thread that has ended is no longer counted, so the
//! figures are for servers with a fixed set of threads. Resident memory comes from `smaps_rollup`,
//! which walks the page tables; the counter in `status` may be off by some pages per thread.

use std::fs;

use crate::{Error, Result};

/// What the scheduler gave a process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// CPU time, user and system, in nanoseconds.
    pub cpu_ns: u64,
    /// Time that a thread was ready to run while something else had its core, in nanoseconds. On
    /// pinned cores this is what other work on the machine cost the measurement.
    pub waited_ns: u64,
}

impl Used {
    /// What was used between an earlier reading and this one.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            waited_ns: self.waited_ns.saturating_sub(earlier.waited_ns),
        }
    }
}

/// What all threads of a process have used so far.
pub fn used(pid: u32) -> Result<Used> {
    let path = format!("/proc/{pid}/task");
    let tasks = fs::read_dir(&path).map_err(|cause| Error::io(format!("reading {path}"), cause))?;
    let mut total = Used::default();
    for task in tasks.flatten() {
        // A thread may end between the listing and the read; it is gone from the sum then.
        if let Ok(text) = fs::read_to_string(task.path().join("schedstat")) {
            let mut fields = text.split_whitespace().map(|field| field.parse().unwrap_or(0));
            total.cpu_ns += fields.next().unwrap_or(0);
            total.waited_ns += fields.next().unwrap_or(0);
        }
    }
    Ok(total)
}

/// CPU time of a process in nanoseconds, user and system, all its threads.
pub fn cpu_ns(pid: u32) -> Result<u64> {
    Ok(used(pid)?.cpu_ns)
}

/// User and system time of a process in nanoseconds, in steps of a clock tick (10 ms).
pub fn cpu_split_ns(pid: u32) -> Result<(u64, u64)> {
    let path = format!("/proc/{pid}/stat");
    let text =
        fs::read_to_string(&path).map_err(|cause| Error::io(format!("reading {path}"), cause))?;
    // The command name may contain spaces and brackets; the fields after its last bracket may not.
    let fields: Vec<u64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let tick_ns = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
    let field = |index: usize| fields.get(index).copied().unwrap_or(0) * tick_ns;
    Ok((field(11), field(12)))
}

/// Resident bytes of a process.
pub fn rss_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text =
        fs::read_to_string(&path).map_err(|cause| Error::io(format!("reading {path}"), cause))?;
    kilobytes(&text, "Rss:").ok_or_else(|| Error::Usage(format!("{path} has no Rss line")))
}

/// What a report must name about the machine.
#[derive(Clone, Debug)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_gib: f64,
    pub kernel: String,
}

impl Machine {
    /// The machine this runs on.
    pub fn present() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let cpu = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown", |(_, name)| name.trim())
            .to_owned();
        let memory = kilobytes(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0);
        Self {
            cpu,
            cores: online_cores(),
            memory_gib: memory as f64 / f64::from(1 << 30),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Cores that are online, whichever of them this process is bound to.
fn online_cores() -> usize {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// While a process runs, each figure is behind by as much as the kernel likes; so it is stopped
    /// before two of them are compared.
    #[test]
    fn figures_of_a_busy_process_grow_and_agree_when_it_stops() {
        // A process of its own: in this one, threads of other tests end and take their share along.
        let mut busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let pid = busy.id();
        let before = used(pid).unwrap();
        while cpu_ns(pid).unwrap() <= before.cpu_ns {
            std::thread::yield_now();
        }
        Command::new("sh").args(["-c", &format!("kill -STOP {pid}")]).status().unwrap();
        while !fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
        let (first, later) = (used(pid).unwrap(), used(pid).unwrap());
        let (user, system) = cpu_split_ns(pid).unwrap();
        let rss = rss_bytes(pid).unwrap();
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert_eq!(first, later);
        assert!(first.cpu_ns > before.cpu_ns && first.waited_ns >= before.waited_ns);
        assert_eq!(before.since(later), Used::default());
        let tick_ns = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
        let split = user + system;
        assert!(split.abs_diff(later.cpu_ns) <= 2 * tick_ns, "{split} ns of {}", later.cpu_ns);
        assert!(rss > 100_000);
    }

    #[test]
    fn kilobyte_lines_are_bytes() {
        assert_eq!(kilobytes("A: 1 kB\nRss:      12 kB\n", "Rss:"), Some(12 << 10));
        assert_eq!(kilobytes("A: 1 kB\n", "Rss:"), None);
    }
}
