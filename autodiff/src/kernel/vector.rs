//! Exponential, hyperbolic tangent and logistic function of whole slices, in `f32` and `f64`.
//!
//! Each is written for one element and without branches, so that a loop over it vectorizes. The result for an element
//! depends only on its value: not on its position, its neighbors or the instruction set. The exponentials rest on
//! `eʳ = (q + r)/(q − r)` with `q = r coth(r/2)`: q is even in r, so a few terms in r² suffice. Errors, in units in
//! the last place (`f32` over all its values, `f64` over random ones): exp 1.4, tanh 1.8, sigmoid 2.5.

use super::dispatch::dispatch;

/// `c₀ + x (c₁ + x (c₂ + …))`, written out: a loop over coefficients could keep the loop over elements from vectorizing.
macro_rules! horner {
    ($x:ident, [$c:literal]) => { $c };
    ($x:ident, [$c:literal, $($rest:literal),+]) => { $c + $x * horner!($x, [$($rest),+]) };
}

/// The functions of one element, for one width.
///
/// The coefficients are minimax: of `(r coth(r/2) − 2)/r²` in r², `near` up to r = ½ ln 2 and `far` up to r = ln 2.
macro_rules! width {
    (
        $module:ident: $float:ident as $bits:ident with $mantissa:literal mantissa bits and bias $bias:literal,
        exp from $exp_low:literal to $exp_high:literal, tanh to $tanh_high:literal, ln2 ends in $ln2_low:literal,
        near $near:tt, far $far:tt
    ) => {
        pub(crate) mod $module {
            use std::$float::consts::LOG2_E;

            /// Added to a number of moderate size, leaves it rounded to a whole one, plus 2·bias, in the low bits.
            const ROUND: $float = (3_u64 << ($mantissa - 1)) as $float + 2.0 * $bias as $float;
            /// The leading 15 bits of ln 2, few enough that the product with any exponent is exact.
            const LN2_HIGH: $float = 22_713.0 / 32_768.0;

            /// Splits `x = n ln 2 + r` with n the whole number nearest `x/ln 2 − lag`: the bits that end in n + 2·bias,
            /// and r.
            #[inline(always)]
            fn reduce(x: $float, lag: $float) -> ($bits, $float) {
                let shifted = (x * LOG2_E - lag) + ROUND;
                let n = shifted - ROUND;
                (shifted.to_bits(), (x - n * LN2_HIGH) - n * $ln2_low)
            }

            /// The power of two with this biased exponent; what stands above the exponent is shifted out.
            #[inline(always)]
            fn two_to(biased: $bits) -> $float {
                $float::from_bits(biased << $mantissa)
            }

            /// `2ⁿ x` in two steps, because 2ⁿ alone may overflow or vanish where the product does not.
            #[inline(always)]
            fn scale(x: $float, n: $bits) -> $float {
                let half = n >> 1;
                x * two_to(half) * two_to(n - half)
            }

            /// `eˣ`.
            #[inline(always)]
            pub(crate) fn exp(x: $float) -> $float {
                // Beyond these bounds the result is 0 or infinity anyway. Comparing with NaN is false, so it passes.
                let x = if x < $exp_low { $exp_low } else { x };
                let x = if x > $exp_high { $exp_high } else { x };
                let (n, r) = reduce(x, 0.0);
                let z = r * r;
                let q = 2.0 + z * horner!(z, $near);
                // (q + r)/(q − r) with the rounding errors scaled down by r.
                scale(1.0 + (r + r) / (q - r), n)
            }

            /// `1/(1 + e⁻ˣ)`, from `e^(−|x|)`, which does not overflow.
            #[inline(always)]
            pub(crate) fn sigmoid(x: $float) -> $float {
                let y = -x.abs();
                let y = if y < $exp_low { $exp_low } else { y };
                let (n, r) = reduce(y, 0.0);
                let z = r * r;
                // e^y = above/below, so that one division does for both quotients. Building one upon the rounded other
                // makes that rounding an error in q, common to both, where it hardly counts.
                let below = (2.0 + z * horner!(z, $near)) - r;
                let above = scale(below + (r + r), n);
                (if x < 0.0 { above } else { below }) / (below + above)
            }

            /// `tanh |x| = (e^(2|x|) − 1)/(e^(2|x|) + 1)`, both sides multiplied by ½(q − r).
            #[inline(always)]
            pub(crate) fn tanh(x: $float) -> $float {
                let double = x.abs() + x.abs();
                let double = if double > $tanh_high { $tanh_high } else { double };
                // Rounding n down makes r ≥ 0: nothing cancels, and near zero the quotient is just r/q.
                let (n, r) = reduce(double, 0.5);
                let z = r * r;
                let q = 2.0 + z * horner!(z, $far);
                let half = two_to(n - ($bias + 1));
                let above = (half - 0.5) * q + (half + 0.5) * r;
                // Reusing the numerator lets its error cancel where the result is close to 1.
                (above / (above + (q - r))).copysign(x)
            }
        }
    };
}

