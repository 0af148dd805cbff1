//! A batch in parts that run on several threads: one program, an arena for each part.

mod part;

use std::panic::Location;

use super::{Gradients, InputSpec, Mode, Program, Recording, Var};
use crate::array::Tensor;
use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;
use part::{Part, for_each};

/// The gradient of a mean loss over a batch, computed in a fixed number of shards of the batch, on the threads of rayon.
///
/// The loss is recorded as a [`Program`], which is replayed for each shard in memory of its own. It must be a mean over the
/// samples, which are the first axis of every input: the loss of the batch is the mean of the shards', weighted by their
/// samples. Gradients are summed in the order of the shards, so that results depend on the number of shards and not on the
/// number of threads.
///
/// Shards draw different random numbers. What is computed across samples, such as the statistics of a batch, is that of the
/// shard, unless the values of all shards meet in [`Var::stack_shards`], as in batch normalization. Of the new values of a
/// state, that of the last shard counts; computed from what has met, all are the same.
///
/// ```
/// use autodiff::{Mode, Params, Shards, Tensor, input};
///
/// let mut params = Params::<f64>::new(0);
/// let w = params.scope("fc").parameter("weight", [3], |values, _| values.fill(1.0));
/// let x = Tensor::from_fn([5, 3], |k| k as f64);
/// let inputs = [input("x", [5, 3])];
/// let mut shards = Shards::record(&params, Mode::Train, 2, inputs, |t, [x]| (x * t.param(w)).square().mean(..))?;
/// let mut grads = params.gradients();
/// let loss = shards.backward(&params, [&x], &mut grads)?;
/// assert!((loss - x.data().iter().map(|x| x * x).sum::<f64>() / 15.0).abs() < 1e-12);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Debug)]
pub struct Shards<T: Real> {
    inputs: Vec<InputSpec>,
    parts: Vec<Part<T>>,
    /// The operations where the shards meet, in their order.
    exchanges: Vec<usize>,
    /// What they exchange.
    stacked: Vec<T>,
}

impl<T: Real> Shards<T> {
    /// Records the loss that `build` makes of the inputs, for `shards` parts of their first axis, or one for each sample if
    /// there are fewer. `build` is called once for each number of samples in a shard, which may differ by one.
    ///
    /// # Errors
    /// As [`Program::record`]; inputs without a first axis, or with different numbers of samples; 0 shards; a loss that is no
    /// scalar.
    #[track_caller]
    pub fn record<const I: usize>(
        params: &Params<T>,
        mode: Mode,
        shards: usize,
        inputs: [InputSpec; I],
        build: impl for<'r> Fn(&'r Recording<'r, T>, [Var<'r, T>; I]) -> Var<'r, T>,
    ) -> Result<Self, Error> {
        if shards == 0 {
            return Err(Error::Setting { name: "shards", value: "0".into(), requirement: "at least 1" });
        }
        let samples = samples(&inputs)?;
        let count = shards.min(samples.max(1));
        let mut parts: Vec<Part<T>> = Vec::with_capacity(count);
        for shard in 0..count {
            let rows = start_of(shard, samples, count)..start_of(shard + 1, samples, count);
            let alike = parts.iter().find(|part| part.rows.len() == rows.len());
            let program = match alike {
                Some(part) => part.program.another()?,
                None => {
                    let specs = inputs.each_ref().map(|spec| spec.with_samples(rows.len()));
                    Program::record_shard(params, (mode, count), &specs, |t, vars| {
                        vec![build(t, std::array::from_fn(|input| vars[input]))]
                    })?
                }
            };
            parts.push(Part::new(program, shard, rows, samples, params)?);
        }
        let met = parts.first().map_or(Vec::new(), |part| part.program.exchanges());
        if parts.iter().any(|part| part.program.exchanges() != met) {
            let reason =
                "shards of different numbers of samples meet in values of different shapes, or at other operations";
            return Err(Error::Replay(reason.into()));
        }
        let exchanges = met.iter().map(|&(k, _)| k).collect();
        Ok(Shards { inputs: inputs.to_vec(), parts, exchanges, stacked: Vec::new() })
    }

    /// The number of shards.
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Fills `grads` with the gradients of the mean loss over the batch, and returns the loss. The gradients of values other
    /// than parameters are not kept.
    ///
    /// # Errors
    /// As [`Program::forward`] and [`Replay::backward`](crate::Replay::backward). Of several shards, the error of the first.
    #[track_caller]
    pub fn backward<'d>(
        &mut self,
        params: &Params<T>,
        inputs: impl AsRef<[&'d Tensor<T>]>,
        grads: &mut Gradients<T>,
    ) -> Result<f64, Error> {
        let location = Location::caller();
        grads.check_layout(params)?;
        self.set_inputs(params, inputs.as_ref())?;
        self.run(params, location)?;
        grads.sum_of(self.parts.iter().map(|part| &part.grads));
        Ok(self.parts.iter().map(|part| part.loss).sum())
    }

    /// An error if the loss of a shard, or a gradient, was infinite or NaN in the last [`Shards::backward`]; it names the
    /// operation that made it so, as [`Replay::check_finite`](crate::Replay::check_finite) and
    /// [`Replay::check_finite_gradients`](crate::Replay::check_finite_gradients) do.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn check_finite(&self, params: &Params<T>) -> Result<(), Error> {
        self.parts.iter().try_for_each(|part| part.check_finite(params))
    }

    fn set_inputs(&mut self, params: &Params<T>, inputs: &[&Tensor<T>]) -> Result<(), Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::Replay(format!("{} inputs were declared, {} given", self.inputs.len(), inputs.len())));
        }
        for (spec, data) in self.inputs.iter().zip(inputs) {
            if spec.shape != *data.shape() {
                let (name, shape, found) = (spec.name, &spec.shape, data.shape());
                return Err(Error::Replay(format!("input {name} was declared {shape}, {found} given")));
            }
        }
        self.parts.iter_mut().try_for_each(|part| part.set_inputs(params, inputs))
    }

    /// Forward and backward of all shards, from one exchange to the next.
    fn run(&mut self, params: &Params<T>, location: &'static Location<'static>) -> Result<(), Error> {
        let Shards { parts, exchanges, stacked, .. } = self;
        for &exchange in &*exchanges {
            for_each(parts, |part| part.forward(Some(exchange), params))?;
            stack_values(parts, exchange, stacked, params);
        }
        for_each(parts, |part| {
            part.forward(None, params)?;
            part.begin_backward(params, location)
        })?;
        for &exchange in exchanges.iter().rev() {
            for_each(parts, |part| part.backward(exchange + 1, params))?;
            stack_cotangents(parts, exchange, stacked);
        }
        for_each(parts, |part| part.finish_backward(params))
    }
}

