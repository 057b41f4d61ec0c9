//! engine/hyperloglog/estimate.rs — from registers to a number.

use super::REGISTERS;
use super::element::RUN_BITS;

/// How many registers hold each value. A register has six bits, so a damaged value cannot be
/// beyond.
pub(super) type Histogram = [u32; 64];

const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The estimated number of different elements. Additions, multiplications, divisions and roots
/// only, in Redis's order, so every machine finds the same.
pub(super) fn estimate(histogram: &Histogram) -> u64 {
    let m = REGISTERS as f64;
    let last = RUN_BITS as usize;
    let mut z = m * tau((m - f64::from(histogram[last + 1])) / m);
    for &count in histogram[1..=last].iter().rev() {
        z = (z + f64::from(count)) * 0.5;
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    let found = (ALPHA * m * m / z).round();
    // Only a forged value has no register that tells anything; Redis then finds this.
    if found.is_finite() { found as u64 } else { 1 << 63 }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}
