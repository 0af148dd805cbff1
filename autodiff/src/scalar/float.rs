//! [`Real`] for `f32` and `f64`, by the standard library, `libm` and the vectorized kernels.

use super::Real;
use crate::kernel::vector;

/// Functions of one value that have the same name in the standard library.
macro_rules! standard {
    ($float:ident: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            $float::$name(self)
        }
    )*};
}

/// A scalar with a mantissa of this many bits, and functions of one value that others compute.
macro_rules! float {
    (
        $float:ident, $mantissa:literal,
        vector $vector:ident { $($inlined:ident)* }
        each { $($name:ident: $function:path),* $(,)? }
    ) => {
        impl Real for $float {
            type Accumulator = f64;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const HAS_TANGENTS: bool = false;
            const LARGEST_EXACT_INTEGER: f64 = (1_u64 << $mantissa) as f64;

            standard!($float: sqrt tan asin acos atan sinh cosh floor ceil abs);
            $(
                #[inline(always)]
                fn $inlined(self) -> Self {
                    vector::$vector::$inlined(self)
                }
            )*
            $(
                #[inline(always)]
                fn $name(self) -> Self {
                    $function(self)
                }
            )*
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn widen(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn narrow(sum: f64) -> Self {
                sum as $float
            }
            #[inline(always)]
            fn powf(self, exponent: f64) -> Self {
                $float::powf(self, exponent as $float)
            }
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }
        }
    };
}

// The standard library's inverse hyperbolic functions overflow at large values, and lose digits near 1.
float!(
    f32, 24,
    vector single { exp exp_m1 ln ln_1p tanh sigmoid erf erfc sin cos }
    each {
        asinh: libm::asinhf, acosh: libm::acoshf, atanh: libm::atanhf, round: f32::round_ties_even,
    }
);
float!(
    f64, 53,
    vector double { exp exp_m1 ln ln_1p tanh sigmoid erf erfc sin cos }
    each {
        asinh: libm::asinh, acosh: libm::acosh, atanh: libm::atanh, round: f64::round_ties_even,
    }
);