/// Writes to every shard what all of them have at an exchange.
fn stack_values<T: Real>(parts: &mut [Part<T>], exchange: usize, stacked: &mut Vec<T>, params: &Params<T>) {
    stacked.clear();
    parts.iter().for_each(|part| part.read_own(exchange, params, stacked));
    parts.iter_mut().for_each(|part| part.write_stack(exchange, stacked));
}

/// Adds to the gradient of every shard's own value what all of them have for it at an exchange, in their order.
fn stack_cotangents<T: Real>(parts: &mut [Part<T>], exchange: usize, stacked: &mut Vec<T>) {
    stacked.clear();
    for part in &*parts {
        let cotangent = part.cotangent(exchange);
        stacked.resize(stacked.len().max(cotangent.len()), T::ZERO);
        stacked.iter_mut().zip(cotangent).for_each(|(sum, &term)| *sum += term);
    }
    let own = stacked.len() / parts.len().max(1);
    for (part, sums) in parts.iter_mut().zip(stacked.chunks(own.max(1))) {
        part.add_to_own(exchange, sums);
    }
}

/// The number of samples, the extent of the first axis of all inputs.
fn samples(inputs: &[InputSpec]) -> Result<usize, Error> {
    let of = |spec: &InputSpec| {
        let first = spec.shape.first().copied();
        first.ok_or_else(|| Error::Replay(format!("input {} has no axis of samples", spec.name)))
    };
    let [first, others @ ..] = inputs else {
        return Err(Error::Replay("no inputs were declared, so that there are no samples to divide".into()));
    };
    let samples = of(first)?;
    for other in others {
        if of(other)? != samples {
            let reason = format!("{samples} samples of {} and {} of {}", first.name, of(other)?, other.name);
            return Err(Error::Replay(reason));
        }
    }
    Ok(samples)
}

/// The first sample of a shard.
fn start_of(shard: usize, samples: usize, shards: usize) -> usize {
    // The product may overflow usize.
    (shard as u128 * samples as u128 / shards as u128) as usize
}
