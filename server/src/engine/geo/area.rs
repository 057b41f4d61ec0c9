//! engine/geo/area.rs — a circle or a box around a place: the cells that cover it, what is in it.
//!
//! The depth of the cells is chosen so that the one in the middle and its eight neighbours cover
//! the area. The order of the cells is Redis's, and so is that of what is found; whatever the cells
//! have too much is measured away. Distances are great circles on a ball.
//!
//! Source: `geohash_helper.c` of Redis 7.0. Knows no sorted set.

use smallvec::SmallVec;

use super::angle;
use super::cell::{Bounds, Cell, DEPTH_MAX, Place};

/// The radius of the earth as Redis has it.
const EARTH_RADIUS_METERS: f64 = 6_372_797.560856;

/// Half the width of the square web map.
const MERCATOR_MAX_METERS: f64 = 20_037_726.37;

const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// The sine, the cosine and the arcsine that a distance is computed with.
struct Functions {
    sine: fn(f64) -> f64,
    cosine: fn(f64) -> f64,
    arcsine: fn(f64) -> f64,
}

/// For replies of four decimals. Ten times as quick as the others.
const QUICK: Functions = Functions {
    sine: libm::sin,
    cosine: libm::cos,
    // More than 1 comes only from rounding.
    arcsine: |sine| libm::asin(sine.min(1.0)),
};

/// For distances that are stored, whose last bit shows.
const EXACT: Functions =
    Functions { sine: angle::sine, cosine: angle::cosine, arcsine: angle::arcsine };

/// The meters between two places, good for four decimals.
pub fn distance(from: Place, to: Place) -> f64 {
    measure(from, to, &QUICK)
}

/// The meters between two places, to the last bit.
pub fn exact_distance(from: Place, to: Place) -> f64 {
    measure(from, to, &EXACT)
}

#[inline]
fn measure(from: Place, to: Place, with: &Functions) -> f64 {
    let (from_latitude, to_latitude) = (from.latitude * RADIANS, to.latitude * RADIANS);
    let u = (with.sine)((to_latitude - from_latitude) / 2.0);
    let v = (with.sine)((to.longitude * RADIANS - from.longitude * RADIANS) / 2.0);
    let haversine = u * u + (with.cosine)(from_latitude) * (with.cosine)(to_latitude) * v * v;
    2.0 * EARTH_RADIUS_METERS * (with.arcsine)(haversine.sqrt())
}

/// The form of an area; lengths in meters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// All that is at most so far.
    Circle(f64),
    /// All that is at most half the width to the east or west and half the height to the north or
    /// south.
    Box { width: f64, height: f64 },
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Its middle.
    pub center: Place,
    /// Its form.
    pub shape: Shape,
}

impl Area {
    /// How far a place is from the middle, if it belongs to the area.
    pub fn reach(&self, place: Place) -> Option<f64> {
        if let Shape::Box { width, height } = self.shape {
            let west = Place { longitude: self.center.longitude, ..place };
            let south = Place { latitude: self.center.latitude, ..place };
            let too_far = |from, most: f64| distance(place, from) > most / 2.0;
            if too_far(west, width) || too_far(south, height) {
                return None;
            }
        }
        let distance = distance(self.center, place);
        match self.shape {
            Shape::Circle(radius) if distance > radius => None,
            Shape::Circle(_) | Shape::Box { .. } => Some(distance),
        }
    }

    /// The cells that cover the area, each once, in the order in which they are searched.
    pub fn cells(&self) -> SmallVec<[Cell; 9]> {
        let bounds = self.bounds();
        let mut depth = self.depth();
        let mut middle = Cell::around(self.center, depth);
        if depth > 1 && !is_covered(middle, &bounds) {
            depth -= 1;
            middle = Cell::around(self.center, depth);
        }
        let own = middle.bounds();
        // What the middle cell has by itself needs no neighbour. At depth 1 all cells are
        // neighbours on both sides.
        let needs = |east: i32, north: i32| {
            depth < 2
                || !(north < 0 && own.south < bounds.south
                    || north > 0 && own.north > bounds.north
                    || east < 0 && own.west < bounds.west
                    || east > 0 && own.east > bounds.east)
        };
        const AROUND: [(i32, i32); 8] =
            [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut cells = SmallVec::new();
        cells.push(middle);
        for (east, north) in AROUND.into_iter().filter(|&(east, north)| needs(east, north)) {
            let cell = middle.neighbour(east, north);
            // Cells of a fourth of the map meet themselves around it.
            if cells.len() == 1 || cells.last() != Some(&cell) {
                cells.push(cell);
            }
        }
        cells
    }

    /// The rectangle around the area. It bends with the latitude; taken is the edge that is wider
    /// in degrees.
    fn bounds(&self) -> Bounds {
        let Place { longitude, latitude } = self.center;
        let (width, height) = match self.shape {
            Shape::Circle(radius) => (radius, radius),
            Shape::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let north = height / EARTH_RADIUS_METERS / RADIANS;
        let edge = if latitude < 0.0 { latitude - north } else { latitude + north };
        let east = width / EARTH_RADIUS_METERS / libm::cos(edge * RADIANS) / RADIANS;
        Bounds {
            west: longitude - east,
            east: longitude + east,
            south: latitude - north,
            north: latitude + north,
        }
    }

    /// The depth of cells of about the area's size: less near the poles, where they are narrow.
    fn depth(&self) -> u32 {
        let mut meters = match self.shape {
            Shape::Circle(radius) => radius,
            Shape::Box { width, height } => {
                (width / 2.0 * (width / 2.0) + height / 2.0 * (height / 2.0)).sqrt()
            }
        };
        if meters == 0.0 {
            return DEPTH_MAX;
        }
        let mut depth: i32 = 1;
        while meters < MERCATOR_MAX_METERS {
            meters *= 2.0;
            depth += 1;
        }
        // So that the area is within the neighbours in most cases.
        depth -= 2;
        let latitude = self.center.latitude.abs();
        depth -= i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
        depth.clamp(1, DEPTH_MAX as i32) as u32
    }
}

/// Whether a cell's neighbours reach as far as `bounds`.
fn is_covered(middle: Cell, bounds: &Bounds) -> bool {
    let north = middle.neighbour(0, 1).bounds().north;
    let south = middle.neighbour(0, -1).bounds().south;
    let east = middle.neighbour(1, 0).bounds().east;
    let west = middle.neighbour(-1, 0).bounds().west;
    !(north < bounds.north || south > bounds.south || east < bounds.east || west > bounds.west)
}
