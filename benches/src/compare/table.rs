//! The measurements as tables, for a terminal and for Markdown.

use super::figure::{Figure, Measurement};

/// A table of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns aligned with spaces; the first to the left, the others to the right, the last two
    /// (target and verdict) to the left again.
    pub fn to_text(&self) -> String {
        let columns = self.header.len();
        let width = |column: usize| {
            let cells = std::iter::once(&self.header).chain(&self.rows);
            cells.filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| {
                    let width = widths.get(column).copied().unwrap_or(0);
                    if column == 0 || column + 2 >= columns {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// A Markdown table.
    pub fn to_markdown(&self) -> String {
        let columns = self.header.len();
        let rule = (0..columns).map(|column| {
            if column == 0 || column + 2 >= columns { "---".to_owned() } else { "---:".to_owned() }
        });
        let mut text = String::new();
        let rule: Vec<String> = rule.collect();
        for row in [&self.header, &rule].into_iter().chain(&self.rows) {
            text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        text
    }
}

/// Streams of requests, `throughput` or `types`: rates, CPU, latencies.
pub fn streams(measured: &[Measurement], scenario: &str) -> Table {
    let header = [
        "workload",
        "ours op/s",
        "peer op/s",
        "x",
        "spread",
        "ours us/op",
        "peer us/op",
        "x",
        "ours p50/p99/p99.9 ms",
        "peer p50/p99/p99.9 ms",
        "p99 x",
        "gen %",
        "wait %",
        "target",
        "verdict",
    ];
    let rows = measured.iter().filter(|one| one.scenario == scenario).map(|one| {
        let empty = Figure::new("");
        let figure = |key| one.figure(key).unwrap_or(&empty);
        let (ops, cpu) = (figure("ops"), figure("cpu_us"));
        let latency = |side: fn(&Figure) -> f64| {
            let at = |key| format!("{:.2}", side(figure(key)));
            format!("{} / {} / {}", at("p50_ms"), at("p99_ms"), at("p999_ms"))
        };
        let generator = figure("gen_pct");
        let wait = figure("wait_pct");
        vec![
            one.name.clone(),
            count(ops.ours()),
            count(ops.peer()),
            ratio(ops.ratio()),
            spread(ops),
            format!("{:.3}", cpu.ours()),
            format!("{:.3}", cpu.peer()),
            ratio(cpu.ratio()),
            latency(Figure::ours),
            latency(Figure::peer),
            ratio(figure("p99_ms").ratio()),
            format!("{:.0} / {:.0}", generator.ours(), generator.peer()),
            format!("{:.0} / {:.0}", wait.ours(), wait.peer()),
            one.target(),
            one.verdict(),
        ]
    });
    Table { header: header.map(str::to_owned).into(), rows: rows.collect() }
}

/// Everything else: one row per figure.
pub fn figures(measured: &[Measurement], scenario: &str) -> Table {
    let header = ["case", "figure", "ours", "peer", "x", "target", "verdict"];
    let mut rows = Vec::new();
    for one in measured.iter().filter(|one| one.scenario == scenario) {
        for (index, figure) in one.figures.iter().enumerate() {
            let first = |text: String| if index == 0 { text } else { String::new() };
            rows.push(vec![
                first(one.name.clone()),
                figure.key.to_owned(),
                plain(figure.ours()),
                plain(figure.peer()),
                ratio(figure.ratio()),
                first(one.target()),
                first(one.verdict()),
            ]);
        }
    }
    Table { header: header.map(str::to_owned).into(), rows }
}

/// The scenarios that `streams` shows, with their titles.
pub const STREAMS: [(&str, &str); 3] = [
    ("throughput", "Throughput, CPU and latency"),
    ("types", "Every type, pipeline 16"),
    ("limits", "Rate limits, the peer by a script"),
];

/// The scenarios that `figures` shows, with their titles.
pub const OTHERS: [(&str, &str); 7] = [
    ("derived", "Derived"),
    ("pubsub", "Pub/sub fan-out: 1 publisher, 50 subscribers, 64 B"),
    ("handover", "Hand-over: RPUSH to a waiting BLPOP, 1 and 50 consumers, 64 B"),
    ("memory", "Memory per item, bytes"),
    ("connections", "Memory per idle connection, bytes"),
    ("expiry", "Expiry: a million keys falling due over ten seconds"),
    ("complexity", "Complexity: microseconds per call by elements, and the exponent of growth"),
];

fn count(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".into(),
        value if value >= 1e6 => format!("{:.2}M", value / 1e6),
        value if value >= 1e4 => format!("{:.1}k", value / 1e3),
        value => format!("{value:.0}"),
    }
}

fn plain(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".into(),
        value if value.abs() >= 1e4 => count(value),
        value if value.abs() >= 100.0 => format!("{value:.0}"),
        value if value.abs() >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}

fn ratio(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}") } else { "-".into() }
}

/// The lowest and the highest ratio of the rounds.
fn spread(figure: &Figure) -> String {
    let ratios = figure.ratios();
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if ratios.is_empty() { "-".into() } else { format!("{low:.2}-{high:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_and_markdown_is_piped() {
        let words = |row: [&str; 4]| row.map(str::to_owned).to_vec();
        let table = Table {
            header: words(["name", "n", "target", "verdict"]),
            rows: vec![words(["a", "10", "x", "pass"]), words(["long name", "9", "", ""])],
        };
        let text = "name        n  target  verdict\na          10  x       pass\nlong name   9\n";
        assert_eq!(table.to_text(), text);
        assert!(table.to_markdown().starts_with("| name | n | target | verdict |\n| --- | ---: |"));
    }

    #[test]
    fn a_side_without_a_number_shows_a_dash() {
        let one = Measurement {
            scenario: "memory",
            name: "k".into(),
            figures: vec![Figure::once("used", 71.25, f64::NAN)],
            checks: Vec::new(),
            curves: None,
        };
        let table = figures(&[one], "memory");
        assert_eq!(table.rows[0], ["k", "used", "71.2", "-", "-", "", ""]);
    }
}
