//! A batch in parts that run on several threads, or in several processes: one program, an arena for each part.

mod exchange;
mod gather;
mod group;
mod part;

use std::ops::Range;
use std::panic::Location;

use super::{Gradients, InputSpec, Mode, Program, Recording, Var};
use crate::array::Tensor;
use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;
use exchange::{Buffers, Exchange};
use group::Division;
pub use group::{Alone, ProcessGroup};
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
    /// The number of samples of the batch.
    samples: usize,
    /// The shards of this process.
    parts: Vec<Part<T>>,
    /// The shards of all processes.
    division: Division,
    /// The operations where the shards meet, in their order.
    exchanges: Vec<Exchange>,
    buffers: Buffers<T>,
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
        Self::record_among(&Alone, params, mode, shards, inputs, build)
    }

    /// As [`Shards::record`], for a process that has some of the shards: a contiguous part of them, by its rank. All processes
    /// record the same.
    ///
    /// # Errors
    /// As [`Shards::record`].
    #[track_caller]
    pub fn record_among<const I: usize>(
        group: &impl ProcessGroup<T>,
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
        let division = Division::new(count, group);
        let own = division.of(group.rank());
        let mut shards = Shards {
            inputs: inputs.to_vec(),
            samples,
            parts: Vec::with_capacity(own.len()),
            division,
            exchanges: Vec::new(),
            buffers: Buffers::default(),
        };
        for shard in 0..count {
            let rows = shards.rows(shard);
            let alike = shards.parts.iter().find(|part| part.rows.len() == rows.len());
            let program = match alike {
                // Of the shards of other processes, it must be known where they meet.
                Some(_) if !own.contains(&shard) => continue,
                Some(part) => part.program.another()?,
                None => {
                    let specs = inputs.each_ref().map(|spec| spec.with_samples(rows.len()));
                    Program::record_shard(params, (mode, count), &specs, |t, vars| {
                        vec![build(t, std::array::from_fn(|input| vars[input]))]
                    })?
                }
            };
            shards.parts.push(Part::new(program, shard, (rows, shards.weight(shard)), params)?);
        }
        let met = |part: &Part<T>| -> Vec<Exchange> {
            part.program.exchanges().into_iter().map(|(node, size)| Exchange { node, size }).collect()
        };
        shards.exchanges = shards.parts.first().map_or(Vec::new(), met);
        if shards.parts.iter().any(|part| met(part) != shards.exchanges) {
            let reason =
                "shards of different numbers of samples meet in values of different shapes, or at other operations";
            return Err(Error::Replay(reason.into()));
        }
        shards.parts.retain(|part| own.contains(&part.shard));
        Ok(shards)
    }

    /// The number of shards.
    pub fn count(&self) -> usize {
        self.division.items()
    }

    /// The samples of a shard.
    fn rows(&self, shard: usize) -> Range<usize> {
        let start = |shard| start_of(shard, self.samples, self.count());
        start(shard)..start(shard + 1)
    }

    /// The share of a shard of the samples.
    fn weight(&self, shard: usize) -> f64 {
        if self.samples == 0 { 1.0 } else { self.rows(shard).len() as f64 / self.samples as f64 }
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
        self.backward_among(&Alone, params, inputs, grads)
    }

    /// As [`Shards::backward`], with the shards of all processes, each of which calls it with the same parameters and the whole
    /// batch. All get the same loss and gradients, with the same bits for any number of processes.
    ///
    /// A process sums a slice of the gradients over all shards, in their order, and gives it to the others. With one shard in each
    /// process it sends fewer than 2·P of P gradients; each further shard adds fewer than P.
    ///
    /// # Errors
    /// As [`Shards::backward`], of the shards of this process; processes that cannot be reached.
    #[track_caller]
    pub fn backward_among<'d>(
        &mut self,
        group: &impl ProcessGroup<T>,
        params: &Params<T>,
        inputs: impl AsRef<[&'d Tensor<T>]>,
        grads: &mut Gradients<T>,
    ) -> Result<f64, Error> {
        let location = Location::caller();
        grads.check_layout(params)?;
        self.set_inputs(params, inputs.as_ref())?;
        self.run(group, params, location)?;
        self.gather(group, grads)?;
        self.loss(group)
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

    /// Forward and backward of the shards of this process, from one exchange to the next.
    fn run(
        &mut self,
        group: &impl ProcessGroup<T>,
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Shards { parts, exchanges, buffers, division, .. } = self;
        let among = (group, *division);
        for exchange in &*exchanges {
            for_each(parts, |part| part.forward(Some(exchange.node), params))?;
            exchange.stack_values(parts, among, buffers, params)?;
        }
        for_each(parts, |part| {
            part.forward(None, params)?;
            part.begin_backward(params, location)
        })?;
        for exchange in exchanges.iter().rev() {
            for_each(parts, |part| part.backward(exchange.node + 1, params))?;
            exchange.stack_cotangents(parts, among, buffers)?;
        }
        for_each(parts, |part| part.finish_backward(params))
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

/// Where a part begins of so many items in so many parts.
fn start_of(part: usize, items: usize, parts: usize) -> usize {
    // The product may overflow usize.
    (part as u128 * items as u128 / parts as u128) as usize
}
