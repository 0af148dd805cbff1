//! The gradients of batches, from recordings in shards that may run on several threads.

use autodiff::{Error, Gradients, Mode, Params, ProcessGroup, Real, Shape, Shards, Tensor, Var, input};

/// A loss of features and labels. It is recorded once for each shape of a batch.
pub(crate) trait LossFn<T: Real>: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T> {}

impl<T: Real, F: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>> LossFn<T> for F {}

/// The recordings of the loss of a run's batches, which have one shape, but for the last of an epoch.
pub(crate) struct Recorded<'g, T: Real, G> {
    pub(crate) group: &'g G,
    shards: usize,
    recorded: Vec<([Shape; 2], Shards<T>)>,
    grads: Gradients<T>,
}

/// The number of shapes whose recordings are kept.
const KEPT: usize = 2;

impl<'g, T: Real, G: ProcessGroup<T>> Recorded<'g, T, G> {
    pub(crate) fn new(group: &'g G, params: &Params<T>, shards: usize) -> Result<Self, Error> {
        Ok(Recorded { group, shards, recorded: Vec::new(), grads: params.try_gradients()? })
    }

    /// Whether this is the first of the processes.
    pub(crate) fn leads(&self) -> bool {
        self.group.rank() == 0
    }

    /// The mean loss of a batch, and its gradients.
    pub(crate) fn gradients(
        &mut self,
        params: &Params<T>,
        batch: [&Tensor<T>; 2],
        loss: &impl LossFn<T>,
    ) -> Result<(f64, &Gradients<T>), Error> {
        let shapes = batch.map(|tensor| tensor.shape().clone());
        let position = match self.recorded.iter().position(|(recorded, _)| *recorded == shapes) {
            Some(position) => position,
            None => self.record(params, shapes, loss)?,
        };
        let (_, shards) = &mut self.recorded[position];
        let value = shards.backward_among(self.group, params, batch, &mut self.grads)?;
        if !value.is_finite() {
            let reason = format!("the loss is {value}");
            return shards.check_finite(params).and(Err(Error::Training(reason)));
        }
        // Names the operation that made a gradient infinite or NaN; failing that, the parameter.
        self.grads.check_finite().or_else(|error| shards.check_finite(params).and(Err(error)))?;
        Ok((value, &self.grads))
    }

    fn record(&mut self, params: &Params<T>, shapes: [Shape; 2], loss: &impl LossFn<T>) -> Result<usize, Error> {
        let samples = shapes[1].first().copied().unwrap_or(1);
        // Statistics of a batch that do not meet, such as those of whitening, need two samples a shard.
        let count = self.shards.min((samples / 2).max(1));
        let inputs = [input("features", shapes[0].clone()), input("labels", shapes[1].clone())];
        let shards = Shards::record_among(self.group, params, Mode::Train, count, inputs, |_, [x, y]| loss(x, y))?;
        if self.recorded.len() == KEPT {
            self.recorded.remove(0);
        }
        self.recorded.push((shapes, shards));
        Ok(self.recorded.len() - 1)
    }
}
