//! The measurements as SVG plots: ratios, bytes, and percentile curves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use plotters::prelude::*;

use super::figure::{Measurement, Rule};
use crate::{Error, Result};

const OURS: RGBColor = RGBColor(0x1b, 0x6c, 0xa8);
const PEER: RGBColor = RGBColor(0xc4, 0x6a, 0x1c);
const TARGET: RGBColor = RGBColor(0x9b, 0x1c, 0x31);
const FONT: &str = "sans-serif";
/// The workloads whose percentile curves are drawn.
const CURVES: [&str; 6] = ["get_p1", "set_p1", "get_p16", "set_p16", "get_p100", "set_p100"];

/// One bar: a name, its length, and the mark that it should reach or stay under.
struct Bar {
    name: String,
    value: f64,
    mark: Option<f64>,
}

/// Draws everything there is data for and returns the files written. Plots of earlier runs in that
/// folder are removed.
pub fn draw(measured: &[Measurement], folder: &Path) -> Result<Vec<PathBuf>> {
    let refused = |cause| Error::io(format!("replacing the plots in {}", folder.display()), cause);
    fs::create_dir_all(folder).map_err(refused)?;
    for entry in fs::read_dir(folder).map_err(refused)?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(entry.path()).map_err(refused)?;
        }
    }
    let mut files = Vec::new();
    for (file, title, scenario, key) in [
        ("throughput.svg", "Operations per second, ours / peer", "throughput", "ops"),
        ("cpu.svg", "Server CPU per operation, ours / peer", "throughput", "cpu_us"),
        ("types.svg", "Operations per second by type, ours / peer", "types", "ops"),
        ("handover.svg", "Median hand-over latency, ours / peer", "handover", "p50_ms"),
        ("pubsub.svg", "Messages delivered per second, ours / peer", "pubsub", "delivered"),
    ] {
        let bars = ratios(measured, scenario, key);
        files.extend(written(
            folder,
            file,
            |path| bar_chart(path, title, &bars, Some(1.0)),
            &bars,
        )?);
    }
    let bytes = bytes(measured);
    let title = "Resident bytes per item (dark: ours, light: peer)";
    files.extend(written(
        folder,
        "memory.svg",
        |path| bar_chart(path, title, &bytes, None),
        &bytes,
    )?);
    for one in measured.iter().filter(|one| CURVES.contains(&one.name.as_str())) {
        if let Some([ours, peer]) = &one.curves {
            let path = folder.join(format!("latency-{}.svg", one.name));
            curves(&path, &one.name, ours, peer).map_err(|cause| failed(&path, &*cause))?;
            files.push(path);
        }
    }
    Ok(files)
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn written(
    folder: &Path,
    file: &str,
    draw: impl FnOnce(&Path) -> Drawn,
    bars: &[Bar],
) -> Result<Option<PathBuf>> {
    if bars.is_empty() {
        return Ok(None);
    }
    let path = folder.join(file);
    draw(&path).map_err(|cause| failed(&path, &*cause))?;
    Ok(Some(path))
}

fn failed(path: &Path, cause: &dyn std::error::Error) -> Error {
    Error::Usage(format!("drawing {}: {cause}", path.display()))
}

fn ratios(measured: &[Measurement], scenario: &str, key: &str) -> Vec<Bar> {
    let one = |measurement: &Measurement| {
        let value = measurement.figure(key)?.ratio();
        let check = measurement
            .checks
            .iter()
            .find(|check| check.figure == key && check.rule != Rule::OursAtMost);
        let (name, mark) = (measurement.name.clone(), check.map(|check| check.bound));
        value.is_finite().then_some(Bar { name, value, mark })
    };
    measured.iter().filter(|measurement| measurement.scenario == scenario).filter_map(one).collect()
}

