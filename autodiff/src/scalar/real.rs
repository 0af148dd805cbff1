//! The scalar of a tape: [`Real`], implemented for `f32`, `f64` and [`Dual`](crate::Dual).
//!
//! Operations are written once, generic over this trait. It has only the functions that differ between scalars; activations
//! are composed from them in `ops/`.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::kernel::{Product, Tiled, all_finite};

/// A scalar that tapes, operations and modules are generic over.
///
/// Comparisons use the value only: the tangent of a [`Dual`](crate::Dual) never affects a branch.
///
/// The trait is sealed: only `f32`, `f64` and dual numbers over them implement it, because unsafe code in matrix products
/// relies on the implementation.
pub trait Real:
    Copy
    + Debug
    + Display
    + LowerExp
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + Product
    + Tiled
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The scalar in which long sums are accumulated: `f64` for `f32`, `f64` for itself.
    type Accumulator: Real;

    /// Whether the scalar carries tangents besides its value.
    const HAS_TANGENTS: bool;
    /// The largest integer up to which all integers are represented exactly (2²⁴ for `f32`).
    const LARGEST_EXACT_INTEGER: f64;

    /// The scalar nearest to `value`, with zero tangents.
    fn from_f64(value: f64) -> Self;
    /// The value, without tangents.
    fn to_f64(self) -> f64;
    /// Converts to the accumulator, with tangents.
    fn widen(self) -> Self::Accumulator;
    /// Rounds an accumulator to this scalar.
    fn narrow(sum: Self::Accumulator) -> Self;

    /// `√x`.
    fn sqrt(self) -> Self;
    /// `eˣ`.
    fn exp(self) -> Self;
    /// `eˣ − 1`, accurate near zero.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)`, accurate near zero.
    fn ln_1p(self) -> Self;
    /// Sine of an angle in radians.
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    fn cos(self) -> Self;
    /// Tangent of an angle in radians.
    fn tan(self) -> Self;
    /// Inverse tangent, in radians.
    fn atan(self) -> Self;
    /// Inverse sine, in radians; NaN outside −1..=1.
    fn asin(self) -> Self;
    /// Inverse cosine, in radians; NaN outside −1..=1.
    fn acos(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine; NaN below 1.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent; NaN outside −1..=1.
    fn atanh(self) -> Self;
    /// The largest integer not greater than `x`; its derivative is 0.
    fn floor(self) -> Self;
    /// The smallest integer not less than `x`; its derivative is 0.
    fn ceil(self) -> Self;
    /// The integer nearest to `x`, halves to even; its derivative is 0.
    fn round(self) -> Self;
    /// Error function, `2/√π ∫₀ˣ e^(−t²) dt`.
    fn erf(self) -> Self;
    /// `1 − erf x`, accurate where `erf x` is near 1.
    fn erfc(self) -> Self;
    /// `x^exponent` with a constant exponent.
    fn powf(self, exponent: f64) -> Self;
    /// `x^exponent`.
    fn pow(self, exponent: Self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;

    /// Logistic function `1/(1 + e⁻ˣ)`, without overflow on either side.
    fn sigmoid(self) -> Self {
        if self > Self::ZERO {
            Self::ONE / (Self::ONE + (-self).exp())
        } else {
            let e = self.exp();
            e / (Self::ONE + e)
        }
    }

    /// Whether the value is NaN.
    fn is_nan(self) -> bool {
        self.to_f64().is_nan()
    }
    /// Whether the value is neither infinite nor NaN.
    fn is_finite(self) -> bool {
        self.to_f64().is_finite()
    }
    /// Whether no value of a slice is infinite or NaN.
    fn all_finite(values: &[Self]) -> bool {
        all_finite(values)
    }
    /// Whether the value and all tangents are zero.
    fn is_zero(self) -> bool {
        self == Self::ZERO
    }
    /// The maximum; NaN if either is NaN.
    fn maximum(self, other: Self) -> Self {
        if self > other || self.is_nan() { self } else { other }
    }
    /// The minimum; NaN if either is NaN.
    fn minimum(self, other: Self) -> Self {
        if self < other || self.is_nan() { self } else { other }
    }
}

/// The derivative of `x^y` with respect to `x`. It is 0 if `y = 0`, also at `x = 0`, where `y·x^(y−1)` would be NaN.
pub(crate) fn base_slope<T: Real>(x: T, y: T) -> T {
    // At 0 the power does not change with its exponent: see `exponent_slope`.
    let y = if x == T::ZERO { T::from_f64(y.to_f64()) } else { y };
    let power = x.pow(y - T::ONE);
    if y.is_zero() || (y == T::ZERO && !power.is_finite()) { T::ZERO } else { y * power }
}

/// The derivative of `z = x^y` with respect to `y`: `z ln x`; 0 (the limit) if `z = 0`; and 0 at 0⁰, as in PyTorch.
pub(crate) fn exponent_slope<T: Real>(x: T, y: T, z: T) -> T {
    if z == T::ZERO || (x == T::ZERO && y >= T::ZERO) { T::ZERO } else { z * x.ln() }
}

/// The derivative of `asinh x`, `1/√(x² + 1)`, without overflow.
pub(crate) fn asinh_slope<T: Real>(x: T) -> T {
    let size = x.abs();
    if size > T::ONE {
        (T::ONE / size) / (T::ONE + (T::ONE / size) * (T::ONE / size)).sqrt()
    } else {
        T::ONE / (T::ONE + x * x).sqrt()
    }
}

/// The derivative of `acosh x`, `1/√(x² − 1)`, without overflow.
pub(crate) fn acosh_slope<T: Real>(x: T) -> T {
    T::ONE / ((x - T::ONE).sqrt() * (x + T::ONE).sqrt())
}
