//! What the kernel says a process and the machine have used.
//!
//! CPU time comes from `/proc/PID/task/*/schedstat` (kernel docs, `scheduler/sched-stats.rst`), which
//! counts nanoseconds, where `/proc/PID/stat` counts ticks of 10 ms. A running thread's figure is at
//! most one scheduler tick (1-10 ms) behind; a thread that has ended is no longer counted, so the
//! figures are for servers with a fixed set of threads. Resident memory comes from `smaps_rollup`,
//! which walks the page tables; the counter in `status` may be off by some pages per thread.

use std::fs;

use crate::{Error, Result};

/// CPU time of a process in nanoseconds, user and system, all its threads.
pub fn cpu_ns(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/task");
    let tasks = fs::read_dir(&path).map_err(|cause| Error::io(format!("reading {path}"), cause))?;
    let mut total = 0u64;
    for task in tasks.flatten() {
        // A thread may end between the listing and the read; it is gone from the sum then.
        if let Ok(text) = fs::read_to_string(task.path().join("schedstat")) {
            total += text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(total)
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

/// CPU time in nanoseconds that the whole machine was busy, in ticks; the difference of two readings
/// shows how much of a measurement's time went to others.
pub fn machine_busy_ns() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let Some(line) = text.lines().next() else { return 0 };
    let fields: Vec<u64> =
        line.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
    // user nice system idle iowait irq softirq steal: everything but idle and iowait.
    let busy: u64 = fields
        .iter()
        .take(8)
        .enumerate()
        .filter_map(|(index, ticks)| (index != 3 && index != 4).then_some(ticks))
        .sum();
    busy * (1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
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
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory as f64 / f64::from(1 << 30),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_figures_can_be_read_and_grow() {
        let pid = std::process::id();
        let before = cpu_ns(pid).unwrap();
        let mut work = 1u64;
        // Enough work that at least one scheduler tick passes on any machine.
        while cpu_ns(pid).unwrap() == before {
            work = std::hint::black_box(work.wrapping_mul(3));
        }
        assert!(cpu_ns(pid).unwrap() > before);
        assert!(rss_bytes(pid).unwrap() > 100_000);
        assert!(machine_busy_ns() > 0);
        let (user, system) = cpu_split_ns(pid).unwrap();
        assert!(user + system <= cpu_ns(pid).unwrap() + 40_000_000);
    }

    #[test]
    fn kilobyte_lines_are_bytes() {
        assert_eq!(kilobytes("A: 1 kB\nRss:      12 kB\n", "Rss:"), Some(12 << 10));
        assert_eq!(kilobytes("A: 1 kB\n", "Rss:"), None);
    }
}
