//! engine/geo/cell.rs — places as numbers: the globe is halved by turns from west to east and
//! from south to north, and each half gives a bit.
//!
//! A [`Cell`] of `depth` halvings each way has two bits for each; the deepest has 52, which a
//! double holds exactly, so that it can be a score. The bits of the latitude are the even ones. All
//! cells within a cell are a range of scores. The arithmetic is Redis's to the last bit, also where
//! a place lies on the eastern or northern edge and its number has a bit too many.
//!
//! Source: `geohash.c` of Redis; G. Niemeyer's geohash for the eleven letters.

/// The greatest longitude.
pub const LONGITUDE_MAX: f64 = 180.0;

/// The greatest latitude: that of the square web map, EPSG:3857.
pub const LATITUDE_MAX: f64 = 85.05112878;

/// The depth of a score.
pub const DEPTH_MAX: u32 = 26;

/// A place, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// East is positive.
    pub longitude: f64,
    /// North is positive.
    pub latitude: f64,
}

impl Place {
    /// Whether a place can be kept.
    pub fn is_valid(self) -> bool {
        self.longitude.abs() <= LONGITUDE_MAX && self.latitude.abs() <= LATITUDE_MAX
    }

    /// The score that stands for the place.
    pub fn score(self) -> f64 {
        Cell::around(self, DEPTH_MAX).bits as f64
    }

    /// The middle of the deepest cell that a score stands for; scores that no place has count as
    /// what their bits happen to be.
    pub fn of_score(score: f64) -> Place {
        let bounds = Cell { bits: bits_of(score), depth: DEPTH_MAX }.bounds();
        let longitude = (bounds.west + bounds.east) / 2.0;
        let latitude = (bounds.south + bounds.north) / 2.0;
        Place {
            longitude: longitude.clamp(-LONGITUDE_MAX, LONGITUDE_MAX),
            latitude: latitude.clamp(-LATITUDE_MAX, LATITUDE_MAX),
        }
    }

    /// The usual geohash of eleven letters, whose latitudes reach to the poles. The last letter
    /// would need three bits that are not there and is a nought.
    pub fn letters(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = encode(self, 90.0, DEPTH_MAX);
        let mut letters = [b'0'; 11];
        for (at, letter) in letters.iter_mut().take(10).enumerate() {
            *letter = ALPHABET[(bits >> (52 - 5 * (at + 1)) & 0x1F) as usize];
        }
        letters
    }
}

/// A score's bits, as x86 casts a double to an unsigned integer.
fn bits_of(score: f64) -> u64 {
    const TOP: f64 = 9_223_372_036_854_775_808.0;
    // What does not fit gives this.
    const INDEFINITE: u64 = 1 << 63;
    let cast = |number: f64| {
        if (-TOP..TOP).contains(&number) { number as i64 as u64 } else { INDEFINITE }
    };
    if score >= TOP { cast(score - TOP) ^ INDEFINITE } else { cast(score) }
}

/// A rectangle of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    bits: u64,
    depth: u32,
}

/// The edges of a rectangle, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least longitude.
    pub west: f64,
    /// The greatest longitude.
    pub east: f64,
    /// The least latitude.
    pub south: f64,
    /// The greatest latitude.
    pub north: f64,
}

/// The bits of longitudes.
const EASTERLY: u64 = 0xAAAA_AAAA_AAAA_AAAA;

/// The bits of latitudes.
const NORTHERLY: u64 = 0x5555_5555_5555_5555;

impl Cell {
    /// The cell that a place is in.
    pub fn around(place: Place, depth: u32) -> Cell {
        Cell { bits: encode(place, LATITUDE_MAX, depth), depth }
    }

    /// Its edges.
    pub fn bounds(self) -> Bounds {
        let edges = |bits: u64, max: f64| {
            let index = gather(bits);
            let cells = (1u64 << self.depth) as f64;
            let edge = |index: u32| -max + f64::from(index) / cells * (max + max);
            (edge(index), edge(index.wrapping_add(1)))
        };
        let (south, north) = edges(self.bits, LATITUDE_MAX);
        let (west, east) = edges(self.bits >> 1, LONGITUDE_MAX);
        Bounds { west, east, south, north }
    }

    /// The neighbour so many cells to the east and to the north, each -1, 0 or 1. The map ends
    /// nowhere: what leaves it on one side comes in on the other.
    pub fn neighbour(self, east: i32, north: i32) -> Cell {
        let unused = 64 - 2 * self.depth;
        let moved = |own: u64, other: u64, by: i32| {
            let bits = self.bits & own;
            // All bits of the other sort, so that a carry runs through them.
            let filler = other >> unused;
            let moved = match by {
                0 => return bits,
                1.. => bits.wrapping_add(filler + 1),
                _ => (bits | filler).wrapping_sub(filler + 1),
            };
            moved & own >> unused
        };
        let bits = moved(EASTERLY, NORTHERLY, east) | moved(NORTHERLY, EASTERLY, north);
        Cell { bits, depth: self.depth }
    }

    /// The least score within, and the least behind.
    pub fn scores(self) -> (f64, f64) {
        let below = 52 - 2 * self.depth;
        ((self.bits << below) as f64, ((self.bits + 1) << below) as f64)
    }
}

/// The bits of a place on a map whose latitudes reach so far.
fn encode(place: Place, latitude_max: f64, depth: u32) -> u64 {
    let index = |degrees: f64, max: f64| {
        let share = (degrees + max) / (max + max);
        (share * (1u64 << depth) as f64) as u32
    };
    let latitude = index(place.latitude, latitude_max);
    let longitude = index(place.longitude, LONGITUDE_MAX);
    spread(latitude) | spread(longitude) << 1
}

/// Masks and shifts that make room between bits, or take it away again.
const STEPS: [(u32, u64); 5] = [
    (16, 0x0000_FFFF_0000_FFFF),
    (8, 0x00FF_00FF_00FF_00FF),
    (4, 0x0F0F_0F0F_0F0F_0F0F),
    (2, 0x3333_3333_3333_3333),
    (1, NORTHERLY),
];

/// Puts a bit of room before each bit.
fn spread(bits: u32) -> u64 {
    STEPS.iter().fold(u64::from(bits), |bits, (shift, mask)| (bits | bits << shift) & mask)
}

/// Every second bit, from the lowest on.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & NORTHERLY;
    for at in (0..STEPS.len()).rev() {
        let mask = if at == 0 { u64::MAX } else { STEPS[at - 1].1 };
        bits = (bits | bits >> STEPS[at].0) & mask;
    }
    bits as u32
}
