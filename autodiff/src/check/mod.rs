//! The gradient checker: checks operations, functions and whole models.
//!
//! ```
//! use autodiff::check;
//! use autodiff::ops::Tanh;
//!
//! // An operation, at one case: an array of inputs.
//! check::op(&Tanh {}, [[0.3, -1.2].into()])?.assert();
//! // A function.
//! check::function(|[x, y]| (x * y).sin().sum(..), [[1.0, 2.0].into(), [0.5, -0.3].into()])?.assert();
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! Gradients are compared with two references. Forward mode in dual numbers, which runs the same generic forward code, is
//! exact to rounding. Finite differences come with an error estimate; if it is too large, the comparison is reported as
//! undecided. In all, eighteen [`Probe`]s check the derivative, its accumulation and linearity, strided inputs, replays,
//! ties, extreme values, `f32` and second derivatives. Fresh buffers are filled with NaN, and a NaN never passes. A panic
//! of the operation is a finding that lists the inputs.
//!
//! # What a failure looks like
//!
//! A division whose right side has the wrong sign, `scalar_op! { Divide, |x, y| x / y, |z| [T::ONE / y, z / y] }`:
//!
//! ```text
//! gradient check of Divide: FAILED; 1 case(s), 629 numbers compared, seed 0
//! Derivative: sign flipped
//!   inputs [3], [3]
//!   entry                        analytic      reference    allowed     ratio
//!   input 1[1]                 9.416745e0    -9.416745e0    9.4e-10   -1.0000
//!   input 1[2]                 1.564048e0    -1.564048e0    1.6e-10   -1.0000
//!   input 1[0]                1.586755e-1   -1.586755e-1    1.7e-11   -1.0000
//!   reproduce: Check::new().seed(0).op(&Divide, [[1.0, 2.0, 3.0].into(), [2.0, 0.5, 1.5].into()])
//! FiniteDifferences, along a random direction: the gradient is wrong
//!   inputs [3], [3]
//!   entry                        analytic      reference    allowed     ratio
//!   all inputs[]              -7.742673e0     1.335013e1     1.4e-8   -0.5800
//!   reproduce: Check::new().seed(0).op(&Divide, [[1.0, 2.0, 3.0].into(), [2.0, 0.5, 1.5].into()])
//! skipped: Extents, shown short
//! skipped: SecondOrder, shown short
//! ```
//!
//! A function in which one operation is wrong, `x.square().apply(Root).sum(..)`, where `Root` has the derivative of the
//! logarithm: the report names the operation, its index on the tape and the line that recorded it.
//!
//! ```text
//! gradient check of function of 1 input(s): FAILED; 1 case(s), 169 numbers compared, seed 0
//! Derivative: the gradient is wrong
//!   inputs [2]
//!   suspect: #2 Root at tests/check.rs:12:52
//!   entry                        analytic      reference    allowed     ratio
//!   input 0[0]                 1.706645e0    5.973258e-1    6.0e-11    2.8571
//!   input 0[1]                4.119488e-1    5.973258e-1    6.0e-11    0.6897
//!   reproduce: Check::new().seed(0).function(f, [[0.7, 2.9].into()])
//! FiniteDifferences, along a random direction: the gradient is wrong
//!   inputs [2]
//!   suspect: #2 Root at tests/check.rs:12:52
//!   entry                        analytic      reference    allowed     ratio
//!   all inputs[]              -1.303767e0   -8.169204e-1     2.3e-9    1.5960
//!   reproduce: Check::new().seed(0).function(f, [[0.7, 2.9].into()])
//! skipped: Extents, shown short
//! skipped: Layouts, shown short
//! ```

mod builder;
mod domain;
mod examiner;
mod panics;
mod patterns;
mod probes;
mod reference;
mod report;
mod storage;
#[cfg(feature = "proptest")]
pub mod strategy;
mod subject;
mod suspects;
mod tensors;
mod trial;

