//! [`Real`] for `f32` and `f64`, by the standard library, `libm` and the vectorized kernels.

use super::Real;
use crate::kernel::vector;

macro_rules! float {
    ($float:ident, [$asinh:path, $acosh:path, $atanh:path, $erf:path, $erfc:path], $mantissa:literal, $exp:path, $tanh:path, $sigmoid:path) => {
        impl Real for $float {
            type Accumulator = f64;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LARGEST_EXACT_INTEGER: f64 = (1_u64 << $mantissa) as f64;

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
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $float::exp(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                $float::exp_m1(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $float::ln(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                $float::ln_1p(self)
            }
            #[inline(always)]
            fn sin(self) -> Self {
                $float::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                $float::cos(self)
            }
            #[inline(always)]
            fn tan(self) -> Self {
                $float::tan(self)
            }
            #[inline(always)]
            fn atan(self) -> Self {
                $float::atan(self)
            }
            #[inline(always)]
            fn sinh(self) -> Self {
                $float::sinh(self)
            }
            #[inline(always)]
            fn cosh(self) -> Self {
                $float::cosh(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $float::tanh(self)
            }
            #[inline(always)]
            fn asin(self) -> Self {
                $float::asin(self)
            }
            #[inline(always)]
            fn acos(self) -> Self {
                $float::acos(self)
            }
            #[inline(always)]
            fn asinh(self) -> Self {
                $asinh(self)
            }
            #[inline(always)]
            fn acosh(self) -> Self {
                $acosh(self)
            }
            #[inline(always)]
            fn atanh(self) -> Self {
                $atanh(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $float::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                $float::ceil(self)
            }
            #[inline(always)]
            fn round(self) -> Self {
                $float::round_ties_even(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline(always)]
            fn erfc(self) -> Self {
                $erfc(self)
            }
            #[inline(always)]
            fn powf(self, exponent: f64) -> Self {
                $float::powf(self, exponent as $float)
            }
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            fn exp_slice(input: &[Self], output: &mut [Self]) {
                $exp(input, output);
            }
            fn tanh_slice(input: &[Self], output: &mut [Self]) {
                $tanh(input, output);
            }
            fn sigmoid_slice(input: &[Self], output: &mut [Self]) {
                $sigmoid(input, output);
            }
        }
    };
}

float!(
    f32,
    [libm::asinhf, libm::acoshf, libm::atanhf, libm::erff, libm::erfcf],
    24,
    vector::exp_f32,
    vector::tanh_f32,
    vector::sigmoid_f32
);
float!(
    f64,
    [libm::asinh, libm::acosh, libm::atanh, libm::erf, libm::erfc],
    53,
    vector::exp_f64,
    vector::tanh_f64,
    vector::sigmoid_f64
);
