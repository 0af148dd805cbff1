//! Functions of one element, in `f32` and `f64`, written without branches, so that loops over them vectorize under
//! [`dispatch`]. Sine and cosine branch for large arguments; see [`trigonometric`].
//!
//! The result depends only on the argument: not on its position in a slice, its neighbors or the instruction set. Errors, in units
//! in the last place (`f32` over all its values, `f64` over random ones):
//!
//! | | exp | exp_m1 | tanh | sigmoid | ln | ln_1p | erf | erfc | sin | cos |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | `f32` | 1.4 | 3.1 | 1.8 | 2.5 | 0.9 | 1.0 | 2.8 | 3.5 | 0.6 | 0.6 |
//! | `f64` | 1.4 | 3.1 | 1.8 | 2.5 | 1.0 | 1.0 | 3.0 | 4.0 | 0.8 | 0.8 |

/// `c₀ + x (c₁ + x (c₂ + …))`, written out: a loop over coefficients could keep the loop over elements from vectorizing.
macro_rules! horner {
    ($x:ident, [$c:literal]) => { $c };
    ($x:ident, [$c:literal, $($rest:literal),+]) => { $c + $x * horner!($x, [$($rest),+]) };
}

mod error;
mod exponential;
mod logarithm;
#[cfg(test)]
mod tests;
mod trigonometric;

pub(super) use self::trigonometric::is_moderate;
use super::dispatch;
use crate::scalar::Real;

pub(crate) mod single {
    pub(crate) use super::error::single::*;
    pub(crate) use super::exponential::single::*;
    pub(crate) use super::logarithm::single::*;
    pub(crate) use super::trigonometric::single::*;
}

pub(crate) mod double {
    pub(crate) use super::error::double::*;
    pub(crate) use super::exponential::double::*;
    pub(crate) use super::logarithm::double::*;
    pub(crate) use super::trigonometric::double::*;
}

/// Replaces each `x` by `e^(x − shift)`.
pub(crate) fn exp_all<T: Real>(values: &mut [T], shift: T) {
    dispatch(move || values.iter_mut().for_each(move |x| *x = (*x - shift).exp()));
}
