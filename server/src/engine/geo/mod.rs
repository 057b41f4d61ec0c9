//! engine/geo — members with a place on the globe, and those near a place.
//!
//! Geo owns no value: a place is a score of 52 bits, and what holds it is a sorted set. This is the
//! one engine that looks into another; see "Edges that are not obvious" in `ARCHITECTURE.md`.
//!
//! `cell` turns places into scores and back, `area` says which cells cover what is looked for and
//! what is inside, `angle` has the functions that a distance needs, `commands` what can be done.
//! Invariant: a search reads the ranges of scores of at most nine cells, never the whole set.

mod angle;
mod area;
mod cell;
mod commands;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{add, look, radius, search};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "geo",
    summary: "Members with a place on the globe.",
    group: Group::Geo,
    kinds: &[],
    commands: &[
        &add::GEOADD,
        &look::GEODIST,
        &look::GEOHASH,
        &look::GEOPOS,
        &radius::GEORADIUS,
        &radius::GEORADIUS_RO,
        &radius::GEORADIUSBYMEMBER,
        &radius::GEORADIUSBYMEMBER_RO,
        &search::GEOSEARCH,
        &search::GEOSEARCHSTORE,
    ],
    settings: &[],
    state: None,
};
