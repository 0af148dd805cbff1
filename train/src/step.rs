//! One step: the gradient of a batch, in shards that may run on several threads.

use std::borrow::Cow;
use std::ops::Range;

use autodiff::{Error, Gradients, Mode, Params, Real, Tape, Tensor, Var};
use rayon::prelude::*;

/// A loss of features and labels; it records on whatever thread it is called.
pub(crate) trait LossFn<T: Real>: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T> + Sync {}

impl<T: Real, F: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T> + Sync> LossFn<T> for F {}

/// The memory of one shard.
struct Worker<T: Real> {
    tape: Tape<T>,
    grads: Gradients<T>,
    loss: f64,
}

/// Takes the gradient of a batch in a fixed number of shards. Their number, not that of threads, decides what is summed
/// in which order, so any number of threads gives the same bits.
pub(crate) struct Shards<T: Real> {
    workers: Vec<Worker<T>>,
}

impl<T: Real> Shards<T> {
    pub(crate) fn new(params: &Params<T>, shards: usize) -> Self {
        let worker = || Worker { tape: Tape::new(), grads: params.gradients(), loss: 0.0 };
        Shards { workers: (0..shards).map(|_| worker()).collect() }
    }

    /// The mean loss of a batch, and its gradients.
    pub(crate) fn gradients(
        &mut self,
        params: &Params<T>,
        (features, labels): (&Tensor<T>, &Tensor<T>),
        loss: &impl LossFn<T>,
    ) -> Result<(f64, &Gradients<T>), Error> {
        let samples = labels.data().len();
        let count = self.workers.len();
        // Of one sample a batch normalization has no statistics, so a short batch, the last of an epoch, has fewer shards.
        let used = count.min((samples / 2).max(1));
        let run = |(number, worker): (usize, &mut Worker<T>)| {
            let rows = start_of(number, samples, used)..start_of(number + 1, samples, used);
            worker.loss = 0.0;
            worker.grads.zero();
            if number >= used || rows.is_empty() {
                return Ok(());
            }
            let t = worker.tape.start(params, Mode::Train);
            t.set_pass(number as u64);
            let share = rows.len() as f64 / samples as f64;
            let (x, y) = (t.input(&part(features, &rows)), t.input(&part(labels, &rows)));
            // One shard is the batch itself: multiplying by 1 changes no bits, but a tape without it reads better.
            let value = if count == 1 { loss(x, y) } else { loss(x, y) * share };
            value.backward(&mut worker.grads)?;
            worker.loss = value.item()?.to_f64();
            if !worker.loss.is_finite() {
                return value.check_finite().and(Err(not_finite(worker.loss)));
            }
            // The parameter that shows it, unless the operation is found that made it.
            worker.grads.check_finite().or_else(|error| t.check_finite_gradients(&worker.grads).and(Err(error)))
        };
        match count {
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

/// The first sample of a shard.
fn start_of(shard: usize, samples: usize, shards: usize) -> usize {
    // The product of the two need not fit usize.
    (shard as u128 * samples as u128 / shards as u128) as usize
}

fn not_finite(loss: f64) -> Error {
    Error::Training(format!("the loss is {loss}"))
}

/// These samples of a batch; all of them are the batch itself.
fn part<'b, T: Real>(batch: &'b Tensor<T>, rows: &Range<usize>) -> Cow<'b, Tensor<T>> {
    if rows.len() == batch.shape()[0] {
        return Cow::Borrowed(batch);
    }
    let each = batch.data().len() / batch.shape()[0].max(1);
    let values = &batch.data()[rows.start * each..rows.end * each];
    Cow::Owned(Tensor::from_fn(batch.shape().with(0, rows.len()), |k| values[k]))
}
