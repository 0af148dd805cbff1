//! Sine and cosine.
//!
//! They are polynomials in what is left of the argument after multiples of π or π/2, subtracted in parts (Cody and Waite 1980).
//! That is exact enough up to [`MODERATE`]. Larger arguments take hundreds of digits of π and are left to `libm`: a branch, which
//! would keep a loop from vectorizing, so that [`for_each_element`](crate::kernel::for_each_element) tells the compiler where a
//! block of arguments has no large one.

use crate::scalar::Real;

/// The size up to which arguments are reduced without a branch: below 2¹⁹ π/2, so that the product of a multiple with 33 bits is
/// exact, and has a bit to spare.
const MODERATE: f64 = 524_288.0;

/// The leading 33 bits of π/2, the next 33, the next 33, and the rest.
const HALF_PI: [f64; 4] =
    [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_711_166_5e-21, 8.478_427_660_368_9e-32];

/// Added to a number of moderate size, leaves it rounded to a whole one in the low bits.
const ROUND: f64 = (3_u64 << 51) as f64;

/// Whether sine and cosine of `x` take no branch. Comparing with NaN is false, so it passes.
#[inline(always)]
pub(in crate::kernel) fn is_moderate<T: Real>(x: T) -> bool {
    let large = x.abs() > T::from_f64(MODERATE);
    !large
}

/// The whole number nearest `x`, and the bits that end in it.
#[inline(always)]
fn nearest(x: f64) -> (f64, u64) {
    let shifted = x + ROUND;
    (shifted - ROUND, shifted.to_bits())
}

/// Computed in `f64`, whose digits make up for what the reduction cancels.
pub(super) mod single {
    use std::f64::consts::FRAC_1_PI;

    use super::{HALF_PI, is_moderate, nearest};

    /// `(−1)ⁿ sin (x − turns π)`, where the bits of `n` end in n, for a difference of up to π/2 in size.
    #[inline(always)]
    fn sine_after(x: f64, turns: f64, n: u64) -> f32 {
        let r = (x - turns * (2.0 * HALF_PI[0])) - turns * (2.0 * (HALF_PI[1] + HALF_PI[2]));
        let z = r * r;
        // Minimax in the relative error.
        let sine = r * horner!(
            z,
            [
                0.999_999_994_686_232_7,
                -0.166_666_566_841_378_43,
                0.008_333_025_140_741_246,
                -0.000_198_074_188_092_427_63,
                2.601_903_184_250_927e-6
            ]
        );
        f64::from_bits(sine.to_bits() ^ n << 63) as f32
    }

    /// Sine of an angle in radians.
    #[inline(always)]
    pub(crate) fn sin(x: f32) -> f32 {
        let angle = f64::from(x);
        if !is_moderate(x) {
            return libm::sin(angle) as f32;
        }
        let (n, bits) = nearest(angle * FRAC_1_PI);
        sine_after(angle, n, bits)
    }

    /// Cosine of an angle in radians: `(−1)ⁿ sin (x − (n − ½) π)`.
    #[inline(always)]
    pub(crate) fn cos(x: f32) -> f32 {
        let angle = f64::from(x);
        if !is_moderate(x) {
            return libm::cos(angle) as f32;
        }
        let (n, bits) = nearest(angle * FRAC_1_PI + 0.5);
        sine_after(angle, n - 0.5, bits)
    }
}

/// In two polynomials, each up to π/4, of which rounding takes no value beyond 1.
pub(super) mod double {
    use std::f64::consts::FRAC_2_PI;

    use super::{HALF_PI, is_moderate, nearest};

    /// `x − n π/2`, as a number and a correction to subtract from it.
    #[inline(always)]
    fn reduce(x: f64, n: f64) -> [f64; 2] {
        // The products are exact, and so is the first difference.
        let first = x - n * HALF_PI[0];
        // The others are exact too, or else smaller than what they are subtracted from, so that what rounding takes off is as well.
        let product = n * HALF_PI[1];
        let second = first - product;
        let lost = product - (first - second);
        let product = n * HALF_PI[2];
        let third = second - product;
        let low = n * HALF_PI[3] + (lost + (product - (second - third)));
        let r = third - low;
        [r, low - (third - r)]
    }

    /// The sine of a moderate x if `lead` is 0, the cosine if it is 1.
    #[inline(always)]
    fn quarter_turns_ahead(x: f64, lead: u64) -> f64 {
        let (n, bits) = nearest(x * FRAC_2_PI);
        let [r, low] = reduce(x, n);
        let z = r * r;
        // sin (r − low) ≈ sin r − low (1 − r²/2), of which r is the largest part.
        let cube = r * horner!(
            z,
            [
                -0.166_666_666_666_666_32,
                0.008_333_333_333_322_413,
                -0.000_198_412_698_298_077_75,
                2.755_731_369_191_489_5e-6,
                -2.505_075_811_561_095e-8,
                1.589_679_570_906_906_3e-10
            ]
        );
        let sine = r - (low - z * (cube + 0.5 * low));
        // cos (r − low) ≈ cos r + r low. What rounding takes off 1 − r²/2 is added to the smaller parts.
        let half = 0.5 * z;
        let most = 1.0 - half;
        let fourth = z * horner!(
            z,
            [
                0.041_666_666_666_666_6,
                -0.001_388_888_888_887_412_5,
                2.480_158_728_948_234e-5,
                -2.755_731_435_237_199e-7,
                2.087_572_327_810_834_6e-9,
                -1.135_964_804_109_623_6e-11
            ]
        );
        let cosine = most + (((1.0 - most) - half) + (z * fourth + r * low));
        let quarter = bits.wrapping_add(lead);
        let size = if quarter & 1 == 0 { sine } else { cosine };
        f64::from_bits(size.to_bits() ^ (quarter & 2) << 62)
    }

    /// Sine of an angle in radians.
    #[inline(always)]
    pub(crate) fn sin(x: f64) -> f64 {
        if is_moderate(x) { quarter_turns_ahead(x, 0) } else { libm::sin(x) }
    }

    /// Cosine of an angle in radians.
    #[inline(always)]
    pub(crate) fn cos(x: f64) -> f64 {
        if is_moderate(x) { quarter_turns_ahead(x, 1) } else { libm::cos(x) }
    }
}
