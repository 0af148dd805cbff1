//! Exponential, hyperbolic tangent and logistic function of whole slices, in `f32` and `f64`.
//!
//! One element is computed without branches, so that the loops vectorise; what an element gives depends on its value
//! alone, not on its place. Coefficients are those of Moshier's Cephes library.
#![allow(clippy::excessive_precision, reason = "a constant with zeros in its last bits is written in full on purpose")]

use super::dispatch::dispatch;

/// The polynomials and constants of one width.
macro_rules! width {
    (
        $module:ident, $float:ident, $bits:ident, $signed:ident, mantissa $mantissa:literal, bias $bias:literal,
        round $round:literal, range $low:literal..$high:literal, ln2 $ln2_high:literal + $ln2_low:literal,
        exp |$r:ident| $exp:expr, tanh |$x:ident, $z:ident| $tanh:expr
    ) => {
        mod $module {
            /// `eˣ`: with n the whole number nearest x/ln 2, `2ⁿ e^(x − n ln 2)`.
            #[inline(always)]
            pub(super) fn exp(x: $float) -> $float {
                // Beyond the range the result is 0 or infinity anyway. Comparisons let a NaN through.
                let x = if x < $low { $low } else { x };
                let x = if x > $high { $high } else { x };
                // Adding 1.5·2^mantissa leaves the rounded quotient in the low bits.
                let shifted = x * std::$float::consts::LOG2_E + $round;
                let quotient = shifted - $round;
                let n = shifted.to_bits().wrapping_sub(($round as $float).to_bits()) as $signed;
                let $r = x - quotient * $ln2_high - quotient * $ln2_low;
                let power: $float = $exp;
                // Two factors: 2ⁿ alone may be too large or too small for a normal number where the result is not.
                let half = n >> 1;
                let two_to = |n: $signed| $float::from_bits((n.wrapping_add($bias) as $bits) << $mantissa);
                power * two_to(half) * two_to(n.wrapping_sub(half))
            }

            /// Near zero a polynomial, elsewhere `1 − 2/(e^(2|x|) + 1)` with the sign of x.
            #[inline(always)]
            pub(super) fn tanh($x: $float) -> $float {
                let $z = $x * $x;
                let near: $float = $tanh;
                let far = (1.0 - 2.0 / (exp($x.abs() + $x.abs()) + 1.0)).copysign($x);
                if $x.abs() < 0.625 { near } else { far }
            }

            /// `1/(1 + e⁻ˣ)`, from `e^(−|x|)`, which cannot overflow.
            #[inline(always)]
            pub(super) fn sigmoid(x: $float) -> $float {
                let e = exp(-x.abs());
                (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
            }
        }
    };
}

width!(
    single, f32, u32, i32, mantissa 23, bias 127, round 12_582_912.0, range -104.0..89.0,
    ln2 0.693_359_375 + -2.121_944_4e-4,
    exp |r| {
        let p = 1.987_569_1e-4;
        let p = p * r + 1.398_199_9e-3;
        let p = p * r + 8.333_452e-3;
        let p = p * r + 4.166_579_6e-2;
        let p = p * r + 1.666_666_5e-1;
        let p = p * r + 0.5;
        p * (r * r) + r + 1.0
    },
    tanh |x, z| {
        let p = -5.704_988_7e-3;
        let p = p * z + 2.063_908_8e-2;
        let p = p * z + -5.373_971_6e-2;
        let p = p * z + 1.333_144_2e-1;
        let p = p * z + -3.333_328e-1;
        x + x * (z * p)
    }
);

width!(
    double, f64, u64, i64, mantissa 52, bias 1023, round 6_755_399_441_055_744.0, range -746.0..710.0,
    ln2 0.693_145_751_953_125 + 1.428_606_820_309_417_2e-6,
    exp |r| {
        let z = r * r;
        let p = r * ((1.261_771_930_748_105_9e-4 * z + 3.029_944_077_074_419_6e-2) * z + 1.0);
        let q = (3.001_985_051_386_644_6e-6 * z + 2.524_483_403_496_841e-3) * z;
        let q = (q + 2.272_655_482_081_550_3e-1) * z + 2.0;
        1.0 + 2.0 * (p / (q - p))
    },
    tanh |x, z| {
        let p = (-9.643_991_794_250_522e-1 * z - 9.928_772_310_019_186e1) * z - 1.614_687_684_417_084_5e3;
        let q = ((z + 1.128_116_784_916_329_3e2) * z + 2.235_488_390_601_004_5e3) * z + 4.844_063_053_251_255e3;
        x + x * (z * (p / q))
    }
);

/// The functions of whole slices.
macro_rules! slices {
    ($($name:ident = $module:ident::$function:ident($float:ident);)*) => {
        $(
            pub(crate) fn $name(input: &[$float], output: &mut [$float]) {
                dispatch(|| {
                    for (y, &x) in output.iter_mut().zip(input) {
                        *y = $module::$function(x);
                    }
                });
            }
        )*
    };
}

slices! {
    exp_f32 = single::exp(f32);
    exp_f64 = double::exp(f64);
    tanh_f32 = single::tanh(f32);
    tanh_f64 = double::tanh(f64);
    sigmoid_f32 = single::sigmoid(f32);
    sigmoid_f64 = double::sigmoid(f64);
}

#[cfg(test)]
mod tests {
    use super::{double, single};

    /// The largest error over a grid, in units of the last place of the reference.
    fn worst(grid: impl Iterator<Item = f64>, ulp: f64, found: fn(f64) -> f64, expected: fn(f64) -> f64) -> f64 {
        grid.map(|x| (found(x) - expected(x)).abs() / (ulp * expected(x).abs())).fold(0.0, f64::max)
    }

    fn grid(low: f64, high: f64) -> impl Iterator<Item = f64> {
        (0..200_000).map(move |k| low + (high - low) * f64::from(k) / 200_000.0).filter(|&x| x != 0.0)
    }

    const SINGLE: f64 = f32::EPSILON as f64;

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        let snap = |low, high| grid(low, high).map(|x| f64::from(x as f32));
        let sigmoid: fn(f64) -> f64 = |x| 1.0 / (1.0 + (-x).exp());
        assert!(worst(snap(-87.0, 88.0), SINGLE, |x| single::exp(x as f32).into(), f64::exp) < 2.0);
        assert!(worst(snap(-10.0, 10.0), SINGLE, |x| single::tanh(x as f32).into(), f64::tanh) < 2.0);
        assert!(worst(snap(-80.0, 30.0), SINGLE, |x| single::sigmoid(x as f32).into(), sigmoid) < 2.5);
        assert!(worst(grid(-700.0, 709.0), f64::EPSILON, double::exp, f64::exp) < 2.0);
        assert!(worst(grid(-20.0, 20.0), f64::EPSILON, double::tanh, f64::tanh) < 2.5);
        assert!(worst(grid(-600.0, 40.0), f64::EPSILON, double::sigmoid, sigmoid) < 4.0);
    }

    #[test]
    fn the_ends_of_the_range_are_those_of_ieee_arithmetic() {
        assert_eq!(single::exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(single::exp(f32::NEG_INFINITY), 0.0);
        assert_eq!((single::exp(-100.0), double::exp(-740.0)), ((-100.0_f32).exp(), (-740.0_f64).exp()));
        assert_eq!((double::exp(1000.0), double::exp(-1000.0)), (f64::INFINITY, 0.0));
        assert!(
            single::exp(f32::NAN).is_nan() && double::tanh(f64::NAN).is_nan() && double::sigmoid(f64::NAN).is_nan()
        );
        assert_eq!((double::tanh(1e300), double::tanh(-1e300), double::tanh(1e-300)), (1.0, -1.0, 1e-300));
        assert_eq!((single::sigmoid(f32::MAX), single::sigmoid(f32::MIN)), (1.0, 0.0));
    }
}
