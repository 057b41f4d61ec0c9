//! What each algorithm may admit, by definition, from all that was admitted.

use std::collections::VecDeque;

use crate::engine::limiter::quota::{Nanos, Quota};

/// A definition.
pub(super) trait Model {
    /// Whether `cost` may be admitted at an instant, which is not before the last admission.
    fn admits(&self, at: Nanos, cost: u64) -> bool;
    /// It was.
    fn admit(&mut self, at: Nanos, cost: u64);
}

/// What was admitted when.
type History = Vec<(Nanos, u64)>;

/// Over any interval that ends now, closed at both ends: no more than the burst and what comes in
/// that time.
pub(super) struct Fluid(Quota, History);

impl Fluid {
    pub(super) fn new(quota: Quota) -> Fluid {
        Fluid(quota, Vec::new())
    }
}

impl Model for Fluid {
    fn admits(&self, at: Nanos, cost: u64) -> bool {
        let Fluid(quota, history) = self;
        let most = |since: Nanos| {
            i128::from(quota.burst) * i128::from(quota.period)
                + i128::from(at - since) * i128::from(quota.limit)
        };
        let mut sum = i128::from(cost) * i128::from(quota.period);
        if sum > most(at) {
            return false;
        }
        for &(since, cost) in history.iter().rev() {
            sum += i128::from(cost) * i128::from(quota.period);
            if sum > most(since) {
                return false;
            }
        }
        true
    }

    fn admit(&mut self, at: Nanos, cost: u64) {
        self.1.push((at, cost));
    }
}

/// Tokens that come at the ticks of a clock, which starts when the full bucket is first used.
pub(super) struct Bucket {
    quota: Quota,
    tokens: u64,
    /// The next tick; nothing while the bucket is full.
    tick: Option<Nanos>,
}

impl Bucket {
    pub(super) fn new(quota: Quota) -> Bucket {
        Bucket { quota, tokens: quota.burst, tick: None }
    }

    /// Lets the clock tick.
    fn at(&self, at: Nanos) -> (u64, Option<Nanos>) {
        let (mut tokens, mut tick) = (self.tokens, self.tick);
        while let Some(next) = tick
            && next <= at
        {
            tokens = self.quota.burst.min(tokens + self.quota.limit);
            tick = (tokens < self.quota.burst).then_some(next + self.quota.period);
        }
        (tokens, tick)
    }
}

impl Model for Bucket {
    fn admits(&self, at: Nanos, cost: u64) -> bool {
        cost <= self.at(at).0
    }

    fn admit(&mut self, at: Nanos, cost: u64) {
        let (tokens, tick) = self.at(at);
        self.tokens = tokens - cost;
        self.tick = tick.or(Some(at + self.quota.period));
    }
}

/// So much between a first request and a period later.
pub(super) struct Fixed(Quota, History);

impl Fixed {
    pub(super) fn new(quota: Quota) -> Fixed {
        Fixed(quota, Vec::new())
    }
}

impl Model for Fixed {
    fn admits(&self, at: Nanos, cost: u64) -> bool {
        let (mut first, mut sum) = (None, 0);
        for &(since, cost) in &self.1 {
            if first.is_none_or(|first| since >= first + self.0.period) {
                (first, sum) = (Some(since), 0);
            }
            sum += cost;
        }
        if first.is_none_or(|first| at >= first + self.0.period) {
            sum = 0;
        }
        sum + cost <= self.0.limit
    }

    fn admit(&mut self, at: Nanos, cost: u64) {
        self.1.push((at, cost));
    }
}

/// So much in the period up to now, its beginning excluded.
pub(super) struct Log(Quota, VecDeque<(Nanos, u64)>);

impl Log {
    pub(super) fn new(quota: Quota) -> Log {
        Log(quota, VecDeque::new())
    }
}

impl Model for Log {
    fn admits(&self, at: Nanos, cost: u64) -> bool {
        let within = self.1.iter().filter(|(since, _)| at - since < self.0.period);
        within.map(|(_, cost)| cost).sum::<u64>() + cost <= self.0.limit
    }

    fn admit(&mut self, at: Nanos, cost: u64) {
        self.1.push_back((at, cost));
        // By definition, over every such interval.
        let sum = |end: Nanos| -> u64 {
            let within = self.1.iter().filter(|(at, _)| *at <= end && end - at < self.0.period);
            within.map(|(_, cost)| cost).sum()
        };
        assert!(self.1.iter().all(|(end, _)| sum(*end) <= self.0.limit), "more than the limit");
    }
}

/// The estimate from the counts of two windows, and how much it may be wrong.
pub(super) struct Sliding {
    quota: Quota,
    history: History,
    /// When windows are counted from: anew after two without a request.
    anchor: Nanos,
}

impl Sliding {
    pub(super) fn new(quota: Quota) -> Sliding {
        Sliding { quota, history: Vec::new(), anchor: 0 }
    }

    fn sum(&self, from: Nanos, to: Nanos) -> i128 {
        let within = self.history.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, cost)| i128::from(*cost)).sum()
    }

    /// The window that an instant is in.
    fn window(&self, at: Nanos) -> Nanos {
        self.anchor + (at - self.anchor) / self.quota.period * self.quota.period
    }

    /// The estimate times the period.
    fn estimate(&self, at: Nanos) -> i128 {
        let (start, period) = (self.window(at), self.quota.period);
        let before = self.sum(start.saturating_sub(period), start);
        let left = i128::from(start + period - at);
        before * left + self.sum(start, at + 1) * i128::from(period)
    }
}

impl Model for Sliding {
    fn admits(&self, at: Nanos, cost: u64) -> bool {
        let period = i128::from(self.quota.period);
        self.estimate(at) + i128::from(cost) * period <= i128::from(self.quota.limit) * period
    }

    fn admit(&mut self, at: Nanos, cost: u64) {
        let period = self.quota.period;
        if self.window(at)
            >= self.history.last().map_or(0, |(last, _)| self.window(*last) + 2 * period)
        {
            self.anchor = at;
        }
        self.history.push((at, cost));
        // The stated error: the limit, and the share of this window that is over, of all that came
        // in the window before.
        let start = self.window(at);
        let before = self.sum(start.saturating_sub(period), start);
        let truth = self.sum((at + 1).saturating_sub(period), at + 1);
        let over = before * i128::from(at - start);
        let (limit, span) = (i128::from(self.quota.limit), i128::from(period));
        assert!(truth * span <= limit * span + over, "worse than stated at {at}");
    }
}