fn bytes(measured: &[Measurement]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for one in measured.iter().filter(|one| one.scenario == "memory") {
        let Some(figure) = one.figure("rss") else { continue };
        let mark = one.checks.first().map(|check| check.bound);
        let name = one.name.clone();
        bars.push(Bar { name: name.clone(), value: figure.ours(), mark });
        bars.push(Bar { name: format!("{name}, peer"), value: figure.peer(), mark: None });
    }
    bars.retain(|bar| bar.value.is_finite());
    bars
}

/// Horizontal bars, the first at the top, with their values and marks.
fn bar_chart(path: &Path, title: &str, bars: &[Bar], line: Option<f64>) -> Drawn {
    let count = bars.len();
    let area = SVGBackend::new(path, (900, 90 + 24 * count as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    let longest =
        bars.iter().flat_map(|bar| [bar.value, bar.mark.unwrap_or(0.0)]).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(150)
        .build_cartesian_2d(0.0..longest * 1.12, 0.0..count as f64)?;
    chart.configure_mesh().disable_y_mesh().disable_y_axis().light_line_style(WHITE).draw()?;
    let label = |anchor| {
        use plotters::style::text_anchor::{Pos, VPos};
        TextStyle::from((FONT, 13).into_font()).pos(Pos::new(anchor, VPos::Center))
    };
    for (index, bar) in bars.iter().enumerate() {
        let top = (count - index) as f64;
        let (low, high, middle) = (top - 0.85, top - 0.15, top - 0.5);
        let color = if bar.name.ends_with(", peer") { OURS.mix(0.35) } else { OURS.mix(1.0) };
        chart.draw_series([Rectangle::new([(0.0, low), (bar.value, high)], color.filled())])?;
        let value = if bar.value >= 20.0 {
            format!("{:.0}", bar.value)
        } else {
            format!("{:.2}", bar.value)
        };
        let right = label(plotters::style::text_anchor::HPos::Left);
        chart.draw_series([Text::new(value, (bar.value + longest * 0.008, middle), right)])?;
        let (_, y) = chart.backend_coord(&(0.0, middle));
        let left = label(plotters::style::text_anchor::HPos::Right);
        area.draw(&Text::new(bar.name.clone(), (154, y), left))?;
        if let Some(mark) = bar.mark {
            let ends = [(mark, low - 0.1), (mark, high + 0.1)];
            chart.draw_series([PathElement::new(ends, TARGET.stroke_width(2))])?;
        }
    }
    if let Some(at) = line {
        let ends = [(at, 0.0), (at, count as f64)];
        chart.draw_series([PathElement::new(ends, BLACK.mix(0.5).stroke_width(1))])?;
    }
    area.present()?;
    Ok(())
}

/// Latency over percentile, with a scale on which each further nine takes the same room.
fn curves(path: &Path, name: &str, ours: &[(f64, f64)], peer: &[(f64, f64)]) -> Drawn {
    let nines = |percent: f64| -(1.0 - percent / 100.0).log10();
    let highest = ours.iter().chain(peer).map(|(_, ms)| *ms).fold(0.01, f64::max);
    let lowest =
        ours.iter().chain(peer).map(|(_, ms)| *ms).fold(highest, f64::min).max(highest / 1e5);
    let area = SVGBackend::new(path, (720, 380)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("{name}: latency by percentile"), (FONT, 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..4.05, (lowest * 0.8..highest * 1.25).log_scale())?;
    chart
        .configure_mesh()
        .x_labels(5)
        .x_label_formatter(&|nines: &f64| match nines.round() as i32 {
            0 => "0 %".into(),
            1 => "90 %".into(),
            2 => "99 %".into(),
            3 => "99.9 %".into(),
            _ => "99.99 %".into(),
        })
        .y_desc("ms")
        .y_label_formatter(&|ms: &f64| format!("{ms:.2}"))
        .light_line_style(WHITE)
        .draw()?;
    for (label, color, curve) in [("ours", OURS, ours), ("peer", PEER, peer)] {
        let points = curve.iter().map(|(percent, ms)| (nines(*percent), ms.max(lowest)));
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.2))
        .draw()?;
    area.present()?;
    Ok(())
}
