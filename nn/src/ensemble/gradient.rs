//! Gradient boosting: each member fits what the loss still asks for.

use autodiff::{Error, Mode, Params, Real, Tape, Tensor, Var};

use super::{Trained, refused};
use crate::module::Module;

/// Gradient boosting (Friedman 2001): scores start at a constant, and each member is fitted to the pseudo-residuals, the
/// negative gradient of the summed loss by the scores. Where that is written by hand for each loss elsewhere, here the tape
/// gives it, for any loss.
#[derive(Clone, Debug)]
pub struct GradientBoosting<T: Real, M> {
    start: Tensor<T>,
    rate: f64,
    members: Vec<Trained<T, M>>,
}

impl<T: Real, M: Module<T>> GradientBoosting<T, M> {
    /// Scores that are `start` for every sample, `[outputs]`; each member to come is added times `rate`, which is positive and
    /// usually at most 1.
    pub fn new(start: Tensor<T>, rate: f64) -> Self {
        GradientBoosting { start, rate, members: Vec::new() }
    }

    /// Fits so many further members. `loss` is the sum over samples of the loss of scores `[samples, outputs]`;
    /// `fit` is given the number of the member, the features and the pseudo-residuals, `[samples, outputs]`, and returns what was
    /// fitted to them by least squares. Gives the loss before each round and after the last.
    ///
    /// # Errors
    /// What `fit` gives and what goes wrong on a tape; predictions of another shape than the scores.
    #[track_caller]
    pub fn boost(
        &mut self,
        features: &Tensor<T>,
        rounds: usize,
        loss: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
        mut fit: impl FnMut(usize, &Tensor<T>, &Tensor<T>) -> Result<Trained<T, M>, Error>,
    ) -> Result<Vec<f64>, Error> {
        let mut scores = self.predict(features)?;
        let mut losses = Vec::with_capacity(rounds + 1);
        for _ in 0..rounds {
            let (value, residuals) = pseudo_residuals(&scores, &loss)?;
            losses.push(value);
            let member = fit(self.members.len(), features, &residuals)?;
            add(&mut scores, self.rate, &member.predict(features)?)?;
            self.members.push(member);
        }
        losses.push(pseudo_residuals(&scores, &loss)?.0);
        Ok(losses)
    }

    /// The scores, `[samples, outputs]`.
    ///
    /// # Errors
    /// What goes wrong on a tape.
    #[track_caller]
    pub fn predict(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let samples = features.shape().first().copied().unwrap_or(1);
        let outputs = self.start.data().len();
        let mut scores = Tensor::from_fn([samples, outputs], |k| self.start.data()[k % outputs]);
        for member in &self.members {
            add(&mut scores, self.rate, &member.predict(features)?)?;
        }
        Ok(scores)
    }

    /// The members fitted so far.
    pub fn members(&self) -> &[Trained<T, M>] {
        &self.members
    }
}

/// The loss at these scores and its negative gradient.
#[track_caller]
fn pseudo_residuals<T: Real>(
    scores: &Tensor<T>,
    loss: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) -> Result<(f64, Tensor<T>), Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaf = t.variable(scores);
    let value = loss(leaf);
    let mut grads = params.gradients();
    value.backward(&mut grads)?;
    let gradient = grads.of(leaf)?;
    Ok((value.item()?.to_f64(), Tensor::from_fn(scores.shape(), |k| -gradient.data()[k])))
}

/// `scores += rate · prediction`.
fn add<T: Real>(scores: &mut Tensor<T>, rate: f64, prediction: &Tensor<T>) -> Result<(), Error> {
    if prediction.shape() != scores.shape() {
        let reason = format!("a member predicts {}, the scores are {}", prediction.shape(), scores.shape());
        return Err(refused(reason));
    }
    let rate = T::from_f64(rate);
    *scores = Tensor::from_fn(scores.shape(), |k| scores.data()[k] + rate * prediction.data()[k]);
    Ok(())
}
