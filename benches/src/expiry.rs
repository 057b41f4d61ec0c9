//! How promptly a server frees keys that are due.
//!
//! A million keys get deadlines spread evenly over some seconds. While they fall due, INFO's
//! `expired_keys` is asked again and again: by how much it lags behind the keys that are due is late,
//! and since deadlines are even, a number of late keys is a time. (DBSIZE would not do: a server may
//! leave dead keys out of it before their memory is free.) The round trip of a DBSIZE beside each
//! question is kept too, because a server may be prompt at the price of stalls.
//!
//! Assumes a server that frees keys roughly in the order of their deadlines, as the time of the latest
//! is derived from how many are late; the time until nothing is left does not assume it.

use std::time::Duration;

use crate::direct::Direct;
use crate::{Error, Result, account, clock, latency::Latency, server::Server, template};

/// How long after the last deadline to wait for the last key to go.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two samples.
const SAMPLE: Duration = Duration::from_millis(5);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub keys: u64,
    pub value_bytes: usize,
    /// Time between the first deadline and the last.
    pub window: Duration,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The most by which keys outlived their deadline, in milliseconds, over all samples.
    pub late_ms_max: f64,
    /// The median over the samples.
    pub late_ms_p50: f64,
    /// From the last deadline to the last key freed; none when keys were left after two minutes.
    pub gone_ms: Option<f64>,
    /// Round trips of the samples.
    pub probe: Latency,
    /// Resident bytes with all keys, and the share of the growth that was back one second after the
    /// last key was gone.
    pub rss_full: u64,
    pub rss_returned: f64,
}

/// Fills a fresh server and watches its keys go.
pub fn measure(server: &Server, plan: &Plan) -> Result<Found> {
    let mut direct = server.direct()?;
    let expired_before = expired(&mut direct)?;
    let rss_empty = account::rss_bytes(server.pid())?;
    let value = template::value(plan.value_bytes);
    // Time to fill, estimated from a server that takes 100,000 keys per second.
    let first_ms = clock::unix_ms() + 1000 + plan.keys / 100;
    let window_ms = plan.window.as_millis() as u64;
    let mut next = 0;
    direct.pump("SET with PXAT", |buffer| {
        let until = plan.keys.min(next + 1000);
        let count = until - next;
        while next < until {
            let deadline = first_ms + next * window_ms / plan.keys;
            let head = format!("*5\r\n$3\r\nSET\r\n$16\r\nkey:{next:012}\r\n${}\r\n", value.len());
            buffer.extend_from_slice(head.as_bytes());
            buffer.extend_from_slice(&value);
            let tail = deadline.to_string();
            let tail = format!("\r\n$4\r\nPXAT\r\n${}\r\n{tail}\r\n", tail.len());
            buffer.extend_from_slice(tail.as_bytes());
            next += 1;
        }
        count
    })?;
    let rss_full = account::rss_bytes(server.pid())?;
    let filled_ms = clock::unix_ms();
    clock::sleep(Duration::from_millis(first_ms.saturating_sub(filled_ms)));

    let (mut probe, mut late) = (Latency::default(), Vec::new());
    let last_ms = first_ms + window_ms;
    let gone_ms = loop {
        let asked = clock::now();
        direct.dbsize()?;
        probe.record(clock::nanos_since(asked));
        let asked_ms = clock::unix_ms();
        let alive = plan.keys.saturating_sub(expired(&mut direct)?.saturating_sub(expired_before));
        let answered_ms = clock::unix_ms();
        late.push(late_ms(plan, first_ms, asked_ms, alive));
        if alive == 0 {
            break Some(answered_ms.saturating_sub(last_ms) as f64);
        }
        if answered_ms > last_ms + PATIENCE.as_millis() as u64 {
            break None;
        }
        clock::sleep(SAMPLE);
    };
    clock::sleep(Duration::from_secs(1));
    let rss_after = account::rss_bytes(server.pid())?;
    late.sort_by(f64::total_cmp);
    Ok(Found {
        late_ms_max: late.last().copied().unwrap_or(0.0),
        late_ms_p50: late.get(late.len() / 2).copied().unwrap_or(0.0),
        gone_ms,
        probe,
        rss_full,
        rss_returned: (rss_full as f64 - rss_after as f64)
            / (rss_full.saturating_sub(rss_empty).max(1)) as f64,
    })
}

/// How many keys the server has freed because they were due.
fn expired(direct: &mut Direct) -> Result<u64> {
    let count = direct.info("stats", "expired_keys")?;
    let missing = || Error::Refused {
        request: "INFO stats".into(),
        reply: "no number called expired_keys".into(),
    };
    count.and_then(|count| count.trim().parse().ok()).ok_or_else(missing)
}

/// By how long the oldest key that is still there has outlived its deadline.
fn late_ms(plan: &Plan, first_ms: u64, now_ms: u64, alive: u64) -> f64 {
    let per_ms = plan.keys as f64 / (plan.window.as_millis() as f64).max(1.0);
    let freed = plan.keys.saturating_sub(alive) as f64;
    let due = (now_ms.saturating_sub(first_ms) as f64 * per_ms).min(plan.keys as f64);
    if alive == 0 {
        return 0.0;
    }
    // After the last deadline the oldest key goes on aging though no more fall due.
    let oldest_deadline_ms = freed / per_ms;
    if due <= freed { 0.0 } else { now_ms.saturating_sub(first_ms) as f64 - oldest_deadline_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_the_age_of_the_oldest_key() {
        let plan = Plan { keys: 1000, value_bytes: 0, window: Duration::from_millis(1000) };
        // One key per millisecond. At 500 ms, 500 are due.
        assert_eq!(late_ms(&plan, 10_000, 10_500, 500), 0.0);
        assert_eq!(late_ms(&plan, 10_000, 10_500, 600), 100.0);
        // Two seconds after the start, the last 10 keys are still there: 1010 ms late.
        assert_eq!(late_ms(&plan, 10_000, 12_000, 10), 1010.0);
        assert_eq!(late_ms(&plan, 10_000, 12_000, 0), 0.0);
        assert_eq!(late_ms(&plan, 10_000, 9_000, 1000), 0.0);
    }
}
