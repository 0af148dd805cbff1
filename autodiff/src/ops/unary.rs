//! Elementwise functions.

use super::elementwise::{forward_pointwise, named_reads, unary};
use super::prelude::*;
use crate::scalar::{acosh_slope, asinh_slope};

unary! {
    "# Elementwise functions";

    /// Negation, `−x`.
    neg: Neg() on -2.0..2.0 except [], each |x| -x, slope |_, _| -T::ONE;

    /// Reciprocal, `1/x`.
    recip: Recip() on 0.3..3.0 except [], each |x| T::ONE / x, slope |_, y| -(y * y);

    /// Square root.
    sqrt: Sqrt() on 0.2..4.0 except [], each |x| x.sqrt(), slope |_, y| T::from_f64(0.5) / y;

    /// Reciprocal square root, `1/√x`.
    rsqrt: Rsqrt() on 0.2..4.0 except [], each |x| T::ONE / x.sqrt(), slope |x, y| -(T::from_f64(0.5) * y / x);

    /// Square, `x²`.
    square: Square() on -2.0..2.0 except [], each |x| x * x, slope |x, _| x + x;

    /// Absolute value. The derivative at 0 is 0.
    abs: Abs() on -2.0..2.0 except [0.0], each |x| x.abs(), slope |x, _| sign(x);

    /// Sign: −1, 0 or 1. The derivative is 0 everywhere, also at the jump.
    sign: Sign() on -2.0..2.0 except [0.0], each |x| sign(x), slope |_, _| T::ZERO;

    /// Exponential, `eˣ`.
    exp: Exp() on -2.0..2.0 except [], each |x| x.exp(), slope |_, y| y;

    /// `eˣ − 1`, accurate near zero.
    exp_m1: ExpM1() on -2.0..2.0 except [], each |x| x.exp_m1(), slope |x, _| x.exp();

    /// Natural logarithm.
    ln: Ln() on 0.2..4.0 except [], each |x| x.ln(), slope |x, _| T::ONE / x;

    /// `ln(1 + x)`, accurate near zero.
    ln_1p: Ln1p() on -0.7..3.0 except [], each |x| x.ln_1p(), slope |x, _| T::ONE / (T::ONE + x);

    /// Sine of an angle in radians.
    sin: Sin() on -4.0..4.0 except [], each |x| x.sin(), slope |x, _| x.cos();

    /// Cosine of an angle in radians.
    cos: Cos() on -4.0..4.0 except [], each |x| x.cos(), slope |x, _| -x.sin();

    /// Tangent of an angle in radians.
    tan: Tan() on -1.2..1.2 except [], each |x| x.tan(), slope |_, y| T::ONE + y * y;

    /// Inverse tangent, in radians.
    atan: Atan() on -3.0..3.0 except [], each |x| x.atan(), slope |x, _| T::ONE / (T::ONE + x * x);

    /// Inverse sine, in radians. NaN outside −1..=1.
    asin: Asin() on -0.9..0.9 except [], each |x| x.asin(), slope |x, _| T::ONE / (T::ONE - x * x).sqrt();

    /// Inverse cosine, in radians. NaN outside −1..=1.
    acos: Acos() on -0.9..0.9 except [], each |x| x.acos(), slope |x, _| -T::ONE / (T::ONE - x * x).sqrt();

    /// Hyperbolic sine.
    sinh: Sinh() on -2.0..2.0 except [], each |x| x.sinh(), slope |x, _| x.cosh();

    /// Hyperbolic cosine.
    cosh: Cosh() on -2.0..2.0 except [], each |x| x.cosh(), slope |x, _| x.sinh();

    /// Inverse hyperbolic sine.
    asinh: Asinh() on -4.0..4.0 except [], each |x| x.asinh(), slope |x, _| asinh_slope(x);

    /// Inverse hyperbolic cosine. NaN below 1.
    acosh: Acosh() on 1.1..4.0 except [], each |x| x.acosh(), slope |x, _| acosh_slope(x);

    /// Inverse hyperbolic tangent. NaN outside −1..=1.
    atanh: Atanh() on -0.9..0.9 except [], each |x| x.atanh(), slope |x, _| T::ONE / (T::ONE - x * x);

    /// The largest integer not greater than `x`. The derivative is 0 everywhere, also at the jumps.
    floor: Floor() on -2.5..2.5 except [-2.0, -1.0, 0.0, 1.0, 2.0], each |x| x.floor(), slope |_, _| T::ZERO;

    /// The smallest integer not less than `x`. The derivative is 0 everywhere, also at the jumps.
    ceil: Ceil() on -2.5..2.5 except [-2.0, -1.0, 0.0, 1.0, 2.0], each |x| x.ceil(), slope |_, _| T::ZERO;

    /// The integer nearest to `x`; halves round to even. The derivative is 0 everywhere, also at the jumps.
    round: Round() on -2.0..2.0 except [-1.5, -0.5, 0.5, 1.5], each |x| x.round(), slope |_, _| T::ZERO;

    /// Error function, `2/√π ∫₀ˣ e^(−t²) dt`.
    erf: Erf() on -2.0..2.0 except [], each |x| x.erf(),
        slope |x, _| T::from_f64(std::f64::consts::FRAC_2_SQRT_PI) * (-(x * x)).exp();

    /// `x + constant`.
    add_scalar: AddScalar(constant = 1.5) on -2.0..2.0 except [], each |x| x + constant, slope |_, _| T::ONE;

    /// `x · constant`.
    mul_scalar: MulScalar(constant = -1.5) on -2.0..2.0 except [], each |x| x * constant, slope |_, _| constant;

    /// `x / constant`.
    div_scalar: DivScalar(constant = -1.5) on -2.0..2.0 except [], each |x| x / constant,
        slope |_, _| T::ONE / constant;

    /// `constant / x`.
    scalar_div: ScalarDiv(constant = -1.5) on 0.3..3.0 except [], each |x| constant / x, slope |x, y| -(y / x);

    /// `x^exponent` with a constant exponent. NaN for negative `x`, unless the exponent is an integer.
    pow_scalar: PowScalar(exponent = 2.5) on 0.2..3.0 except [],
        each |x| x.powf(exponent.to_f64()), slope |x, _| power_slope(x, exponent.to_f64());

    /// Clamps to [`low`, `high`]. The derivative at a bound is ½, because value and bound tie and share the gradient evenly.
    clamp: Clamp(low = -0.7, high = 1.1) on -2.0..2.0 except [-0.7, 1.1],
        each |x| x.maximum(low).minimum(high), slope |x, _| share(x, low) * share(high, x);
}

/// −1, 0 or 1; NaN for NaN.
fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        T::from_f64(x.to_f64())
    }
}

fn power_slope<T: Real>(x: T, exponent: f64) -> T {
    if exponent == 0.0 { T::ZERO } else { T::from_f64(exponent) * x.powf(exponent - 1.0) }
}

/// The derivative of `max(winner, other)` with respect to `winner`.
pub(super) fn share<T: Real>(winner: T, other: T) -> T {
    if winner > other {
        T::ONE
    } else if winner == other {
        T::from_f64(0.5)
    } else {
        T::ZERO
    }
}
