//! The gradient of a batch, in shards that may run on several threads.

use std::borrow::Cow;
use std::ops::Range;

use autodiff::{Error, Gradients, Mode, Params, Real, Tape, Tensor, Var};
use rayon::prelude::*;

/// A loss of features and labels, recorded on whichever thread calls it.
pub(crate) trait LossFn<T: Real>: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T> + Sync {}

impl<T: Real, F: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T> + Sync> LossFn<T> for F {}

/// The tape and gradients of one shard.
struct Worker<T: Real> {
    tape: Tape<T>,
    grads: Gradients<T>,
    loss: f64,
}

/// Computes the gradient of a batch in a fixed number of shards. What is summed in which order depends on the number of shards and
/// not on the number of threads, so any number of threads gives the same bits.
pub(crate) struct Shards<T: Real> {
    workers: Vec<Worker<T>>,
}

impl<T: Real> Shards<T> {
    pub(crate) fn new(params: &Params<T>, shards: usize) -> Result<Self, Error> {
        let worker = |_| Ok(Worker { tape: Tape::new(), grads: params.try_gradients()?, loss: 0.0 });
        Ok(Shards { workers: (0..shards).map(worker).collect::<Result<_, Error>>()? })
    }

    /// The mean loss of a batch, and its gradients.
    pub(crate) fn gradients(
        &mut self,
        params: &Params<T>,
        (features, labels): (&Tensor<T>, &Tensor<T>),
        loss: &impl LossFn<T>,
    ) -> Result<(f64, &Gradients<T>), Error> {
        let samples = labels.data().len();
        // Batch normalization needs two samples a shard, so a short batch, the last of an epoch, has fewer shards.
        let used = self.workers.len().min((samples / 2).max(1));
        let run = |(shard, worker): (usize, &mut Worker<T>)| {
            worker.loss = 0.0;
            worker.grads.zero();
            let rows = start_of(shard, samples, used)..start_of(shard + 1, samples, used);
            if shard >= used || rows.is_empty() {
                return Ok(());
            }
            let weight = rows.len() as f64 / samples as f64;
            let (x, y) = (slice_rows(features, &rows), slice_rows(labels, &rows));
            worker.run(params, shard as u64, (&x, &y), weight, loss)
        };
        match self.workers.len() {
            1 => self.workers.iter_mut().enumerate().try_for_each(run)?,
            _ => self.workers.par_iter_mut().enumerate().try_for_each(run)?,
        }
        let (first, others) = self.workers.split_at_mut(1);
        let [first] = first else { return Err(not_finite(f64::NAN)) };
        for other in &*others {
            first.grads.add(&other.grads)?;
            first.loss += other.loss;
        }
        Ok((first.loss, &first.grads))
    }
}

impl<T: Real> Worker<T> {
    /// Computes the loss of a shard and its gradients, times `weight`.
    fn run(
        &mut self,
        params: &Params<T>,
        shard: u64,
        (features, labels): (&Tensor<T>, &Tensor<T>),
        weight: f64,
        loss: &impl LossFn<T>,
    ) -> Result<(), Error> {
        let t = self.tape.start(params, Mode::Train);
        t.set_pass(shard);
        let (x, y) = (t.input(features), t.input(labels));
        // Without a factor of 1, messages and graphs show the loss as the user wrote it.
        let value = if weight == 1.0 { loss(x, y) } else { loss(x, y) * weight };
        value.backward(&mut self.grads)?;
        self.loss = value.item()?.to_f64();
        if !self.loss.is_finite() {
            return value.check_finite().and(Err(not_finite(self.loss)));
        }
        // Names the operation that made a gradient infinite or NaN; failing that, the parameter.
        self.grads.check_finite().or_else(|error| t.check_finite_gradients(&self.grads).and(Err(error)))
    }
}

/// The first sample of a shard.
fn start_of(shard: usize, samples: usize, shards: usize) -> usize {
    // The product may overflow usize.
    (shard as u128 * samples as u128 / shards as u128) as usize
}

fn not_finite(loss: f64) -> Error {
    Error::Training(format!("the loss is {loss}"))
}

/// Some samples of a batch; borrowed if they are all of them.
fn slice_rows<'b, T: Real>(batch: &'b Tensor<T>, rows: &Range<usize>) -> Cow<'b, Tensor<T>> {
    if rows.len() == batch.shape()[0] {
        return Cow::Borrowed(batch);
    }
    let row = batch.data().len() / batch.shape()[0].max(1);
    let values = &batch.data()[rows.start * row..rows.end * row];
    Cow::Owned(Tensor::from_fn(batch.shape().with(0, rows.len()), |k| values[k]))
}
