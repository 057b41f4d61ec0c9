//! Figures that follow from two measurements.

use super::{
    figure::{Figure, Measurement},
    scenario,
};

/// GET's CPU through PING's at one pipeline, when both were measured.
pub(super) fn get_over_ping(measured: &[Measurement], pipeline: &str) -> Option<Measurement> {
    let cpu = |name: &str| {
        let name = format!("{name}_{pipeline}");
        measured.iter().find(|measurement| measurement.name == name)?.figure("cpu_us")
    };
    let (get, ping) = (cpu("get")?, cpu("ping")?);
    let divide = |get: &[f64], ping: &[f64]| get.iter().zip(ping).map(|(g, p)| g / p).collect();
    let figure = Figure {
        key: "cpu_over_ping",
        ours: divide(&get.ours, &ping.ours),
        peer: divide(&get.peer, &ping.peer),
    };
    // The bound is for unpipelined requests; in a pipeline PING costs next to nothing.
    let checks = if pipeline == "p1" { vec![scenario::GET_OVER_PING] } else { Vec::new() };
    let name = format!("get_over_ping_{pipeline}");
    Some(Measurement { scenario: "derived", name, figures: vec![figure], checks, curves: None })
}

/// What a TTL adds to a string key, when both were measured.
pub(super) fn ttl_extra(measured: &[Measurement], size: &str) -> Option<Measurement> {
    let rss = |name: String| measured.iter().find(|one| one.name == name)?.figure("rss");
    let (with, without) = (rss(format!("string_ttl_{size}"))?, rss(format!("string_{size}"))?);
    let figure = Figure::once("rss", with.ours() - without.ours(), with.peer() - without.peer());
    Some(Measurement {
        scenario: "memory",
        name: format!("ttl_extra_{size}"),
        figures: vec![figure],
        checks: vec![scenario::TTL_EXTRA],
        curves: None,
    })
}
