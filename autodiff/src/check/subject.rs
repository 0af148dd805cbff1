//! The subject of a check: an operation, a function or a model. All run in dual numbers over `f64`, so that one recording
//! gives values, gradients, directional derivatives and second derivatives.

use crate::array::Tensor;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::Dual;
use crate::tape::{Mode, Recording, Tape, Var};

use super::storage::Storage;

pub(super) type D = Dual<f64>;

/// A computation with inputs and one output.
pub(super) trait Subject {
    fn name(&self) -> String;
    /// Code that checks it again at these inputs.
    fn call(&self, inputs: &str) -> String;
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D>;
    /// Whether it has a gradient for this input.
    fn differentiable(&self, input: usize) -> bool {
        let _ = input;
        true
    }
    /// Whether forward mode works: not if it computes in `f32` internally.
    fn has_tangents(&self) -> bool {
        true
    }
    /// The relative rounding error of its arithmetic.
    fn epsilon(&self) -> f64 {
        f64::EPSILON
    }
    /// The operation in `f32`, if it is one.
    fn single(&self) -> Option<Box<dyn Op<f32>>> {
        None
    }
    /// The operation in `f64`, if it is one.
    fn double(&self) -> Option<Box<dyn Op<f64>>> {
        None
    }
    /// Whether it is a single operation. A composition cannot be tested at extremes: in `sin(x·y)`, `x·y` overflows.
    fn is_operation(&self) -> bool {
        self.single().is_some()
    }
    /// The parameters that are its inputs, in order; `None` if its inputs are values on the tape.
    fn params(&self) -> Option<&Params<D>> {
        None
    }
}

pub(super) struct OpSubject<'a>(pub(super) &'a dyn AnyScalar);

impl Subject for OpSubject<'_> {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }
    fn call(&self, inputs: &str) -> String {
        format!("op(&{:?}, [{inputs}])", self.0)
    }
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D> {
        t.apply(self.0.dual(), inputs)
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.double().differentiable(input)
    }
    fn single(&self) -> Option<Box<dyn Op<f32>>> {
        Some(self.0.single())
    }
    fn double(&self) -> Option<Box<dyn Op<f64>>> {
        Some(self.0.double())
    }
}

pub(super) struct FunctionSubject<F, const N: usize>(pub(super) F);

impl<F, const N: usize> Subject for FunctionSubject<F, N>
where
    F: for<'t> Fn([Var<'t, D>; N]) -> Var<'t, D>,
{
    fn name(&self) -> String {
        format!("function of {N} input(s)")
    }
    fn call(&self, inputs: &str) -> String {
        format!("function(f, [{inputs}])")
    }
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D> {
        match <[Var<'t, D>; N]>::try_from(inputs) {
            Ok(inputs) => (self.0)(inputs),
            Err(_) => t.constant(&Tensor::scalar(D::default())), // unreachable: a case has N inputs by its type
        }
    }
}

pub(super) struct ModelSubject<F> {
    pub(super) params: Params<D>,
    pub(super) loss: F,
}

impl<F> Subject for ModelSubject<F>
where
    F: for<'t> Fn(&'t Recording<'t, D>) -> Var<'t, D>,
{
    fn name(&self) -> String {
        "model".into()
    }
    fn call(&self, _: &str) -> String {
        "model(&params, loss)".into()
    }
    fn record<'t>(&self, t: &'t Recording<'t, D>, _: &[Var<'t, D>]) -> Var<'t, D> {
        (self.loss)(t)
    }
    fn params(&self) -> Option<&Params<D>> {
        Some(&self.params)
    }
}

