//! Derivatives of functions and models, to any order: gradients, directional derivatives, Jacobians, Hessians.
//!
//! A function is a closure on [`Var`](crate::Var)s. Functions that use forward mode take a closure on dual numbers; one that
//! only calls methods of `Var` is written the same way in every scalar. Nesting gives higher orders: with `T = Dual<f64>`,
//! [`hvp`] computes third derivatives.

mod forward;
mod hessian;
mod model;
mod reverse;

pub use forward::{jacobian, jvp};
pub use hessian::{hessian, hvp};
pub use model::{model_hessian, model_hvp};
pub use reverse::{grad, value_and_grad, vjp};
