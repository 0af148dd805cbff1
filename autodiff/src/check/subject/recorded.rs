//! What records itself on a tape of dual numbers: operations, functions and models.

use super::{Answer, D, Request, Subject};
use crate::array::Tensor;
use crate::check::report::Probe;
use crate::check::storage::Storage;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Mode, Recording, Tape, Var};

/// A subject on a tape.
pub(in crate::check) trait Recorded {
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D>;
    /// The parameters that are its inputs, in order; `None` if its inputs are values on the tape.
    fn params(&self) -> Option<&Params<D>> {
        None
    }
}

/// What does not apply to a composition: in `sin(x·y)`, `x·y` overflows and `x` may not be any number.
fn composition(probe: Probe) -> Option<&'static str> {
    match probe {
        Probe::Slopes | Probe::Extremes => Some("for single operations: a composition bounds what its parts are given"),
        Probe::Enlarged => Some("for single operations, which have loops of their own"),
        Probe::SinglePrecision | Probe::DoublePrecision => Some("recorded in dual numbers only"),
        _ => None,
    }
}

pub(in crate::check) struct OpSubject<'a>(pub(in crate::check) &'a dyn AnyScalar);

impl Subject for OpSubject<'_> {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }
    fn call(&self, inputs: &str) -> String {
        format!("op(&{:?}, [{inputs}])", self.0)
    }
    fn run(&self, request: Request<'_>, tape: &mut Tape<D>) -> Result<Answer, Error> {
        run_on_values(|t, inputs| self.record(t, inputs), request, tape)
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.double().differentiable(input)
    }
    fn lacks(&self, _: Probe) -> Option<&'static str> {
        None
    }
    fn recorded(&self) -> Option<&dyn Recorded> {
        Some(self)
    }
    fn operation(&self) -> Option<&dyn AnyScalar> {
        Some(self.0)
    }
}

impl Recorded for OpSubject<'_> {
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D> {
        t.apply(self.0.dual(), inputs)
    }
}

pub(in crate::check) struct FunctionSubject<F, const N: usize>(pub(in crate::check) F);

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
    fn run(&self, request: Request<'_>, tape: &mut Tape<D>) -> Result<Answer, Error> {
        run_on_values(|t, inputs| self.record(t, inputs), request, tape)
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        composition(probe)
    }
    fn recorded(&self) -> Option<&dyn Recorded> {
        Some(self)
    }
}

impl<F, const N: usize> Recorded for FunctionSubject<F, N>
where
    F: for<'t> Fn([Var<'t, D>; N]) -> Var<'t, D>,
{
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D> {
        match <[Var<'t, D>; N]>::try_from(inputs) {
            Ok(inputs) => (self.0)(inputs),
            Err(_) => t.constant(&Tensor::scalar(D::default())), // unreachable: a case has N inputs by its type
        }
    }
}

pub(in crate::check) struct ModelSubject<F> {
    pub(in crate::check) params: Params<D>,
    pub(in crate::check) loss: F,
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
    fn run(&self, request: Request<'_>, tape: &mut Tape<D>) -> Result<Answer, Error> {
        tape.poison_buffers(request.poisoned);
        let params = with_values(&self.params, request.inputs);
        let t = tape.start(&params, Mode::Train);
        let output = (self.loss)(&t);
        let mut gradients = Vec::new();
        if let Some(cotangent) = request.cotangent {
            let mut grads = params.gradients();
            output.backward_with(&cotangent.cast(), &mut grads)?;
            gradients.extend(params.ids().map(|id| grads.received(&params, id)));
        }
        Ok(Answer { output: output.value()?, gradients })
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        match probe {
            Probe::Accumulation | Probe::Subsets | Probe::Layouts => Some("the inputs of a model are its parameters"),
            Probe::Extents => Some("the shapes of parameters are fixed"),
            other => composition(other),
        }
    }
    fn recorded(&self) -> Option<&dyn Recorded> {
        Some(self)
    }
}

impl<F> Recorded for ModelSubject<F>
where
    F: for<'t> Fn(&'t Recording<'t, D>) -> Var<'t, D>,
{
    fn record<'t>(&self, t: &'t Recording<'t, D>, _: &[Var<'t, D>]) -> Var<'t, D> {
        (self.loss)(t)
    }
    fn params(&self) -> Option<&Params<D>> {
        Some(&self.params)
    }
}

/// A copy of the parameters with the inputs as values.
pub(in crate::check) fn with_values(params: &Params<D>, inputs: &[Tensor<D>]) -> Params<D> {
    let mut params = params.clone();
    let values = inputs.iter().flat_map(|input| input.data().iter().copied());
    params.flat_mut().iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
    params
}

/// Runs, on a reused tape, what `record` records of values in any scalar.
pub(in crate::check) fn run_on_values<T: Real>(
    record: impl for<'t> Fn(&'t Recording<'t, T>, &[Var<'t, T>]) -> Var<'t, T>,
    request: Request<'_, T>,
    tape: &mut Tape<T>,
) -> Result<Answer<T>, Error> {
    tape.poison_buffers(request.poisoned);
    let params = Params::default();
    let t = tape.start(&params, Mode::Train);
    let stored: Vec<Tensor<T>>;
    let stored = match request.storage {
        Storage::Dense => request.inputs,
        storage => {
            stored = request.inputs.iter().map(|x| storage.store(x)).collect();
            &stored
        }
    };
    let leaf = |(x, &wanted): (&Tensor<T>, &bool)| if wanted { t.variable(x) } else { t.input(x) };
    let leaves: Vec<Var<'_, T>> = stored.iter().zip(request.wanted).map(leaf).collect();
    let views = request.inputs.iter().enumerate();
    let views = views.map(|(input, x)| request.storage.view(leaves[request.source(input)], x.shape()));
    let inputs: Vec<Var<'_, T>> = views.collect();
    let others = |first: bool| {
        let second = request.second.filter(|second| second.first == first)?;
        let terms = inputs.iter().zip(second.weights).map(|(&x, w)| (x * t.input(&w.cast())).sum(..));
        terms.reduce(|sum, term| sum + term)
    };
    let before = others(true);
    let output = record(&t, &inputs);
    let others = before.or_else(|| others(false));
    let mut grads = params.gradients();
    match (request.pulled(), others) {
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