/// How to run a subject.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) inputs: &'a [Tensor<D>],
    /// Which inputs need gradients.
    pub(super) wanted: &'a [bool],
    /// `None` to run forward only.
    pub(super) cotangent: Option<&'a Tensor<f64>>,
    pub(super) storage: Storage,
    /// Weights `w` of a second consumer `Σ ⟨w, x⟩`, and whether it is recorded first.
    pub(super) second: Option<(&'a [Tensor<f64>], bool)>,
    /// For each input, the one whose value it is; empty if each is its own.
    pub(super) sources: &'a [usize],
    /// Whether fresh buffers are filled with NaN.
    pub(super) poisoned: bool,
}

/// The result of a run; an input that receives no gradient has an error instead.
pub(super) struct Answer {
    pub(super) output: Tensor<D>,
    pub(super) gradients: Vec<Result<Tensor<D>, Error>>,
}

/// Runs a subject on a reused tape.
pub(super) fn run(subject: &dyn Subject, request: Request<'_>, tape: &mut Tape<D>) -> Result<Answer, Error> {
    tape.poison_buffers(request.poisoned);
    match subject.params() {
        Some(params) => run_model(subject, &with_values(params, request.inputs), tape, request),
        None => run_on_values(subject, tape, request),
    }
}

/// A copy of the parameters with the inputs as values.
pub(super) fn with_values(params: &Params<D>, inputs: &[Tensor<D>]) -> Params<D> {
    let mut params = params.clone();
    let values = inputs.iter().flat_map(|input| input.data().iter().copied());
    params.flat_mut().iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
    params
}

fn run_model(
    subject: &dyn Subject,
    params: &Params<D>,
    tape: &mut Tape<D>,
    request: Request<'_>,
) -> Result<Answer, Error> {
    let t = tape.start(params, Mode::Train);
    let output = subject.record(&t, &[]);
    let mut gradients = Vec::new();
    if let Some(cotangent) = request.cotangent {
        let mut grads = params.gradients();
        output.backward_with(&cotangent.cast(), &mut grads)?;
        gradients.extend(params.ids().map(|id| grads.received(params, id)));
    }
    Ok(Answer { output: output.value()?, gradients })
}

fn run_on_values(subject: &dyn Subject, tape: &mut Tape<D>, request: Request<'_>) -> Result<Answer, Error> {
    let params = Params::default();
    let t = tape.start(&params, Mode::Train);
    let stored: Vec<Tensor<D>>;
    let stored = match request.storage {
        Storage::Dense => request.inputs,
        storage => {
            stored = request.inputs.iter().map(|x| storage.store(x)).collect();
            &stored
        }
    };
    let leaf = |(x, &wanted): (&Tensor<D>, &bool)| if wanted { t.variable(x) } else { t.input(x) };
    let leaves: Vec<Var<'_, D>> = stored.iter().zip(request.wanted).map(leaf).collect();
    let source = |input: usize| request.sources.get(input).copied().unwrap_or(input);
    let views = request.inputs.iter().enumerate();
    let views = views.map(|(input, x)| request.storage.view(leaves[source(input)], x.shape()));
    let inputs: Vec<Var<'_, D>> = views.collect();
    let others = || {
        let (weights, _) = request.second?;
        let terms = inputs.iter().zip(weights).map(|(&x, w)| (x * t.input(&w.cast())).sum(..));
        terms.reduce(|sum, term| sum + term)
    };
    let first = if matches!(request.second, Some((_, true))) { others() } else { None };
    let output = subject.record(&t, &inputs);
    let second = if matches!(request.second, Some((_, false))) { others() } else { None };
    let mut grads = params.gradients();
    match (request.cotangent.filter(|_| request.wanted.contains(&true)), first.or(second)) {
        (None, _) => {}
        (Some(cotangent), None) => output.backward_with(&cotangent.cast(), &mut grads)?,
        (Some(cotangent), Some(other)) => {
            let own = (output * t.input(&cotangent.cast())).sum(..);
            (own + other).backward(&mut grads)?;
        }
    }
    let gradients = leaves.iter().map(|&leaf| grads.of(leaf)).collect();
    Ok(Answer { output: output.value()?, gradients })
}