pub use builder::Check;
pub use report::{Consequence, Diagnosis, Discrepancy, Finding, Probe, Rates, Report};
pub use storage::Storage;
pub use subject::{Consumer, Engine, ForeignGradient, Gradient, Jacobian, Jvp, Operand, Outcome, Run, Vjp};

use crate::array::Tensor;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Recording, Var};

/// The inputs of one case.
pub type CaseInputs = Vec<Tensor<f64>>;

/// One or several cases, each a list of inputs. Made from an array of inputs (one case) or a vector of cases.
#[derive(Clone, Debug)]
pub struct Cases(Vec<CaseInputs>);

impl<const N: usize> From<[Tensor<f64>; N]> for Cases {
    /// One case with these inputs.
    fn from(inputs: [Tensor<f64>; N]) -> Self {
        Cases(vec![inputs.into()])
    }
}

impl From<Vec<CaseInputs>> for Cases {
    /// Several cases.
    fn from(cases: Vec<CaseInputs>) -> Self {
        Cases(cases)
    }
}

/// Checks an operation that is generic over the scalar: [`Check::op`] with default settings.
///
/// # Errors
/// If the operation rejects a case. A wrong gradient is not an error: see [`Report::passed`] and [`Report::assert`].
pub fn op(op: &dyn AnyScalar, cases: impl Into<Cases>) -> Result<Report, Error> {
    Check::new().op(op, cases)
}

/// Checks a function of `N` inputs: [`Check::function`] with default settings. Its value may have any shape.
///
/// # Errors
/// A mistake made by the function on the tape.
pub fn function<F, const N: usize>(function: F, inputs: [Tensor<f64>; N]) -> Result<Report, Error>
where
    F: for<'t> Fn([Var<'t, Dual<f64>>; N]) -> Var<'t, Dual<f64>>,
{
    Check::new().function(function, inputs)
}

/// Checks a model's gradients with respect to all its parameters: [`Check::model`] with default settings.
///
/// # Errors
/// A mistake made by the model on the tape.
pub fn model<T: Real, F>(params: &Params<T>, loss: F) -> Result<Report, Error>
where
    F: for<'t> Fn(&'t Recording<'t, Dual<f64>>) -> Var<'t, Dual<f64>>,
{
    Check::new().model(params, loss)
}

/// Checks an operation implemented for `f32` only, against finite differences and to their precision, without the probes
/// that need dual numbers. For an operation generic over the scalar, [`op`] is far more precise.
///
/// # Errors
/// As [`op`].
pub fn single<O: Op<f32> + Clone>(op: &O, cases: impl Into<Cases>) -> Result<Report, Error> {
    Check::new().single(op, cases)
}

/// Checks an operation of another framework, through an adapter of a few methods, against finite differences.
///
/// # Errors
/// If the engine rejects a case, or returns a gradient of another shape than that of its leaf.
pub fn engine(engine: &dyn Engine, cases: impl Into<Cases>) -> Result<Report, Error> {
    Check::new().engine(engine, cases)
}

/// Checks anyone's gradient: a function of one slice of `f64` or `f32`, in which the named inputs follow each other, with its
/// [`Gradient`], [`Vjp`], [`Jvp`] or [`Jacobian`].
///
/// ```
/// use autodiff::check::{self, Gradient};
///
/// let f = |x: &[f64]| vec![x[0] * x[1].sin()];
/// let gradient = Gradient(|x: &[f64]| vec![x[1].sin(), x[0] * x[1].cos()]);
/// check::foreign(f, gradient, [("amplitude", [0.7].into()), ("angle", [1.9].into())])?.assert();
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// If the gradient has not as many numbers as the inputs.
pub fn foreign<T: Real, F, G, const N: usize>(
    function: F,
    gradient: G,
    inputs: [(&str, Tensor<f64>); N],
) -> Result<Report, Error>
where
    F: Fn(&[T]) -> Vec<T>,
    G: ForeignGradient<T>,
{
    Check::new().foreign(function, gradient, inputs)
}
