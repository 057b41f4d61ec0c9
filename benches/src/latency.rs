//! Latency in nanoseconds, recorded cheaply and merged over threads.

use hdrhistogram::Histogram;

/// Three significant digits over one nanosecond to a minute; longer waits count as a minute.
const NANOS_MAX: u64 = 60_000_000_000;

/// A distribution of latencies.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        let bounds = Histogram::new_with_bounds(1, NANOS_MAX, 3);
        Self(bounds.expect("constant bounds are valid"))
    }
}

impl Latency {
    /// Records one latency. Costs a few nanoseconds: an index is computed and a counter goes up.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos.clamp(1, NANOS_MAX));
    }

    /// Adds everything that another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so every value of one has its place in the other.
        let _ = self.0.add(&other.0);
    }

    /// Forgets everything recorded.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many latencies were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in milliseconds that this share of the records, in percent, did not exceed.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1e6
    }

    /// The longest latency in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1e6
    }

    /// The mean latency in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.0.mean() / 1e6
    }

    /// Points of the percentile curve, as (percent, milliseconds), denser towards the tail.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        const PERCENTS: [f64; 18] = [
            1.0, 5.0, 10.0, 25.0, 50.0, 60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 95.0, 98.0, 99.0, 99.5,
            99.9, 99.95, 99.99,
        ];
        PERCENTS.iter().map(|&percent| (percent, self.percentile_ms(percent))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_equals_recording_together() {
        let (mut left, mut right, mut both) =
            (Latency::default(), Latency::default(), Latency::default());
        for nanos in 0..5000u64 {
            let side = if nanos % 3 == 0 { &mut left } else { &mut right };
            side.record(nanos * 977);
            both.record(nanos * 977);
        }
        left.merge(&right);
        assert_eq!(left.count(), 5000);
        assert_eq!(left.curve(), both.curve());
        assert_eq!(left.max_ms(), both.max_ms());
    }

    #[test]
    fn extremes_are_kept() {
        let mut latency = Latency::default();
        latency.record(0);
        latency.record(u64::MAX);
        assert_eq!(latency.count(), 2);
        assert!((latency.max_ms() / 60_000.0 - 1.0).abs() < 0.001);
        latency.clear();
        assert_eq!(latency.count(), 0);
    }
}
