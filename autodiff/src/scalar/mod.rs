//! The scalars of a tape: [`Real`], implemented for `f32`, `f64` and [`Dual`].

mod dual;
mod float;
mod real;

pub use dual::Dual;
pub use real::Real;
pub(crate) use real::{acosh_slope, asinh_slope, base_slope, exponent_slope};
