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
//! exact to rounding. Finite differences come with an error estimate, and Taylor's test with the rates at which its remainders
//! fall. In all, nineteen [`Probe`]s check the derivative, its accumulation and linearity, strided inputs, other shapes,
//! replays, ties, far and extreme values, `f32`, `f64` and second derivatives. Fresh buffers are filled with NaN, and a NaN
//! never passes. A panic of the operation is a finding that lists the inputs.
//!
//! A disagreement is judged before it becomes a finding. Between the slopes to both sides of a kink every gradient is right;
//! where terms cancel in dual numbers, or a function bends faster than the steps of differences, nothing can be decided; a path
//! through `detach` is left out of a gradient on purpose. The report says so and passes.
//!
//! | what is checked | by |
//! |---|---|
//! | an operation, generic over the scalar | [`op`] |
//! | an operation of `f32` alone | [`single`] |
//! | a function, a model | [`function`], [`model`] |
//! | a gradient written by hand, or by another program | [`foreign`] |
//! | operations of another framework | [`engine()`], by an adapter ([`Engine`]) |
//!
//! [`Check`] has the settings: bounds of an input that no probe leaves ([`Check::within`]), tolerances, probes to skip.
//!
//! # What a report says
//!
//! **A mistake.** A division whose right side has the wrong sign, `scalar_op! { Divide, |x, y| x / y, |z| [T::ONE / y, z / y] }`.
//! The first line says what is wrong, in which input, and how sure that is; then come the probe that shows it best, the worst
//! elements, which other probes see it too, code to repeat it, and the line that silences the probe:
//!
//! ```text
//! FAILED: Divide: sign flipped, input 1 (certain)
//!   Derivative; inputs [3], [3]
//!   entry                        analytic      reference    allowed     ratio
//!   input 1[1]                 9.416745e0    -9.416745e0    9.4e-10   -1.0000
//!   input 1[2]                 1.564048e0    -1.564048e0    1.6e-10   -1.0000
//!   input 1[0]                1.586755e-1   -1.586755e-1    1.7e-11   -1.0000
//!   also seen by: FiniteDifferences, Taylor, Extents, SecondOrder
//!   reproduce: Check::new().seed(0).op(&Divide, [[1.0, 2.0, 3.0].into(), [2.0, 0.5, 1.5].into()])
//!   if it is meant: Check::new().skip(Probe::Derivative, "why")
//! 692 numbers compared in 1 case(s), seed 0
//! Taylor's test: remainders fall at rates 1.00 and 1.00, until rounding at h = 3e-11
//! ```
//!
//! In a function, the line also names the operation, its index on the tape and the line that recorded it. In
//! `x.square().apply(Root).sum(..)`, `Root` has the derivative of the logarithm:
//!
//! ```text
//! FAILED: function of 1 input(s): the gradient is wrong, input 0, by #2 Root at tests/check.rs:153:53 (certain)
//!   Derivative; inputs [2]
//!   entry                        analytic      reference    allowed     ratio
//!   input 0[0]                 1.706645e0    5.973258e-1    6.0e-11    2.8571
//!   input 0[1]                4.119488e-1    5.973258e-1    6.0e-11    0.6897
//!   also seen by: FiniteDifferences, Taylor, Extents
//!   reproduce: Check::new().seed(0).function(f, [[0.7, 2.9].into()])
//!   if it is meant: Check::new().skip(Probe::Derivative, "why")
//! 222 numbers compared in 1 case(s), seed 0
//! Taylor's test: remainders fall at rates 1.00 and 1.00, until rounding at h = 3e-11
//! not applicable: Enlarged, Slopes, SinglePrecision, DoublePrecision, Extremes
//! ```
//!
//! **A warning.** `x σ(30 x)` passes; near the largest numbers `30 x` overflows, and its product with 0 is NaN. If such numbers
//! matter, the operation has to compute it in another way; otherwise there is nothing to do:
//!
//! ```text
//! passed: Swish; 6610 numbers compared in 1 case(s), seed 0
//! Taylor's test: remainders fall at rates 2.00 and 3.00, until rounding at h = 5e-7
//! warning: right at 1e306; overflows to a NaN gradient beyond
//! warning: right at −1e306; overflows to a NaN gradient beyond
//! ```
//!
//! **Undecided.** `x sin(1/x)` and its gradient as black boxes, at 10⁻⁴, where it has a wave every 6·10⁻⁸. No step of finite
//! differences is both smaller and large enough for rounding; Taylor's remainders still fall as they must:
//!
//! ```text
//! passed: black box; 141 numbers compared in 1 case(s), seed 0
//! Taylor's test: remainders fall at rates 1.99 and 3.00, until rounding at h = 3e-11
//! undecided: x[0]: 1.213240e4, differences give 1.146298e0 ± 5.2e-2: smaller steps agree, so that the function bends faster than these
//! undecided: black box at [1]: -6.022805e3, differences give 4.745182e-1 ± 1.5e-2: smaller steps agree, so that the function bends faster than these
//! undecided: black box at [1]: 5.770000e3, differences give -2.548205e-1 ± 4.0e-2: smaller steps agree, so that the function bends faster than these
//! undecided: x[0]: 1.452346e-1, differences give 1.372211e-5 ± 6.2e-7: smaller steps agree, so that the function bends faster than these
//! not applicable: Accumulation, Subsets, Layouts, Extents, Enlarged, Slopes, Replay, SinglePrecision, DoublePrecision, Extremes, SecondOrder, Received
//! ```

mod builder;
mod columns;
mod domain;
mod examiner;
mod panics;
mod patterns;
mod probes;
mod reference;
mod report;
mod rounding;
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
/// If the engine rejects a case.
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
