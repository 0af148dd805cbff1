//! What is checked: an operation, a function, a model, an operation of `f32` alone, another engine's operation, or a black
//! box. Each runs forward and backward on request.

mod black_box;
mod engine;
mod recorded;
mod single;

pub(super) use black_box::BlackBox;
pub use black_box::{ForeignGradient, Gradient, Jacobian, Jvp, Vjp};
pub(super) use engine::EngineSubject;
pub use engine::{Consumer, Engine, Operand, Outcome, Run};
pub(super) use recorded::{FunctionSubject, ModelSubject, OpSubject, Recorded, run_on_values, with_values};
pub(super) use single::SingleSubject;

use super::report::Probe;
use super::storage::Storage;
use crate::array::Tensor;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::scalar::{Dual, Real};
use crate::tape::Tape;

pub(super) type D = Dual<f64>;

/// A computation with inputs and one output.
pub(super) trait Subject {
    fn name(&self) -> String;
    /// Code that checks it again at these inputs.
    fn call(&self, inputs: &str) -> String;
    /// Runs it, on a reused tape.
    fn run(&self, request: Request<'_>, tape: &mut Tape<D>) -> Result<Answer, Error>;
    /// Whether it has a gradient for this input.
    fn differentiable(&self, input: usize) -> bool {
        let _ = input;
        true
    }
    /// Whether it runs in dual numbers. If not, finite differences are the reference.
    fn has_tangents(&self) -> bool {
        self.recorded().is_some()
    }
    /// The relative rounding error of its arithmetic.
    fn epsilon(&self) -> f64 {
        f64::EPSILON
    }
    /// How its inputs can be stored.
    fn storages(&self) -> &[Storage] {
        &Storage::ALL
    }
    /// Why a probe does not apply to it; `None` if it does.
    fn lacks(&self, probe: Probe) -> Option<&'static str>;
    /// What records it on a tape of dual numbers, if anything does.
    fn recorded(&self) -> Option<&dyn Recorded> {
        None
    }
    /// The operation in every scalar, if it is one.
    fn operation(&self) -> Option<&dyn AnyScalar> {
        None
    }
}

/// How to run a subject.
#[derive(Clone, Copy)]
pub(super) struct Request<'a, T: Real = D> {
    pub(super) inputs: &'a [Tensor<T>],
    /// Which inputs need gradients.
    pub(super) wanted: &'a [bool],
    /// `None` to run forward only.
    pub(super) cotangent: Option<&'a Tensor<f64>>,
    pub(super) storage: Storage,
    /// A second consumer of the inputs.
    pub(super) second: Option<Consumer<'a>>,
    /// For each input, the one whose value it is; empty if each is its own.
    pub(super) sources: &'a [usize],
    /// Whether fresh buffers are filled with NaN.
    pub(super) poisoned: bool,
}

impl<'a, T: Real> Request<'a, T> {
    /// To run forward only, on contiguous inputs, with fresh buffers filled with NaN.
    pub(super) fn new(inputs: &'a [Tensor<T>], wanted: &'a [bool]) -> Self {
        let (cotangent, storage, second) = (None, Storage::Dense, None);
        Request { inputs, wanted, cotangent, storage, second, sources: &[], poisoned: true }
    }

    /// The input whose value this one is.
    pub(super) fn source(&self, input: usize) -> usize {
        self.sources.get(input).copied().unwrap_or(input)
    }

    /// The cotangent, if any input needs a gradient.
    pub(super) fn pulled(&self) -> Option<&Tensor<f64>> {
        self.cotangent.filter(|_| self.wanted.contains(&true))
    }
}

/// The result of a run; an input that receives no gradient has an error instead.
pub(super) struct Answer<T: Real = D> {
    pub(super) output: Tensor<T>,
    pub(super) gradients: Vec<Result<Tensor<T>, Error>>,
}
