//! Operations of other engines: the trait that an adapter implements, and how the checker runs it.

use super::{Answer, D, Request, Subject};
use crate::array::{Shape, Tensor};
use crate::check::report::Probe;
use crate::check::storage::Storage;
use crate::check::tensors::values;
use crate::error::Error;
use crate::tape::Tape;

/// An operation or function of another framework, for [`check::engine`](crate::check::engine()).
///
/// An adapter makes a leaf for each operand, takes the view of it that the operand asks for, applies the operation, and
/// returns its output with the gradients of the leaves:
///
/// ```
/// use autodiff::Tensor;
/// use autodiff::check::{self, Engine, Outcome, Probe, Run, Storage};
///
/// /// x², by an engine that knows dense arrays only.
/// struct Square;
///
/// impl Engine for Square {
///     fn name(&self) -> String {
///         "square".into()
///     }
///     fn run(&self, run: &Run<'_>) -> Result<Outcome, String> {
///         let x = run.operands[0].leaf;
///         let gradient = run.cotangent.map(|u| Tensor::from_fn(x.shape(), |k| 2.0 * x.data()[k] * u.data()[k]));
///         Ok(Outcome { output: x.map(|x| x * x), gradients: vec![gradient] })
///     }
///     fn storages(&self) -> &[Storage] {
///         &[Storage::Dense]
///     }
///     fn lacks(&self, probe: Probe) -> Option<&'static str> {
///         (probe == Probe::Accumulation).then_some("has no tape to add gradients on")
///     }
/// }
///
/// check::engine(&Square, [[0.5, -1.5].into()])?.assert();
/// # Ok::<(), autodiff::Error>(())
/// ```
pub trait Engine {
    /// The name shown in reports.
    fn name(&self) -> String;

    /// Runs forward and, if there is a cotangent, backward.
    ///
    /// # Errors
    /// If the engine rejects the inputs, in its words. At the inputs of a case this ends the check; where the checker has
    /// changed shapes or layouts, it is no mistake. An engine that rejects by a panic needs `catch_unwind` in its adapter; other
    /// panics are findings.
    fn run(&self, run: &Run<'_>) -> Result<Outcome, String>;

    /// Whether it has a gradient for this input; true by default.
    fn differentiable(&self, input: usize) -> bool {
        let _ = input;
        true
    }

    /// The relative rounding error of its arithmetic; that of `f64` by default. For `f32`: `f32::EPSILON.into()`.
    fn epsilon(&self) -> f64 {
        f64::EPSILON
    }

    /// How it can store inputs; in all ways by default.
    fn storages(&self) -> &[Storage] {
        &Storage::ALL
    }

    /// Why a probe does not apply; the report shows it. By default every probe does that does not need our own tape.
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        let _ = probe;
        None
    }
}

/// One run of an [`Engine`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run<'a> {
    /// The inputs.
    pub operands: Vec<Operand<'a>>,
    /// The cotangent of the output, of its shape; `None` to run forward only.
    pub cotangent: Option<&'a Tensor<f64>>,
    /// Another consumer of the inputs, whose gradients are added.
    pub consumer: Option<Consumer<'a>>,
}

/// An input of a [`Run`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Operand<'a> {
    /// The values to make a leaf of.
    pub leaf: &'a Tensor<f64>,
    /// The view of the leaf that is the input.
    pub storage: Storage,
    /// The shape of that view.
    pub shape: &'a Shape,
    /// Whether the gradient of the leaf is asked for.
    pub needs_gradient: bool,
    /// The index of the operand whose leaf it shares: its own index, unless two inputs are one value.
    pub source: usize,
}

/// A second consumer of the inputs: the loss is ⟨cotangent, output⟩ + Σ ⟨weight, input⟩.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Consumer<'a> {
    /// The weight of each input, of its shape.
    pub weights: &'a [Tensor<f64>],
    /// Whether it is recorded before the operation.
    pub first: bool,
}

/// What a [`Run`] gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The output.
    pub output: Tensor<f64>,
    /// For each operand the gradient of its leaf, of the leaf's shape; `None` if it receives none or none is asked for. Empty
    /// without a cotangent.
    pub gradients: Vec<Option<Tensor<f64>>>,
}

pub(in crate::check) struct EngineSubject<'a>(pub(in crate::check) &'a dyn Engine);

impl Subject for EngineSubject<'_> {
    fn name(&self) -> String {
        self.0.name()
    }
    fn call(&self, inputs: &str) -> String {
        format!("engine(&engine, [{inputs}])")
    }
    fn run(&self, request: Request<'_>, _: &mut Tape<D>) -> Result<Answer, Error> {
        let dense: Vec<Tensor<f64>> = request.inputs.iter().map(values).collect();
        let leaves: Vec<Tensor<f64>> = dense.iter().map(|x| request.storage.store(x)).collect();
        let operand = |input: usize| Operand {
            leaf: &leaves[request.source(input)],
            storage: request.storage,
            shape: dense[input].shape(),
            needs_gradient: request.wanted[input],
            source: request.source(input),
        };
        let operands: Vec<Operand<'_>> = (0..dense.len()).map(operand).collect();
        let run = Run { operands, cotangent: request.pulled(), consumer: request.second };
        let outcome = self.0.run(&run);
        let Outcome { output, gradients } = outcome.map_err(|reason| Error::Engine { name: self.0.name(), reason })?;
        let missing = |reason: String| Error::NoGradient { of: self.0.name(), reason };
        let gradient = |(input, leaf): (usize, &Tensor<f64>)| match gradients.get(input) {
            Some(Some(gradient)) if gradient.shape() == leaf.shape() => Ok(gradient.cast()),
            Some(Some(gradient)) => {
                Err(missing(format!("it has shape {}, its leaf {}", gradient.shape(), leaf.shape())))
            }
            Some(None) | None => Err(missing("the engine returned none".into())),
        };
        let all = leaves.iter().enumerate().map(gradient).collect();
        Ok(Answer { output: output.cast(), gradients: all })
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.differentiable(input)
    }
    fn epsilon(&self) -> f64 {
        self.0.epsilon()
    }
    fn storages(&self) -> &[Storage] {
        self.0.storages()
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        match probe {
            Probe::Replay => Some("another engine's programs are its own"),
            Probe::SinglePrecision | Probe::DoublePrecision => Some("runs in the engine's own scalar"),
            Probe::SecondOrder => Some("needs dual numbers"),
            other => self.0.lacks(other),
        }
    }
}
