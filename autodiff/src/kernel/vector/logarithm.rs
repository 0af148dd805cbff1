//! Natural logarithms.
//!
//! With `s = f/(2 + f)`, `ln(1 + f) = 2s + s R(s²)`, where R is even in s; arranged as in FreeBSD's `log` so that rounding errors
//! are scaled down by f.

/// The functions of one element, for one width. The coefficients are FreeBSD's.
macro_rules! width {
    (
        $module:ident: $float:ident as $bits:ident with $mantissa:literal mantissa bits and bias $bias:literal,
        series $series:tt
    ) => {
        pub(super) mod $module {
            use crate::kernel::vector::exponential::$module::{LN2_HIGH, LN2_LOW};

            /// The bits of √½, where the exponent of the argument changes.
            const SQRT_HALF: $bits = std::$float::consts::FRAC_1_SQRT_2.to_bits();
            /// A float whose lowest mantissa bit counts ones.
            const COUNT: $float = (1_u64 << $mantissa) as $float;
            /// Makes denormal numbers normal.
            const LIFT: $float = (4_u64 << $mantissa) as $float;

            /// `ln(x + c x) − lifted ln 2` for a positive normal x and a tiny c.
            #[inline(always)]
            fn ln_of_normal(x: $float, c: $float, lifted: $float) -> $float {
                // x = 2ⁿ(1 + f) with 1 + f from √½ to √2.
                // What is no positive number wraps, and is sorted out by `at_ends`.
                let bits = x.to_bits().wrapping_add($float::to_bits(1.0) - SQRT_HALF);
                let n = $float::from_bits((bits >> $mantissa) | COUNT.to_bits()) - (COUNT + $bias as $float) - lifted;
                let f = $float::from_bits((bits & ((1 << $mantissa) - 1)) + SQRT_HALF) - 1.0;
                let half_square = 0.5 * f * f;
                let s = f / (2.0 + f);
                let z = s * s;
                let rest = s * (half_square + z * horner!(z, $series)) + (n * LN2_LOW + c);
                n * LN2_HIGH - ((half_square - rest) - f)
            }

            /// Whatever is not the logarithm of a positive number.
            #[inline(always)]
            fn at_ends(x: $float, inside: $float) -> $float {
                let y = if x < $float::INFINITY { inside } else { x };
                let y = if x == 0.0 { -$float::INFINITY } else { y };
                if x < 0.0 { $float::NAN } else { y }
            }

            /// `ln x`.
            #[inline(always)]
            pub(crate) fn ln(x: $float) -> $float {
                let small = x < $float::MIN_POSITIVE;
                let (scaled, lifted) = if small { (x * LIFT, ($mantissa + 2) as $float) } else { (x, 0.0) };
                at_ends(x, ln_of_normal(scaled, 0.0, lifted))
            }

            /// `ln(1 + x)`.
            #[inline(always)]
            pub(crate) fn ln_1p(x: $float) -> $float {
                let u = 1.0 + x;
                // What rounding took off the sum.
                let lost = if x > 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
                let y = at_ends(u, ln_of_normal(u, lost / u, 0.0));
                // Also the zero of either sign.
                if u == 1.0 { x } else { y }
            }
        }
    };
}

width! {
    single: f32 as u32 with 23 mantissa bits and bias 127, series [0.666_666_6, 0.400_009_72, 0.284_987_87, 0.242_790_79]
}

width! {
    double: f64 as u64 with 52 mantissa bits and bias 1023, series [
        6.666_666_666_666_735e-1, 3.999_999_999_940_942e-1, 2.857_142_874_366_239e-1, 2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1, 1.531_383_769_920_937_3e-1, 1.479_819_860_511_658_6e-1
    ]
}
