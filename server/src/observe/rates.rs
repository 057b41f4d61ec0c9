//! observe/rates.rs — how much happened lately: the `instantaneous_*` fields of INFO.
//!
//! One loop reports the totals about ten times a second; a rate is the mean of the last sixteen
//! steps, as in Redis.

use parking_lot::Mutex;

use crate::clock::Millis;

const STEPS: usize = 16;

/// Totals since the start, or rates per second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Flow {
    /// Commands run.
    pub commands: u64,
    /// Bytes read from clients.
    pub input_bytes: u64,
    /// Bytes written to clients.
    pub output_bytes: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Rates {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    steps: [Flow; STEPS],
    next: usize,
    last: Option<(Millis, Flow)>,
}

impl Rates {
    /// Reports the totals at a time.
    pub fn report(&self, now: Millis, total: Flow) {
        let mut inner = self.inner.lock();
        if let Some((then, before)) = inner.last
            && now > then
        {
            // Saturating: RESETSTAT sets totals back.
            let rate = |now_total: u64, then_total: u64| {
                now_total.saturating_sub(then_total).saturating_mul(1000) / (now - then)
            };
            let at = inner.next;
            inner.steps[at] = Flow {
                commands: rate(total.commands, before.commands),
                input_bytes: rate(total.input_bytes, before.input_bytes),
                output_bytes: rate(total.output_bytes, before.output_bytes),
            };
            inner.next = (at + 1) % STEPS;
        }
        inner.last = Some((now, total));
    }

    /// Per second, lately.
    pub fn per_second(&self) -> Flow {
        let inner = self.inner.lock();
        let mean =
            |pick: fn(&Flow) -> u64| inner.steps.iter().map(pick).sum::<u64>() / STEPS as u64;
        Flow {
            commands: mean(|flow| flow.commands),
            input_bytes: mean(|flow| flow.input_bytes),
            output_bytes: mean(|flow| flow.output_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_flow_shows_its_rate_and_a_reset_does_not_wrap() {
        let rates = Rates::default();
        for step in 0..=16 {
            let total = Flow { commands: step * 50, input_bytes: step * 1000, output_bytes: 0 };
            rates.report(1000 + step * 100, total);
        }
        let lately = Flow { commands: 500, input_bytes: 10_000, output_bytes: 0 };
        assert_eq!(rates.per_second(), lately);
        rates.report(2700, Flow::default());
        assert_eq!(rates.per_second().commands, 500 * 15 / 16);
    }
}
