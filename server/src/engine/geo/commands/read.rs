//! engine/geo/commands/read.rs — places, lengths and units as arguments, refused in Redis's words.

use std::fmt::Write as _;

use mainstay_protocol::{ReplyWriter, Version};

use crate::command::number;
use crate::command::options::is_word;
use crate::command::{Arg, Reply, Type};
use crate::engine::geo::cell::Place;
use crate::error::Refusal;

pub(super) const UNIT: Arg =
    Arg::OneOf(&[Arg::Word("M"), Arg::Word("KM"), Arg::Word("FT"), Arg::Word("MI")]);

pub(super) const LONGITUDE: Arg = Arg::Value("longitude", Type::Float);

pub(super) const LATITUDE: Arg = Arg::Value("latitude", Type::Float);

/// A place: a coordinate in each direction, doubles in RESP3.
pub(super) const PLACE: Reply = Reply::Tuple(&[Reply::Double, Reply::Double]);

/// A place.
///
/// # Errors
/// No number, or off the map.
pub(super) fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place, Refusal> {
    let place = Place {
        longitude: number::score(longitude).ok_or(Refusal::NotFloat)?.get(),
        latitude: number::score(latitude).ok_or(Refusal::NotFloat)?.get(),
    };
    if place.is_valid() {
        return Ok(place);
    }
    Err(Refusal::from(format!(
        "ERR invalid longitude,latitude pair {:.6},{:.6}",
        place.longitude, place.latitude
    )))
}

/// A length, which may not be negative.
///
/// # Errors
/// No number, for which the text is `wrong`.
pub(super) fn length(text: &[u8], wrong: &'static str) -> Result<f64, Refusal> {
    number::score(text).map(|length| length.get()).ok_or(Refusal::text(wrong))
}

/// How many meters a unit has.
///
/// # Errors
/// Another word.
pub(super) fn unit(word: &[u8]) -> Result<f64, Refusal> {
    let units = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];
    let found = units.into_iter().find(|(name, _)| is_word(word, name));
    let wrong = "ERR unsupported unit provided. please use M, KM, FT, MI";
    found.map(|(_, meters)| meters).ok_or(Refusal::text(wrong))
}

/// Answers a place.
pub(super) fn answer_place(out: &mut ReplyWriter<'_>, place: Place) {
    out.array(2);
    for degrees in [place.longitude, place.latitude] {
        answer_degrees(out, degrees);
    }
}

/// Answers a number with up to 17 decimals, without noughts at its end.
fn answer_degrees(out: &mut ReplyWriter<'_>, degrees: f64) {
    let mut text = String::with_capacity(24);
    // Writing to a string does not fail.
    let _ = write!(text, "{degrees:.17}");
    let digits = text.trim_end_matches('0').trim_end_matches('.');
    let digits = if digits == "-0" { "0" } else { digits };
    match out.version() {
        Version::Resp2 => out.bulk_str(digits),
        Version::Resp3 => {
            out.raw(b",");
            out.raw(digits.as_bytes());
            out.raw(b"\r\n");
        }
    }
}

/// Answers a length with four decimals.
pub(super) fn answer_distance(out: &mut ReplyWriter<'_>, distance: f64) {
    out.bulk_display(format_args!("{distance:.4}"));
}
