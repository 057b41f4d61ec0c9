//! engine/geo/angle.rs — sine, cosine and arcsine, equal to the last bit on every machine.
//!
//! A distance can become a score (STOREDIST) and so part of the state, which must not depend on the
//! C library of a machine. The `libm` crate alone would do for that, but it errs by a whole unit in
//! the last place often enough that 11.6 % of all distances differ from glibc's, hence Redis's. So
//! the functions are computed with about 70 bits and rounded once. That leaves 0.27 %, where glibc
//! rounds the other way (both measured over 5 million pairs of places).
//!
//! A number of twice the precision is a sum of two doubles that do not overlap (T. J. Dekker, "A
//! floating-point technique for extending the available precision", 1971). Knows no map.

use std::f64::consts::FRAC_PI_2;

/// An unevaluated sum, the larger part first.
#[derive(Clone, Copy)]
struct Twofold(f64, f64);

impl Twofold {
    /// The sum of two numbers of which the first is not the smaller.
    #[inline]
    fn of_ordered(a: f64, b: f64) -> Twofold {
        let sum = a + b;
        Twofold(sum, b - (sum - a))
    }

    #[inline]
    fn sum(a: f64, b: f64) -> Twofold {
        let sum = a + b;
        let from_b = sum - a;
        Twofold(sum, (a - (sum - from_b)) + (b - from_b))
    }

    #[inline]
    fn product(a: f64, b: f64) -> Twofold {
        let product = a * b;
        let ((a1, a2), (b1, b2)) = (split(a), split(b));
        Twofold(product, a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2))
    }

    #[inline]
    fn plus(self, other: Twofold) -> Twofold {
        let Twofold(high, low) = Twofold::sum(self.0, other.0);
        Twofold::of_ordered(high, low + (self.1 + other.1))
    }

    #[inline]
    fn times(self, other: Twofold) -> Twofold {
        let Twofold(high, low) = Twofold::product(self.0, other.0);
        Twofold::of_ordered(high, low + (self.0 * other.1 + self.1 * other.0))
    }

    #[inline]
    fn negated(self) -> Twofold {
        Twofold(-self.0, -self.1)
    }

    #[inline]
    fn rounded(self) -> f64 {
        self.0 + self.1
    }
}

/// Two halves of 26 bits each.
#[inline]
fn split(number: f64) -> (f64, f64) {
    let shifted = 134_217_729.0 * number;
    let high = shifted - (shifted - number);
    (high, number - high)
}

/// The sines of the multiples of pi / 32 up to pi / 2.
const SINES: [Twofold; 17] = [
    Twofold(0.0, 0.0),
    Twofold(0.0980171403295606, -1.634582362244256e-18),
    Twofold(0.19509032201612828, -7.991079068461731e-18),
    Twofold(0.2902846772544624, -1.892797870777425e-17),
    Twofold(0.3826834323650898, -1.0050772696461588e-17),
    Twofold(0.47139673682599764, 6.516678136069013e-18),
    Twofold(0.5555702330196022, 4.709410940561677e-17),
    Twofold(0.6343932841636455, 1.0420901929280035e-17),
    Twofold(std::f64::consts::FRAC_1_SQRT_2, -4.833646656726457e-17),
    Twofold(0.773010453362737, -3.256590703364977e-17),
    Twofold(0.8314696123025452, 1.4073856984728024e-18),
    Twofold(0.881921264348355, -1.9843248405890562e-17),
    Twofold(0.9238795325112867, 1.7645047084336677e-17),
    Twofold(0.9569403357322088, 4.05538698618757e-17),
    Twofold(0.9807852804032304, 1.8546939997825006e-17),
    Twofold(0.9951847266721969, -4.248691367830441e-17),
    Twofold(1.0, 0.0),
];

/// pi / 32 in three parts; the first two are short enough that forty times each is exact.
const STEP: [f64; 3] = [0.09817477042088285, 3.798187816439979e-12, 1.2639164054974691e-22];

/// The sine and the cosine of an angle of at most pi either way.
#[inline]
fn sine_and_cosine(angle: f64) -> (Twofold, Twofold) {
    let steps = (angle / STEP[0]).round();
    let rest = Twofold::sum(angle - steps * STEP[0], -(steps * STEP[1]));
    let rest = Twofold::of_ordered(rest.0, rest.1 - steps * STEP[2]);
    // The series of both functions, whose first terms need the precision and whose last do not.
    let square = rest.times(rest);
    let s = square.0;
    let tail = s * (1.0 / 120.0 - s * (1.0 / 5040.0 - s * (1.0 / 362_880.0 - s / 39_916_800.0)));
    let sixth = Twofold(-1.0 / 6.0, -9.25185853854297e-18);
    let sine = square.times(sixth.plus(Twofold(tail, 0.0))).times(rest).plus(rest);
    let tail = s * (1.0 / 24.0 - s * (1.0 / 720.0 - s * (1.0 / 40_320.0 - s / 3_628_800.0)));
    let cosine = square.times(Twofold::of_ordered(-0.5, tail)).plus(Twofold(1.0, 0.0));
    if steps == 0.0 {
        return (sine, cosine);
    }
    let (step_sine, step_cosine) = (table(steps), table(steps + 16.0));
    (
        step_sine.times(cosine).plus(step_cosine.times(sine)),
        step_cosine.times(cosine).plus(step_sine.times(sine).negated()),
    )
}

/// The sine of a multiple of pi / 32.
#[inline]
fn table(steps: f64) -> Twofold {
    let steps = (steps as i32).rem_euclid(64) as usize;
    let (half, within) = (steps / 32, steps % 32);
    let sine = SINES[if within > 16 { 32 - within } else { within }];
    if half == 0 { sine } else { sine.negated() }
}

/// The sine of an angle of at most pi either way.
pub fn sine(angle: f64) -> f64 {
    sine_and_cosine(angle).0.rounded()
}

/// The cosine of an angle of at most pi either way.
pub fn cosine(angle: f64) -> f64 {
    sine_and_cosine(angle).1.rounded()
}

/// The angle whose sine this is; of more than 1, which only rounding brings about, as of 1.
pub fn arcsine(sine: f64) -> f64 {
    if sine >= 1.0 {
        return FRAC_PI_2;
    }
    // One step of Newton's from what is right to some fifty bits.
    let near = libm::asin(sine);
    let (its_sine, its_cosine) = sine_and_cosine(near);
    let missing = its_sine.negated().plus(Twofold(sine, 0.0)).rounded();
    near + missing / its_cosine.rounded()
}
