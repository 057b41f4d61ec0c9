//! Tests of `geo`: places against their scores, searches against looking at every member.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_6, PI};

use super::angle;
use super::area::{self, Area, Shape};
use super::cell::{Cell, DEPTH_MAX, LATITUDE_MAX, LONGITUDE_MAX, Place};
use crate::dice::Dice;

fn seeded(seed: u64) -> Dice {
    eprintln!("seed {seed:#x}");
    Dice::new(seed)
}

/// A number from -1 to 1.
fn share(dice: &mut Dice) -> f64 {
    dice.below(2_000_000_001) as f64 / 1e9 - 1.0
}

fn anywhere(dice: &mut Dice) -> Place {
    Place { longitude: share(dice) * LONGITUDE_MAX, latitude: share(dice) * LATITUDE_MAX }
}

/// Angles and shares with what functions of unlimited precision give for them, rounded once.
#[test]
fn functions_are_right_to_the_last_bit() {
    let rows = [
        (
            -1.1063302368477403,
            -0.8940608556406021,
            0.4479455172352933,
            0.15084917392450192,
            0.15142722027477915,
        ),
        (
            0.9478684906902815,
            0.8121737950001059,
            0.5834155694829596,
            0.07243628666754276,
            0.07249978242689195,
        ),
        (
            0.2253389870460083,
            0.22343679188141513,
            0.9747184208958715,
            0.36568891691258554,
            0.37437287973341316,
        ),
        (
            -2.7757667524148415,
            -0.3577206665612743,
            -0.9338286377676354,
            0.5074357331894203,
            0.5322063147340691,
        ),
        (
            -2.904527264984335,
            -0.2348511074894475,
            -0.9720313561356856,
            0.4336456836623859,
            0.44853474569624446,
        ),
        (
            -2.701307939951393,
            -0.4261970429366817,
            -0.9046303557763404,
            0.09071301334386506,
            0.09083788694549139,
        ),
        (1e-09, 1e-09, 1.0, 1e-09, 1e-09),
        (FRAC_PI_2, 1.0, 6.123233995736766e-17, 0.9999999999999999, 1.5707963118937354),
        (PI, 1.2246467991473532e-16, -1.0, 0.5, FRAC_PI_6),
    ];
    for (angle, sine, cosine, share, arcsine) in rows {
        assert_eq!(angle::sine(angle).to_bits(), f64::to_bits(sine), "sine of {angle}");
        assert_eq!(angle::cosine(angle).to_bits(), f64::to_bits(cosine), "cosine of {angle}");
        assert_eq!(angle::arcsine(share).to_bits(), f64::to_bits(arcsine), "arcsine of {share}");
    }
    assert_eq!(angle::arcsine(1.0), FRAC_PI_2);
    assert_eq!(angle::arcsine(1.000_000_000_000_000_2), FRAC_PI_2);
    assert_eq!(angle::sine(0.0).to_bits(), 0);
}

#[test]
fn quick_and_exact_distances_hardly_differ() {
    let mut dice = seeded(0x6E01);
    for _ in 0..20_000 {
        let (from, to) = (anywhere(&mut dice), anywhere(&mut dice));
        let (quick, exact) = (area::distance(from, to), area::exact_distance(from, to));
        assert!((quick - exact).abs() <= exact * 1e-12 + 1e-9, "{from:?} {to:?}: {quick} {exact}");
    }
}

#[test]
fn a_place_is_within_its_cell_at_every_depth() {
    let mut dice = seeded(0x6E02);
    for _ in 0..2000 {
        let place = anywhere(&mut dice);
        for depth in 1..=DEPTH_MAX {
            let cell = Cell::around(place, depth);
            let bounds = cell.bounds();
            let (low, high) = cell.scores();
            assert!((low..high).contains(&place.score()), "{place:?} at {depth}");
            // An edge belongs to the cell behind it, but for what rounding does to it.
            let near = 1e-9;
            assert!((bounds.west - near..bounds.east + near).contains(&place.longitude));
            assert!((bounds.south - near..bounds.north + near).contains(&place.latitude));
        }
        let again = Place::of_score(place.score());
        assert!(area::distance(place, again) < 1.0, "{place:?} {again:?}");
        assert_eq!(again.score(), place.score());
    }
}

#[test]
fn neighbours_go_around_the_map_and_back() {
    let mut dice = seeded(0x6E03);
    for _ in 0..2000 {
        let cell = Cell::around(anywhere(&mut dice), 1 + dice.below(26) as u32);
        for (east, north) in [(0, 1), (1, 0), (1, 1), (1, -1)] {
            assert_eq!(cell.neighbour(east, north).neighbour(-east, -north), cell);
        }
        assert_eq!(cell.neighbour(1, 0).bounds().north, cell.bounds().north);
        assert_eq!(cell.neighbour(0, 1).bounds().west, cell.bounds().west);
    }
}

/// Whatever is in an area is in its cells, as long as the area leaves no edge of the map: there
/// Redis has gaps, too.
#[test]
fn cells_cover_the_area() {
    let mut dice = seeded(0x6E04);
    let mut found = 0;
    for _ in 0..3000 {
        let center =
            Place { longitude: share(&mut dice) * 120.0, latitude: share(&mut dice) * 60.0 };
        let meters = 10f64.powf(1.0 + 2.5 * (1.0 + share(&mut dice)));
        let shape = match dice.below(2) {
            0 => Shape::Circle(meters),
            _ => Shape::Box { width: meters, height: meters * (0.1 + dice.below(20) as f64 / 5.0) },
        };
        let area = Area { center, shape };
        let cells = area.cells();
        for _ in 0..40 {
            let degrees = meters / 50_000.0;
            let place = Place {
                longitude: center.longitude + share(&mut dice) * degrees,
                latitude: center.latitude + share(&mut dice) * degrees,
            };
            if place.is_valid() && place.latitude.abs() < 80.0 && area.reach(place).is_some() {
                let score = place.score();
                let held = cells.iter().filter(|cell| {
                    let (low, high) = cell.scores();
                    (low..high).contains(&score)
                });
                assert_eq!(held.count(), 1, "{area:?} {place:?}");
                found += 1;
            }
        }
    }
    assert!(found > 10_000, "{found} places are in an area");
}

#[test]
fn scores_that_no_place_has_are_read_as_by_redis() {
    let corner = Place { longitude: -179.99999731779099, latitude: -85.05112751263943 };
    let rows = [
        (f64::INFINITY, corner),
        (-1.0, Place { longitude: 180.0, latitude: LATITUDE_MAX }),
        (f64::NEG_INFINITY, Place { longitude: 180.0, latitude: corner.latitude }),
        (9_223_372_036_854_775_808.0, Place { longitude: 180.0, latitude: corner.latitude }),
        (1e300, corner),
    ];
    for (score, place) in rows {
        assert_eq!(Place::of_score(score), place, "{score}");
    }
}
