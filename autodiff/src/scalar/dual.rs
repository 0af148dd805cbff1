//! Dual numbers `a + b·ε` with `ε² = 0`: exact directional derivatives by forward mode.
//!
//! Running a tape in `Dual<f64>` gives forward-mode derivatives of its values and, since backward is written in
//! the same scalar, Hessian-vector products from its gradients. They nest: `Dual<Dual<f64>>` goes one order higher.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::scalar::{Real, acosh_slope, asinh_slope, base_slope, exponent_slope};

/// A value and its directional derivative (tangent): `value + tangent·ε` with `ε² = 0`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)] // the kernels read a slice of duals as a slice of `T` with doubled strides
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// The derivative of the value along the direction given by the inputs' tangents.
    pub tangent: T,
}

impl<T: Real> Dual<T> {
    /// `value + tangent·ε`.
    pub fn new(value: T, tangent: T) -> Self {
        Dual { value, tangent }
    }

    /// `φ(self)` by the chain rule, from `φ(value)` and `φ'(value)`.
    #[inline(always)]
    fn chain(self, value: T, derivative: T) -> Self {
        // A zero tangent stays zero even if the derivative is infinite, so that √x at a constant 0 is not NaN.
        let tangent = if self.tangent.is_zero() { T::ZERO } else { derivative * self.tangent };
        Dual { value, tangent }
    }

    /// `self` if it wins, otherwise `other`; if they tie, the mean of the tangents, in agreement with backward.
    fn between_ties(self, other: Self, wins: bool) -> Self {
        if self.value == other.value {
            let half = T::from_f64(0.5);
            Dual::new(self.value, half * (self.tangent + other.tangent))
        } else if wins || self.is_nan() {
            self
        } else {
            other
        }
    }
}

impl<T: Real> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}ε", self.value, self.tangent)
    }
}

impl<T: Real> fmt::LowerExp for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.precision() {
            Some(digits) => write!(f, "{:.digits$e}+{:.digits$e}ε", self.value, self.tangent),
            None => write!(f, "{:e}+{:e}ε", self.value, self.tangent),
        }
    }
}

impl<T: Real> PartialEq for Dual<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Real> PartialOrd for Dual<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Real> Add for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Dual::new(self.value + other.value, self.tangent + other.tangent)
    }
}

impl<T: Real> Sub for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Dual::new(self.value - other.value, self.tangent - other.tangent)
    }
}

impl<T: Real> Mul for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Dual::new(self.value * other.value, self.tangent * other.value + self.value * other.tangent)
    }
}

impl<T: Real> Div for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        Dual::new(quotient, (self.tangent - quotient * other.tangent) / other.value)
    }
}

impl<T: Real> Neg for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Dual::new(-self.value, -self.tangent)
    }
}

/// One operator between a dual number and a constant.
macro_rules! with_constant {
    ($($trait:ident $method:ident;)*) => {$(
        impl<T: Real> $trait<f64> for Dual<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f64) -> Self {
                self.$method(Self::from_f64(constant))
            }
        }
        impl<T: Real> $trait<Dual<T>> for f64 {
            type Output = Dual<T>;
            #[inline(always)]
            fn $method(self, dual: Dual<T>) -> Dual<T> {
                Dual::from_f64(self).$method(dual)
            }
        }
    )*};
}

with_constant! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<T: Real> AddAssign for Dual<T> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<T: Real> SubAssign for Dual<T> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<T: Real> Sum for Dual<T> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

impl<T: Real> Real for Dual<T> {
    type Accumulator = Dual<T::Accumulator>;
    const ZERO: Self = Dual { value: T::ZERO, tangent: T::ZERO };
    const ONE: Self = Dual { value: T::ONE, tangent: T::ZERO };
    const HAS_TANGENTS: bool = true;
    const LARGEST_EXACT_INTEGER: f64 = T::LARGEST_EXACT_INTEGER;