width! {
    single: f32 as u32 with 23 mantissa bits and bias 127,
    exp from -105.0 to 89.0, tanh to 20.0, ln2 ends in 1.428_606_8e-6,
    near [0.166_666_25, -0.002_766_712_8],
    far [0.166_666_63, -0.002_777_305_7, 6.453_863e-5]
}

width! {
    double: f64 as u64 with 52 mantissa bits and bias 1023,
    exp from -747.0 to 710.0, tanh to 40.0, ln2 ends in 1.428_606_820_309_417_2e-6,
    near [
        0.166_666_666_666_666_02, -0.002_777_777_777_701_245_4, 6.613_756_320_416_78e-5, -1.653_390_097_048_625_3e-6,
        4.138_087_185_222_11e-8
    ],
    far [
        0.166_666_666_666_664_02, -0.002_777_777_777_670_793_6, 6.613_756_469_681_534e-5, -1.653_430_226_448_431_6e-6,
        4.172_550_383_327_3e-8, -1.013_421_291_410_001_7e-9
    ]
}

/// The functions of whole slices, over as many elements as both slices have.
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
    sigmoid_f32 = single::sigmoid(f32);
    sigmoid_f64 = double::sigmoid(f64);
    tanh_f32 = single::tanh(f32);
    tanh_f64 = double::tanh(f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: u32 = if cfg!(miri) { 200 } else { 200_000 };

    /// The largest error over a grid, in units in the last place of the expected value.
    macro_rules! worst {
        ($module:ident::$function:ident($float:ident), $low:literal..$high:literal, $expected:expr) => {
            (0..=STEPS).fold(0.0, |worst: f64, k| {
                let x = ($low + ($high - $low) * f64::from(k) / f64::from(STEPS)) as $float;
                let expected: f64 = $expected(x.into());
                let size = expected.abs() as $float;
                let error = f64::from($module::$function(x)) - expected;
                worst.max(error.abs() / f64::from(size.next_up() - size))
            })
        };
    }

    fn sigmoid(x: f64) -> f64 {
        let e = (-x.abs()).exp();
        (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
    }

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        assert!(worst!(single::exp(f32), -104.0..88.7, f64::exp) < 1.5);
        assert!(worst!(single::tanh(f32), -10.0..10.0, f64::tanh) < 2.0);
        assert!(worst!(single::sigmoid(f32), -104.0..30.0, sigmoid) < 2.5);
        // The references of `f64` have errors themselves: up to 2 in tanh and sigmoid.
        assert!(worst!(double::exp(f64), -745.0..709.7, f64::exp) < 2.0);
        assert!(worst!(double::tanh(f64), -20.0..20.0, f64::tanh) < 4.0);
        assert!(worst!(double::sigmoid(f64), -745.0..40.0, sigmoid) < 4.5);
    }

    /// Both widths at the ends of their range, zeros, denormal numbers and NaN.
    macro_rules! ends {
        ($module:ident, $float:ident) => {{
            use $module::{exp, sigmoid, tanh};
            const INFINITY: $float = $float::INFINITY;
            assert_eq!([exp(-INFINITY), exp(0.0), exp(INFINITY), exp($float::MAX)], [0.0, 1.0, INFINITY, INFINITY]);
            assert_eq!([sigmoid(-INFINITY), sigmoid(-0.0), sigmoid(INFINITY)], [0.0, 0.5, 1.0]);
            let tiny = $float::from_bits(1);
            assert_eq!([tanh(-INFINITY), tanh(tiny), tanh(INFINITY)], [-1.0, tiny, 1.0]);
            assert!(tanh(-0.0).is_sign_negative());
            assert!([exp, sigmoid, tanh].iter().all(|function| function($float::NAN).is_nan()));
        }};
    }

    #[test]
    fn the_ends_of_the_range_are_those_of_ieee_arithmetic() {
        ends!(single, f32);
        ends!(double, f64);
    }

    #[test]
    fn a_result_does_not_depend_on_its_position() {
        let input: Vec<f32> = (0..101).map(|k| 0.37 * k as f32 - 15.0).collect();
        for length in (0..input.len()).step_by(if cfg!(miri) { 25 } else { 1 }) {
            let mut output = vec![0.0; length];
            tanh_f32(&input, &mut output);
            assert!(output.iter().zip(&input).all(|(y, &x)| y.to_bits() == single::tanh(x).to_bits()));
        }
    }
}
