//! The gradient checker: for built-in operations, for your own, for functions and for whole models.
//!
//! ```
//! use autodiff::check;
//! use autodiff::ops::Tanh;
//!
//! // An operation, at one case: a list of inputs.
//! check::op(&Tanh {}, [[0.3, -1.2].into()])?.assert();
//! // A function of values.
//! check::function(|[x, y]| (x * y).sin().sum(..), [[1.0, 2.0].into(), [0.5, -0.3].into()])?.assert();
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! The first reference is exact: forward mode in dual numbers, from the same generic forward code, to rounding. The
//! second, finite differences, comes with an estimate of its own error and says when it cannot decide. Beyond the
//! derivative, fourteen [`Probe`]s look at how gradients are passed on, at layouts, replays, ties, extremes, `f32` and
//! second order. Fresh buffers are filled with NaN, and a NaN never passes. A panic of the operation is a finding, with the
//! inputs that led to it.
//!
//! # What a failure looks like
//!
//! A division whose right side has the wrong sign, `scalar_op! { Divide, |x, y| x / y, |z| [T::ONE / y, z / y] }`:
//!
//! ```text
//! gradient check of Divide: FAILED; 1 case(s), 134 numbers compared, seed 0
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
//! logarithm: the operation is named, with its place on the tape and the line that recorded it.
//!
//! ```text
//! gradient check of function of 1 input(s): FAILED; 1 case(s), 19 numbers compared, seed 0
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
mod derivative;
mod diagnosis;
mod examiner;
mod panics;
mod reference;
mod report;
mod runs;
mod single;
mod slopes;
mod storage;
#[cfg(feature = "proptest")]
pub mod strategy;
mod structure;
mod subject;
mod suspects;

pub use builder::Check;
pub use diagnosis::Diagnosis;
pub use report::{Discrepancy, Finding, Probe, Report};

use crate::array::Tensor;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Recording, Var};

/// The inputs of one case of an operation.
pub type CaseInputs = Vec<Tensor<f64>>;

/// One case, or several.
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

/// Checks an operation that is generic over the scalar. [`Check::op`] with the defaults.
///
/// # Errors
/// Cases that the operation refuses. A wrong gradient is no error here: see [`Report::passed`] and [`Report::assert`].
pub fn op(op: &dyn AnyScalar, cases: impl Into<Cases>) -> Result<Report, Error> {
    Check::new().op(op, cases)
}

/// Checks a function of `N` values. [`Check::function`] with the defaults.
///
/// # Errors
/// Mistakes that the function makes on the tape.
pub fn function<F, const N: usize>(function: F, inputs: [Tensor<f64>; N]) -> Result<Report, Error>
where
    F: for<'t> Fn([Var<'t, Dual<f64>>; N]) -> Var<'t, Dual<f64>>,
{
    Check::new().function(function, inputs)
}

/// Checks a model's gradients with respect to all its parameters. [`Check::model`] with the defaults.
///
/// # Errors
/// Mistakes that the model makes on the tape.
pub fn model<T: Real, F>(params: &Params<T>, loss: F) -> Result<Report, Error>
where
    F: for<'t> Fn(&'t Recording<'t, Dual<f64>>) -> Var<'t, Dual<f64>>,
{
    Check::new().model(params, loss)
}

/// Checks an operation that knows `f32` only: against finite differences, to their precision, and without what needs
/// dual numbers. An operation generic over the scalar is checked far more sharply by [`op`].
///
/// # Errors
/// As [`op`].
pub fn single<O: Op<f32> + Clone + Sync>(op: &O, cases: impl Into<Cases>) -> Result<Report, Error> {
    Check::new().single(op, cases)
}
