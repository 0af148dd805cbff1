//! Activation functions. At a kink the derivative is the left one (0 for relu), unless stated otherwise.

use super::elementwise::{forward_pointwise, named_reads, unary};
use super::prelude::*;

const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_3;

unary! {
    "# Activations";

    /// Hyperbolic tangent.
    tanh: Tanh() on -3.0..3.0 except [], each |x| x.tanh(), slope |_, y| T::ONE - y * y;

    /// Logistic function, `1/(1 + e⁻ˣ)`. Its derivative `y(1 − y)` is at most ¼.
    sigmoid: Sigmoid() on -4.0..4.0 except [], each |x| x.sigmoid(), slope |_, y| y * (T::ONE - y);

    /// `ln sigmoid(x) = −softplus(−x)`.
    log_sigmoid: LogSigmoid() on -4.0..4.0 except [],
        each |x| x.minimum(T::ZERO) - (-x.abs()).exp().ln_1p(), slope |x, _| (-x).sigmoid();

    /// `ln(1 + eˣ)`.
    softplus: Softplus() on -4.0..4.0 except [],
        each |x| x.maximum(T::ZERO) + (-x.abs()).exp().ln_1p(), slope |x, _| x.sigmoid();

    /// `max(x, 0)`; the derivative at 0 is 0.
    relu: Relu() on -2.0..2.0 except [0.0],
        each |x| if x <= T::ZERO { T::ZERO } else { x },
        slope |_, y| if y > T::ZERO { T::ONE } else { T::ZERO };

    /// `x` if positive, otherwise `slope · x`.
    leaky_relu: LeakyRelu(slope = 0.2) on -2.0..2.0 except [0.0],
        each |x| if x > T::ZERO { x } else { slope * x }, slope |x, _| if x > T::ZERO { T::ONE } else { slope };

    /// Exponential linear unit: `x` if positive, otherwise `alpha (eˣ − 1)` (Clevert 2015).
    elu: Elu(alpha = 0.7) on -2.0..2.0 except [0.0],
        each |x| if x > T::ZERO { x } else { alpha * x.exp_m1() },
        slope |x, _| if x > T::ZERO { T::ONE } else { alpha * x.exp() };

    /// Scaled exponential linear unit: `1.0507 · elu(x, 1.6733)`, which preserves mean 0 and variance 1 (Klambauer 2017).
    selu: Selu() on -2.0..2.0 except [0.0],
        each |x| T::from_f64(SELU_SCALE) * if x > T::ZERO { x } else { T::from_f64(SELU_ALPHA) * x.exp_m1() },
        slope |x, _| T::from_f64(SELU_SCALE) * if x > T::ZERO { T::ONE } else { T::from_f64(SELU_ALPHA) * x.exp() };

    /// Gaussian error linear unit, `x Φ(x)` where Φ is the standard normal distribution function (Hendrycks 2016).
    gelu: Gelu() on -3.0..3.0 except [], each |x| x * normal_cdf(x),
        slope |x, _| normal_cdf(x) + x * normal_density(x);

    /// The tanh approximation `x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))` of [`Var::gelu`].
    gelu_tanh: GeluTanh() on -3.0..3.0 except [], each |x| x * gelu_gate(x).sigmoid(),
        slope |x, _| gelu_tanh_slope(x);

    /// `x · sigmoid(x)`, also called swish.
    silu: Silu() on -4.0..4.0 except [], each |x| x * x.sigmoid(), slope |x, _| silu_slope(x, x.sigmoid());

    /// `x · tanh(softplus(x))` (Misra 2019).
    mish: Mish() on -4.0..4.0 except [], each |x| x * tanh_softplus(x), slope |x, _| mish_slope(x);

    /// `x` clamped to [−1, 1]; the derivative at the bounds is 0.
    hard_tanh: HardTanh() on -2.0..2.0 except [-1.0, 1.0],
        each |x| if x < -T::ONE { -T::ONE } else if x > T::ONE { T::ONE } else { flat_at(x, -T::ONE, T::ONE) },
        slope |x, _| inside(x, T::ONE);

    /// `x/6 + ½` clamped to [0, 1]; the derivative at the bounds is 0.
    hard_sigmoid: HardSigmoid() on -4.0..4.0 except [-3.0, 3.0],
        each |x| hard_sigmoid(x), slope |x, _| inside(x, T::from_f64(3.0)) / T::from_f64(6.0);

    /// `x / (1 + |x|)`.
    softsign: Softsign() on -3.0..3.0 except [0.0], each |x| x / (T::ONE + x.abs()),
        slope |x, _| recip_square(T::ONE + x.abs());
}

#[inline(always)]
fn normal_cdf<T: Real>(x: T) -> T {
    T::from_f64(0.5) * (x * T::from_f64(-std::f64::consts::FRAC_1_SQRT_2)).erfc()
}

#[inline(always)]
fn normal_density<T: Real>(x: T) -> T {
    T::from_f64(0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)
        * (x * x * T::from_f64(-0.5)).exp()
}

/// Twice the argument of the tanh: `(1 + tanh u)/2 = sigmoid(2u)` keeps the negative tail accurate.
#[inline(always)]
fn gelu_gate<T: Real>(x: T) -> T {
    let slope = T::from_f64(std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::SQRT_2);
    slope * x * (T::ONE + T::from_f64(0.044_715) * x * x)
}

#[inline(always)]
fn gelu_tanh_slope<T: Real>(x: T) -> T {
    let gate = gelu_gate(x).sigmoid();
    let flank = gate * (T::ONE - gate);
    if flank == T::ZERO {
        return gate; // for large |x| the gate's argument may be infinite
    }
    let slope = T::from_f64(std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::SQRT_2);
    gate + x * flank * slope * (T::ONE + T::from_f64(3.0 * 0.044_715) * x * x)
}

#[inline(always)]
fn silu_slope<T: Real>(x: T, gate: T) -> T {
    gate * (T::ONE + x * (T::ONE - gate))
}

/// `tanh(ln(1 + eˣ)) = n/(n + 2)` with `n = eˣ(eˣ + 2)`.
#[inline(always)]
fn tanh_softplus<T: Real>(x: T) -> T {
    if x > T::from_f64(40.0) {
        return T::ONE;
    }
    let e = x.exp();
    let n = e * (e + T::from_f64(2.0));
    n / (n + T::from_f64(2.0))
}

#[inline(always)]
fn mish_slope<T: Real>(x: T) -> T {
    let gate = tanh_softplus(x);
    gate + x * x.sigmoid() * (T::ONE - gate * gate)
}

fn hard_sigmoid<T: Real>(x: T) -> T {
    let bound = T::from_f64(3.0);
    if x < -bound {
        T::ZERO
    } else if x > bound {
        T::ONE
    } else {
        flat_at(x, -bound, bound) / T::from_f64(6.0) + T::from_f64(0.5)
    }
}

/// `x`, with zero tangents at the two bounds, so that forward mode agrees with the documented derivative.
fn flat_at<T: Real>(x: T, low: T, high: T) -> T {
    if x == low || x == high { T::from_f64(x.to_f64()) } else { x }
}

fn inside<T: Real>(x: T, bound: T) -> T {
    if x > -bound && x < bound { T::ONE } else { T::ZERO }
}

fn recip_square<T: Real>(x: T) -> T {
    let inverse = T::ONE / x;
    inverse * inverse
}
