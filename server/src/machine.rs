//! machine.rs — what the operating system says about the process and the machine it runs on.
//!
//! A fact that cannot be read is 0 or empty: INFO must not fail for it. Not here: time (`clock`).

use std::fs;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::sys::utsname::uname;
use nix::unistd::{SysconfVar, sysconf};

/// Processor time of the process, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuTime {
    /// In the kernel.
    pub system: f64,
    /// Outside of it.
    pub user: f64,
}

/// The processor time of all threads so far.
pub fn cpu_time() -> CpuTime {
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    getrusage(UsageWho::RUSAGE_SELF).map_or(CpuTime::default(), |usage| CpuTime {
        system: seconds(usage.system_time()),
        user: seconds(usage.user_time()),
    })
}

/// Resident memory in bytes, as `/proc/self/statm` has it.
pub fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0u64);
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    pages.saturating_mul(page.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(4096))
}

/// The machine's memory in bytes.
pub fn memory_bytes() -> u64 {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0u64).saturating_mul(1024)
}

/// Name, release and machine, as Redis joins them: `Linux 6.1.0 x86_64`.
pub fn name() -> String {
    uname().map_or_else(
        |_| std::env::consts::OS.to_owned(),
        |names| {
            let words = [names.sysname(), names.release(), names.machine()];
            words.map(|word| word.to_string_lossy()).join(" ")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_answers() {
        assert!(resident_bytes() > 100 << 10);
        assert!(memory_bytes() > resident_bytes());
        assert!(name().starts_with(&uname().unwrap().sysname().to_string_lossy().into_owned()));
        // Burns a little, so that there is some time to see.
        let mut sum = 0u64;
        while cpu_time().user + cpu_time().system == 0.0 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }
}
