//! Functions of two inputs that broadcast, and the operators `+ − * /`, with scalars on either side.

use std::ops;

use super::elementwise::{binary, forward_pointwise, named_reads};
use super::prelude::*;
use super::unary::share;
use crate::scalar::{base_slope, exponent_slope};

binary! {
    /// `x + y`.
    add: Add on (Domain::REAL, Domain::REAL), each |x, y| x + y, factors [T::ONE, T::ONE];

    /// `x − y`.
    sub: Sub on (Domain::REAL, Domain::REAL), each |x, y| x - y, factors [T::ONE, -T::ONE];

    /// `x · y`.
    mul: Mul on (Domain::REAL, Domain::REAL), each |x, y| x * y, slopes |_, y, _| y, |x, _, _| x;

    /// `x / y`.
    div: Div on (Domain::REAL, Domain::Between(0.3, 3.0, &[])), each |x, y| x / y,
        slopes |_, y, _| T::ONE / y, |_, y, z| -(z / y);

    /// `x^y`. For negative `x`, `y` must be an integer, and the derivative with respect to `y` is NaN. At `x = 0` that
    /// derivative is 0 for any `y ≥ 0`.
    pow: Pow on (Domain::Between(0.2, 3.0, &[]), Domain::Between(-2.0, 2.0, &[])) or (Domain::Index(3), Domain::Index(3)),
        each |x, y| x.pow(y), slopes |x, y, _| base_slope(x, y), |x, y, z| exponent_slope(x, y, z);

    /// The elementwise maximum; where the inputs tie, each gets half of the gradient.
    maximum: Maximum on (Domain::Distinct(0.0), Domain::Distinct(0.5)), each |x, y| x.maximum(y),
        slopes |x, y, _| share(x, y), |x, y, _| share(y, x);

    /// The elementwise minimum; where the inputs tie, each gets half of the gradient.
    minimum: Minimum on (Domain::Distinct(0.0), Domain::Distinct(0.5)), each |x, y| x.minimum(y),
        slopes |x, y, _| share(y, x), |x, y, _| share(x, y);
}

/// # Powers, maximum and minimum
impl<'t, T: Real> Var<'t, T> {
    /// `self^exponent`, elementwise with broadcasting. For a negative base the exponent must be an integer, or the result is
    /// NaN.
    #[track_caller]
    #[must_use]
    pub fn pow(self, exponent: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Pow {}, [self, exponent])
    }

    /// `self^exponent` with an integer exponent.
    #[track_caller]
    #[must_use]
    pub fn powi(self, exponent: i32) -> Var<'t, T> {
        self.pow_scalar(f64::from(exponent))
    }

    /// The elementwise maximum, with broadcasting; where the two tie, each gets half of the gradient.
    #[track_caller]
    #[must_use]
    pub fn maximum(self, other: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Maximum {}, [self, other])
    }

    /// The elementwise minimum, with broadcasting; where the two tie, each gets half of the gradient.
    #[track_caller]
    #[must_use]
    pub fn minimum(self, other: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Minimum {}, [self, other])
    }
}

impl<'t, T: Real> ops::Neg for Var<'t, T> {
    type Output = Var<'t, T>;
    #[track_caller]
    fn neg(self) -> Var<'t, T> {
        Var::neg(self)
    }
}

/// An operator between values, and with an `f64` or `i32` constant on either side. Not with `f32`: then Rust could not infer
/// the type of `2.0` in `(x * 2.0).sum(..)`.
macro_rules! operator {
    ($trait:ident, $method:ident, |$x:ident, $c:ident| $right:expr, |$d:ident, $y:ident| $left:expr) => {
        impl<'t, T: Real> ops::$trait for Var<'t, T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, other: Var<'t, T>) -> Var<'t, T> {
                self.recording().apply($trait {}, [self, other])
            }
        }
        impl<'t, T: Real> ops::$trait<f64> for Var<'t, T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, $c: f64) -> Var<'t, T> {
                let $x = self;
                $right
            }
        }
        impl<'t, T: Real> ops::$trait<Var<'t, T>> for f64 {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, $y: Var<'t, T>) -> Var<'t, T> {
                let $d = self;
                $left
            }
        }
        impl<'t, T: Real> ops::$trait<i32> for Var<'t, T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, constant: i32) -> Var<'t, T> {
                ops::$trait::$method(self, f64::from(constant))
            }
        }
        impl<'t, T: Real> ops::$trait<Var<'t, T>> for i32 {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, y: Var<'t, T>) -> Var<'t, T> {
                ops::$trait::$method(f64::from(self), y)
            }
        }
    };
}

operator!(Add, add, |x, c| x.add_scalar(c), |c, y| y.add_scalar(c));
operator!(Sub, sub, |x, c| x.add_scalar(-c), |c, y| (-y).add_scalar(c));
operator!(Mul, mul, |x, c| x.mul_scalar(c), |c, y| y.mul_scalar(c));
operator!(Div, div, |x, c| x.div_scalar(c), |c, y| y.scalar_div(c));

#[cfg(test)]
mod tests {
    use super::Pow;
    use crate::{Dual, Mode, Params, Real, Tape, Tensor, check};

    #[test]
    fn zero_to_a_power_has_the_gradients_of_pytorch() {
        // (x, y): PyTorch's gradients of x^y with respect to both, for a cotangent of 1.
        let cases = [
            (0.0, 0.0, 0.0, 0.0),
            (0.0, 1.0, 1.0, 0.0),
            (0.0, 2.0, 0.0, 0.0),
            (0.0, 0.5, f64::INFINITY, 0.0),
            (2.0, 0.0, 0.0, 2.0_f64.ln()),
        ];
        for (x, y, to_base, to_exponent) in cases {
            let params = Params::default();
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let [base, exponent] = [x, y].map(|value| t.variable(&Tensor::scalar(value)));
            let mut grads = params.gradients();
            base.pow(exponent).backward(&mut grads).unwrap();
            let found = [base, exponent].map(|leaf| grads.of(leaf).unwrap().data()[0]);
            assert_eq!(found, [to_base, to_exponent], "{x}^{y}");
            let forward = |x: f64, y: f64, along: [f64; 2]| Dual::new(x, along[0]).pow(Dual::new(y, along[1])).tangent;
            assert_eq!([forward(x, y, [1.0, 0.0]), forward(x, y, [0.0, 1.0])], found, "{x}^{y}");
            base.pow(exponent).backward_with(&Tensor::scalar(0.0), &mut grads).unwrap();
            assert_eq!(grads.of(exponent).unwrap().data(), &[0.0]);
        }
    }

    #[test]
    fn the_checker_accuses_no_power_of_zero() {
        check::op(&Pow {}, [[0.0, 2.0].into(), [0.0, 3.0].into()]).unwrap().assert();
        check::op(&Pow {}, [[0.0, 0.0, 0.0].into(), [1.0, 2.0, 3.0].into()]).unwrap().assert();
    }
}
