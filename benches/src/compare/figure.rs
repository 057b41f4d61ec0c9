//! Numbers of both sides, their ratio, and whether it is what was wanted.

/// One quantity, measured once per round on each side.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What checks and tables call it: `ops`, `cpu_us`, `p99_ms`.
    pub key: &'static str,
    pub ours: Vec<f64>,
    pub peer: Vec<f64>,
}

impl Figure {
    /// A figure without readings.
    pub fn new(key: &'static str) -> Self {
        Self { key, ours: Vec::new(), peer: Vec::new() }
    }

    /// A figure of one reading per side, `NaN` for a side that has none.
    pub fn once(key: &'static str, ours: f64, peer: f64) -> Self {
        Self { key, ours: vec![ours], peer: vec![peer] }
    }

    /// The median reading of our side.
    pub fn ours(&self) -> f64 {
        median(self.ours.clone())
    }

    /// The median reading of the peer.
    pub fn peer(&self) -> f64 {
        median(self.peer.clone())
    }

    /// Ours through peer's, round by round; what has no ratio is left out.
    pub fn ratios(&self) -> Vec<f64> {
        let pairs = self.ours.iter().zip(&self.peer);
        pairs.map(|(ours, peer)| ours / peer).filter(|ratio| ratio.is_finite()).collect()
    }

    /// The median of the ratios of the rounds, `NaN` when there is none.
    pub fn ratio(&self) -> f64 {
        median(self.ratios())
    }
}

/// What must hold of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    pub figure: &'static str,
    pub rule: Rule,
    pub bound: f64,
}

/// How a bound is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    RatioAtLeast,
    RatioAtMost,
    OursAtMost,
}

impl Check {
    /// `ops >= 2.00x`.
    pub fn wording(&self) -> String {
        let Self { figure, bound, .. } = self;
        match self.rule {
            Rule::RatioAtLeast => format!("{figure} >= {bound:.2}x"),
            Rule::RatioAtMost => format!("{figure} <= {bound:.2}x"),
            Rule::OursAtMost => format!("{figure} <= {bound}"),
        }
    }

    /// The number that is compared with the bound.
    fn value(&self, figure: &Figure) -> f64 {
        match self.rule {
            Rule::OursAtMost => figure.ours(),
            Rule::RatioAtLeast | Rule::RatioAtMost => figure.ratio(),
        }
    }

    /// Whether it holds; a number that could not be measured never does.
    pub fn holds(&self, figure: &Figure) -> bool {
        let value = self.value(figure);
        match self.rule {
            Rule::RatioAtLeast => value >= self.bound,
            Rule::RatioAtMost | Rule::OursAtMost => value <= self.bound,
        }
    }
}

/// Everything measured in one case of a scenario.
#[derive(Clone, Debug)]
pub struct Measurement {
    pub scenario: &'static str,
    pub name: String,
    pub figures: Vec<Figure>,
    pub checks: Vec<Check>,
    /// Percentile curves (percent, milliseconds) of ours and of the peer.
    pub curves: Option<[Vec<(f64, f64)>; 2]>,
}

impl Measurement {
    /// The figure of that key.
    pub fn figure(&self, key: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.key == key)
    }

    /// The checks that do not hold, in words.
    pub fn misses(&self) -> Vec<String> {
        let missed = |check: &&Check| !self.figure(check.figure).is_some_and(|f| check.holds(f));
        let misses = self.checks.iter().filter(missed);
        misses
            .map(|check| match self.figure(check.figure).map(|figure| check.value(figure)) {
                Some(value) => format!("{} {value:.2}", check.figure),
                None => format!("{} not measured", check.figure),
            })
            .collect()
    }

    /// `pass`, `miss: ...`, or nothing when nothing was demanded.
    pub fn verdict(&self) -> String {
        let misses = self.misses();
        match (self.checks.is_empty(), misses.is_empty()) {
            (true, _) => String::new(),
            (false, true) => "pass".into(),
            (false, false) => format!("miss: {}", misses.join(", ")),
        }
    }

    /// All demands in words.
    pub fn target(&self) -> String {
        self.checks.iter().map(Check::wording).collect::<Vec<_>>().join(", ")
    }
}

/// Measurements in which other work kept server or generator waiting for more than a twentieth of
/// the time, on either side.
pub fn disturbed(measured: &[Measurement]) -> Vec<&str> {
    const PERCENT_MAX: f64 = 5.0;
    let waited = |one: &Measurement| {
        one.figure("wait_pct")
            .is_some_and(|wait| wait.ours() > PERCENT_MAX || wait.peer() > PERCENT_MAX)
    };
    measured.iter().filter(|one| waited(one)).map(|one| one.name.as_str()).collect()
}

/// The middle of the finite values, or the mean of the two middle ones; `NaN` when there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_over_the_rounds() {
        // In the second round the machine was slow for both: the ratios do not mind.
        let figure =
            Figure { key: "ops", ours: vec![200.0, 100.0, 210.0], peer: vec![100.0, 50.0, 100.0] };
        assert_eq!(figure.ratio(), 2.0);
        assert_eq!(figure.ours(), 200.0);
        assert_eq!(figure.peer(), 100.0);
    }

    #[test]
    fn verdicts_name_what_was_missed() {
        let measurement = Measurement {
            scenario: "throughput",
            name: "get".into(),
            figures: vec![
                Figure::once("ops", 180.0, 100.0),
                Figure::once("cpu_us", 0.5, 1.0),
                Figure::once("rss", 80.0, f64::NAN),
            ],
            checks: vec![
                Check { figure: "ops", rule: Rule::RatioAtLeast, bound: 2.0 },
                Check { figure: "cpu_us", rule: Rule::RatioAtMost, bound: 0.85 },
                Check { figure: "rss", rule: Rule::OursAtMost, bound: 72.0 },
                Check { figure: "p99_ms", rule: Rule::RatioAtMost, bound: 1.0 },
            ],
            curves: None,
        };
        assert_eq!(measurement.verdict(), "miss: ops 1.80, rss 80.00, p99_ms not measured");
    }

    #[test]
    fn a_disturbed_measurement_is_named() {
        let named = |name: &str, ours, peer| Measurement {
            scenario: "throughput",
            name: name.into(),
            figures: vec![Figure::once("wait_pct", ours, peer)],
            checks: Vec::new(),
            curves: None,
        };
        let measured = [named("calm", 1.0, 2.0), named("busy", 1.0, 40.0)];
        assert_eq!(disturbed(&measured), ["busy"]);
    }

    #[test]
    fn what_cannot_be_measured_is_no_pass() {
        let check = Check { figure: "ops", rule: Rule::RatioAtMost, bound: 1.0 };
        assert!(!check.holds(&Figure::once("ops", 1.0, f64::NAN)));
        assert!(!check.holds(&Figure::new("ops")));
    }
}
