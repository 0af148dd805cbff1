//! Exponentials, and what is made of them: hyperbolic tangent, logistic function, quotients for the error function.
//!
//! They rest on `eʳ = (q + r)/(q − r)` with `q = r coth(r/2)`: q is even in r, so a few terms in r² suffice.

/// The functions of one element, for one width.
///
/// The coefficients are minimax: of `(r coth(r/2) − 2)/r²` in r², `near` up to r = ½ ln 2 and `far` up to r = ln 2.
macro_rules! width {
    (
        $module:ident: $float:ident as $bits:ident with $mantissa:literal mantissa bits and bias $bias:literal,
        exp from $exp_low:literal to $exp_high:literal, tanh to $tanh_high:literal, ln2 ends in $ln2_low:literal,
        near $near:tt, far $far:tt
    ) => {
        pub(super) mod $module {
            use std::$float::consts::LOG2_E;

            /// Added to a number of moderate size, leaves it rounded to a whole one, plus 2·bias, in the low bits.
            const ROUND: $float = (3_u64 << ($mantissa - 1)) as $float + 2.0 * $bias as $float;
            /// The leading 15 bits of ln 2, few enough that the product with any exponent is exact.
            pub(in crate::kernel::vector) const LN2_HIGH: $float = 22_713.0 / 32_768.0;
            /// The rest of ln 2.
            pub(in crate::kernel::vector) const LN2_LOW: $float = $ln2_low;

            /// Splits `exact = n ln 2 + r`, with n the whole number nearest `x/ln 2 − lag`: the bits that end in n + 2·bias,
            /// and r. All digits of `exact` count, those of `x` hardly.
            #[inline(always)]
            fn reduce(x: $float, exact: $float, lag: $float) -> ($bits, $float) {
                let shifted = (x * LOG2_E - lag) + ROUND;
                let n = shifted - ROUND;
                (shifted.to_bits(), (exact - n * LN2_HIGH) - n * LN2_LOW)
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
                let (n, r) = reduce(x, x, 0.0);
                let z = r * r;
                let q = 2.0 + z * horner!(z, $near);
                // (q + r)/(q − r) with the rounding errors scaled down by r.
                scale(1.0 + (r + r) / (q - r), n)
            }

            /// `eˣ − 1`, from `e^r − 1 = 2r/(q − r)`.
            #[inline(always)]
            pub(crate) fn exp_m1(x: $float) -> $float {
                let y = if x < -$tanh_high { -$tanh_high } else { x };
                let y = if y > $exp_high { $exp_high } else { y };
                let (n, r) = reduce(y, y, 0.0);
                let z = r * r;
                let q = 2.0 + z * horner!(z, $near);
                // Half of 2ⁿ, which does not overflow.
                let half = two_to(n - ($bias + 1));
                let sum = half * ((r + r) / (q - r)) + (half - 0.5);
                // Halving would lose digits of a denormal result.
                if x.abs() < $float::EPSILON { x } else { sum + sum }
            }

            /// `1/(1 + e⁻ˣ)`, from `e^(−|x|)`, which does not overflow.
            #[inline(always)]
            pub(crate) fn sigmoid(x: $float) -> $float {
                let y = -x.abs();
                let y = if y < $exp_low { $exp_low } else { y };
                let (n, r) = reduce(y, y, 0.0);
                let z = r * r;
                // e^y = above/below, so that one division does for both quotients. Building one upon the rounded other
                // makes that rounding an error in q, common to both, where it hardly counts.
                let below = (2.0 + z * horner!(z, $near)) - r;
                let above = scale(below + (r + r), n);
                (if x < 0.0 { above } else { below }) / (below + above)
            }

            /// `(most + rest) · e^(high + low) / divisor`, of which `x` is the rounded exponent, at most 0.
            #[inline(always)]
            pub(in crate::kernel::vector) fn exp_quotient(
                x: $float,
                [high, low]: [$float; 2],
                [most, rest]: [$float; 2],
                divisor: $float,
            ) -> $float {
                let (n, r) = reduce(x, high, 0.0);
                let r = r + low;
                let z = r * r;
                let q = 2.0 + z * horner!(z, $far);
                // The sum of most and rest is rounded only where it is scaled down by r.
                scale((most + (rest + (most + rest) * ((r + r) / (q - r)))) / divisor, n)
            }

            /// `tanh |x| = (e^(2|x|) − 1)/(e^(2|x|) + 1)`, both sides multiplied by ½(q − r).
            #[inline(always)]
            pub(crate) fn tanh(x: $float) -> $float {
                let double = x.abs() + x.abs();
                let double = if double > $tanh_high { $tanh_high } else { double };
                // Rounding n down makes r ≥ 0: nothing cancels, and near zero the quotient is just r/q.
                let (n, r) = reduce(double, double, 0.5);
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
