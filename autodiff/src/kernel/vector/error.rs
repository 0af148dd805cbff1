//! The error function and its complement.
//!
//! For `x ≥ 0`, `(1 + 2x) e^(x²) erfc x` lies between 1 and 1.3, and is smooth in `t = (x − K)/(x + K)`: a polynomial in t. Near
//! zero, `erf x/x` is a polynomial in x².

/// The functions of one element, for one width. The coefficients are of Chebyshev interpolation. The constant of the tail has two
/// parts, because half a unit in its last place would be an error of every result.
macro_rules! width {
    (
        $module:ident: $float:ident, exact square without the last $mask:literal bits, erfc to $high:literal,
        small $small:tt, tail around $center:literal: $most:literal and $tail:tt
    ) => {
        pub(super) mod $module {
            use std::$float::consts::FRAC_2_SQRT_PI;

            use crate::kernel::vector::exponential::$module::exp_quotient;

            /// `erfc x` for `x ≥ 0`.
            #[inline(always)]
            fn tail(x: $float) -> $float {
                let x = if x > $high { $high } else { x };
                // x² = high² + low, without rounding errors, which the exponential would magnify.
                let high = $float::from_bits(x.to_bits() >> $mask << $mask);
                let low = (x - high) * (x + high);
                let t = (x - $center) / (x + $center);
                exp_quotient(-x * x, [-high * high, -low], [$most, horner!(t, $tail)], 1.0 + (x + x))
            }

            /// `erf x` for x up to ½ in size.
            #[inline(always)]
            fn near_zero(x: $float) -> $float {
                let z = x * x;
                x * (FRAC_2_SQRT_PI + z * horner!(z, $small))
            }

            /// `2/√π ∫₀ˣ e^(−t²) dt`.
            #[inline(always)]
            pub(crate) fn erf(x: $float) -> $float {
                let size = x.abs();
                let outside = (1.0 - tail(size)).copysign(x);
                if size < 0.5 { near_zero(x) } else { outside }
            }

            /// `1 − erf x`.
            #[inline(always)]
            pub(crate) fn erfc(x: $float) -> $float {
                let size = x.abs();
                let tail = tail(size);
                let outside = if x < 0.0 { 2.0 - tail } else { tail };
                if size < 0.5 { 1.0 - near_zero(x) } else { outside }
            }
        }
    };
}

width! {
    single: f32, exact square without the last 12 bits, erfc to 11.0,
    small [-0.376_126_1, 0.112_828_35, -0.026_757_944, 0.004_719_505_4],
    tail around 3.0: 1.253_008_1 and [
        -7.174_87e-8, -0.135_621_07, -0.047_562_157, 0.129_644_11, -0.119_275_28, 0.068_316_57, -0.023_763_576, 0.002_499_116_9,
        0.001_875_079_1, -0.000_726_453_68, -9.254_517e-5, 7.731_024_2e-5
    ]
}

width! {
    double: f64, exact square without the last 27 bits, erfc to 28.0,
    small [
        -0.376_126_389_031_834_76, 0.112_837_916_709_254_57, -0.026_866_170_632_921_085, 0.005_223_977_373_542_183,
        -0.000_854_829_779_808_619_2, 0.000_120_533_372_228_777_19, -1.484_590_089_637_583_5e-5, 1.472_638_168_001_703_2e-6
    ],
    tail around 4.0: 1.232_995_118_625_552_6 and [
        -8.769_5e-18, -0.139_621_116_840_562_3, 0.015_379_652_102_610_473, 0.068_097_054_254_669_08, -0.101_039_066_035_865_31,
        0.093_732_834_999_094_4, -0.066_330_365_820_311_54, 0.037_167_515_526_555_67, -0.016_197_733_981_455_194,
        0.005_031_970_067_657_489, -0.000_757_773_707_063_825, -0.000_199_257_146_610_911_88, 0.000_150_623_097_200_186_28,
        -2.439_774_642_243_641_6e-5, -1.122_510_187_565_917_8e-5, 5.706_604_414_895_734e-6, 2.980_135_380_303_133_3e-7,
        -8.210_939_042_560_568e-7, 7.115_337_800_585_303e-8, 1.063_385_561_859_488_4e-7, -1.637_177_976_356_696_7e-8,
        -1.234_686_604_382_353e-8, 1.573_828_377_419_203_7e-9, 9.311_744_978_232_572e-10
    ]
}