    fn from_f64(value: f64) -> Self {
        Dual::new(T::from_f64(value), T::ZERO)
    }
    fn to_f64(self) -> f64 {
        self.value.to_f64()
    }
    #[inline(always)]
    fn widen(self) -> Self::Accumulator {
        Dual { value: self.value.widen(), tangent: self.tangent.widen() }
    }
    #[inline(always)]
    fn narrow(sum: Self::Accumulator) -> Self {
        Dual { value: T::narrow(sum.value), tangent: T::narrow(sum.tangent) }
    }
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, T::ONE / (root + root))
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    fn exp_m1(self) -> Self {
        self.chain(self.value.exp_m1(), self.value.exp())
    }
    fn ln(self) -> Self {
        self.chain(self.value.ln(), T::ONE / self.value)
    }
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), T::ONE / (T::ONE + self.value))
    }
    fn sin(self) -> Self {
        self.chain(self.value.sin(), self.value.cos())
    }
    fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }
    fn tan(self) -> Self {
        let value = self.value.tan();
        self.chain(value, T::ONE + value * value)
    }
    fn atan(self) -> Self {
        self.chain(self.value.atan(), T::ONE / (T::ONE + self.value * self.value))
    }
    fn asin(self) -> Self {
        self.chain(self.value.asin(), T::ONE / (T::ONE - self.value * self.value).sqrt())
    }
    fn acos(self) -> Self {
        self.chain(self.value.acos(), -T::ONE / (T::ONE - self.value * self.value).sqrt())
    }
    fn sinh(self) -> Self {
        self.chain(self.value.sinh(), self.value.cosh())
    }
    fn cosh(self) -> Self {
        self.chain(self.value.cosh(), self.value.sinh())
    }
    fn tanh(self) -> Self {
        let value = self.value.tanh();
        self.chain(value, T::ONE - value * value)
    }
    fn asinh(self) -> Self {
        self.chain(self.value.asinh(), asinh_slope(self.value))
    }
    fn acosh(self) -> Self {
        self.chain(self.value.acosh(), acosh_slope(self.value))
    }
    fn atanh(self) -> Self {
        self.chain(self.value.atanh(), T::ONE / (T::ONE - self.value * self.value))
    }
    fn floor(self) -> Self {
        Dual::new(self.value.floor(), T::ZERO)
    }
    fn ceil(self) -> Self {
        Dual::new(self.value.ceil(), T::ZERO)
    }
    fn round(self) -> Self {
        Dual::new(self.value.round(), T::ZERO)
    }
    fn erf(self) -> Self {
        let slope = T::from_f64(std::f64::consts::FRAC_2_SQRT_PI);
        self.chain(self.value.erf(), slope * (-(self.value * self.value)).exp())
    }
    fn erfc(self) -> Self {
        let slope = T::from_f64(-std::f64::consts::FRAC_2_SQRT_PI);
        self.chain(self.value.erfc(), slope * (-(self.value * self.value)).exp())
    }
    fn powf(self, exponent: f64) -> Self {
        if exponent == 0.0 {
            return Self::ONE;
        }
        let slope = T::from_f64(exponent) * self.value.powf(exponent - 1.0);
        self.chain(self.value.powf(exponent), slope)
    }
    fn pow(self, exponent: Self) -> Self {
        let value = self.value.pow(exponent.value);
        let mut tangent = T::ZERO;
        if !self.tangent.is_zero() {
            tangent += base_slope(self.value, exponent.value) * self.tangent;
        }
        if !exponent.tangent.is_zero() {
            tangent += exponent_slope(self.value, exponent.value, value) * exponent.tangent;
        }
        Dual::new(value, tangent)
    }
    fn abs(self) -> Self {
        if self.value < T::ZERO {
            -self
        } else if self.value == T::ZERO {
            Dual::new(T::ZERO, T::ZERO)
        } else {
            self
        }
    }
    fn is_zero(self) -> bool {
        self.value.is_zero() && self.tangent.is_zero()
    }
    fn maximum(self, other: Self) -> Self {
        self.between_ties(other, self.value > other.value)
    }
    fn minimum(self, other: Self) -> Self {
        self.between_ties(other, self.value < other.value)
    }
}
