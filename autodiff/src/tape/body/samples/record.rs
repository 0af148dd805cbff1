//! How losses of samples are recorded.

use std::panic::Location;
use std::sync::Arc;

use super::Samples;
use super::losses::Losses;
use super::variances::Variances;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::scalar::Real;
use crate::tape::body::record::Recorded;
use crate::tape::{Recording, Var};

/// The losses of the samples of a batch, and what their gradients are like; see [`Recording::per_sample`].
#[derive(Clone, Debug)]
pub struct PerSample<'r, T: Real> {
    losses: Var<'r, T>,
    norms: Var<'r, T>,
    /// What the variances are computed from, if there was no mistake.
    source: Option<Source<'r, T>>,
}

/// A loss and the operands that it is run with.
#[derive(Clone, Debug)]
struct Source<'r, T: Real> {
    samples: Arc<Samples<T>>,
    operands: Vec<Var<'r, T>>,
}

impl<'r, T: Real> PerSample<'r, T> {
    /// The loss of each sample, of shape `[samples]`. Gradients flow through them: the gradient of a weighted sum of the losses is the
    /// weighted sum of the gradients of the samples.
    #[must_use]
    pub fn losses(&self) -> Var<'r, T> {
        self.losses
    }

    /// The Euclidean norm of the gradient of each sample's loss with regard to all parameters together, of shape `[samples]`.
    /// No gradient flows through it.
    #[must_use]
    pub fn norms(&self) -> Var<'r, T> {
        self.norms
    }

    /// For each element of the parameters, in the order of [`Params::flat`](crate::Params::flat), the unbiased variance of its
    /// gradient over the samples: the squared deviations from the mean, divided by the number of samples without one. No gradient
    /// flows through it. The samples are computed once more for it.
    ///
    /// # Errors
    /// Recorded on the tape: fewer than two samples.
    #[track_caller]
    #[must_use]
    pub fn variances(&self) -> Var<'r, T> {
        let Some(Source { samples, operands }) = &self.source else { return self.losses };
        let recording = self.losses.recording();
        let size = recording.params.flat().len();
        let operands: Vec<Var<'r, T>> = operands.iter().map(|operand| operand.detach()).collect();
        recording.apply(Variances { samples: Arc::clone(samples), size }, operands).detach()
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// A loss for each sample of a batch, with the norm and the variance of the gradients of the samples, without memory for them:
    /// the loss is recorded once, for a batch of one sample, and run and pulled for each. So weights that depend on the norms
    /// bound the influence of each sample (private training).
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let mut params = Params::<f64>::default();
    /// let w = params.scope("model").parameter("w", [2], |w, _| w.copy_from_slice(&[1.0, -1.0]));
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.input(&[[0.0, 4.0], [0.5, 0.0]].into());
    /// let samples = t.per_sample([x], |t, [x]| (x * t.param(w)).sum(..)); // the gradient of a sample is the sample
    /// assert_eq!(samples.norms().value()?, [4.0, 0.5].into());
    /// let weights = samples.norms().recip().clamp(0.0, 1.0); // no gradient is longer than 1
    /// let mut grads = params.gradients();
    /// (samples.losses() * weights).sum(..).backward(&mut grads)?;
    /// assert_eq!(grads.parameter(&params, w)?, [0.5, 1.0].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// Random draws differ from sample to sample. Samples are divided among threads; results do not depend on their number.
    ///
    /// # Shapes
    /// The first axis of each input is that of samples; the loss gets batches of extent 1, so that a model takes them as ever.
    ///
    /// # Errors
    /// Recorded on the tape: no input, or inputs with different numbers of samples; a loss of more than one element, or without
    /// a gradient; a state that the loss sets; a mistake in the loss, with its own line; a pass set in it; shards that meet in it.
    #[track_caller]
    #[must_use]
    pub fn per_sample<'r, const N: usize>(
        &'r self,
        batch: [Var<'r, T>; N],
        loss: impl for<'b> FnOnce(&'b Recording<'b, T>, [Var<'b, T>; N]) -> Var<'b, T>,
    ) -> PerSample<'r, T> {
        self.per_sample_slice(&batch, |t, batch| loss(t, std::array::from_fn(|k| batch[k])))
    }

    /// As [`Recording::per_sample`], with a number of inputs known only at run time.
    #[track_caller]
    #[must_use]
    pub fn per_sample_slice<'r>(
        &'r self,
        batch: &[Var<'r, T>],
        loss: impl for<'b> FnOnce(&'b Recording<'b, T>, &[Var<'b, T>]) -> Var<'b, T>,
    ) -> PerSample<'r, T> {
        let location = Location::caller();
        let failed = |poisoned: Var<'r, T>| PerSample { losses: poisoned, norms: poisoned, source: None };
        if let Some(poisoned) = self.poisoned_by("per_sample", batch, location) {
            return failed(poisoned);
        }
        let refuse = |mismatch| failed(self.refuse("per_sample", mismatch, &Var::ids(batch), location));
        let (leaves, count) = match self.sampled(batch) {
            Ok(sampled) => sampled,
            Err(mismatch) => return refuse(mismatch),
        };
        let recorded = match Recorded::new(("per_sample", location), self, self.params, &leaves, loss) {
            Ok(recorded) => recorded,
            Err(error) => return failed(self.poison(error)),
        };
        if let Some(blocked) = &recorded.body.blocked {
            return failed(self.poison(blocked.clone()));
        }
        if let Some(mismatch) = recorded.body.refuses_gradients(0) {
            return refuse(mismatch);
        }
        if !recorded.states().is_empty() {
            return refuse(Mismatch::new("the loss of a sample cannot set a state"));
        }
        let operands = recorded.operands(self, batch, location);
        let rows = leaves.iter().map(|(shape, _)| shape.size()).collect();
        let samples = Arc::new(Samples { body: recorded.body, rows, count });
        let (packed, mut first) = (self.apply(Losses(Arc::clone(&samples)), operands.clone()), 0);
        let [losses, norms] = [(); 2].map(|()| packed.piece(&mut first, &[count].into()));
        PerSample { losses, norms: norms.detach(), source: Some(Source { samples, operands }) }
    }

    /// The shape of a batch of one sample of each input, each with whether it needs a gradient, and the number of samples.
    fn sampled(&self, batch: &[Var<'_, T>]) -> Result<(Vec<(Shape, bool)>, usize), Mismatch> {
        let mut count = None;
        let mut leaves = Vec::new();
        for (k, &input) in batch.iter().enumerate() {
            let shape = self.shape_of(input);
            let Some(&samples) = shape.first() else {
                return Err(Mismatch::new(format!("input {k} is a scalar: must have an axis of samples")));
            };
            let expected = *count.get_or_insert(samples);
            if samples != expected {
                return Err(Mismatch::new(format!("input {k} has {samples} samples, and input 0 {expected}")));
            }
            leaves.push((shape.without(0).insert(0, 1), self.needs_gradient(input)));
        }
        count.map(|count| (leaves, count)).ok_or_else(|| Mismatch::new("takes at least one input"))
    }
}
