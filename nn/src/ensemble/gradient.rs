//! Gradient boosting: each member is fitted to the negative gradient of the loss.

use autodiff::{Error, Mode, Params, Real, Tape, Tensor, Var};

use super::{Trained, invalid, not_empty};
use crate::module::Module;

/// Gradient boosting (Friedman 2001): scores start at a constant, and each member is fitted to the pseudo-residuals, the
/// negative gradient of the summed loss with respect to the scores. The tape computes it, for any loss.
///
/// ```
/// use autodiff::{Params, Tensor};
/// use nn::ensemble::{GradientBoosting, Trained};
/// use nn::loss::loss_fn;
/// use nn::{Initial, Linear};
///
/// let (x, y) = (Tensor::from([[0.0], [1.0]]), Tensor::from([[1.0], [3.0]]));
/// let loss = loss_fn(|scores, targets| (scores - targets).square().sum(..));
/// let mut boosting = GradientBoosting::new(Tensor::from([0.0]), 0.25);
/// // Each member is the constant that fits the residuals best: their mean.
/// let losses = boosting.boost(&x, &y, 2, loss, |_, _, residuals| {
///     let mut params = Params::new(0);
///     let mean = Initial::Constant(residuals.data().iter().sum::<f64>() / 2.0);
///     let model = Linear::with(params.scope("mean"), 1, 1, Initial::Constant(0.0), mean);
///     Ok(Trained { params, model })
/// })?;
/// assert_eq!(losses, [10.0, 4.0, 2.5]);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradientBoosting<T: Real, M> {
    start: Tensor<T>,
    rate: f64,
    members: Vec<Trained<T, M>>,
}

impl<T: Real, M: Module<T>> GradientBoosting<T, M> {
    /// An ensemble without members: scores are `start`, `[outputs]`, for every sample. The output of each member is multiplied by
    /// `rate`, a positive number, usually at most 1. [`GradientBoosting::boost`] and [`GradientBoosting::predict`] check both.
    pub fn new(start: Tensor<T>, rate: f64) -> Self {
        GradientBoosting { start, rate, members: Vec::new() }
    }

    /// Fits `rounds` further members. `loss` maps scores, `[samples, outputs]`, and the targets to the sum of the losses of the
    /// samples. `fit` takes the index of the member, the features and the pseudo-residuals, `[samples, outputs]`, and returns
    /// a model fitted to them by least squares. Returns the loss before each round and after the last.
    ///
    /// # Errors
    /// As [`GradientBoosting::predict`]; no samples; an error of `fit`; a loss that is not finite; predictions whose shape is
    /// not that of the scores.
    #[track_caller]
    pub fn boost(
        &mut self,
        features: &Tensor<T>,
        targets: &Tensor<T>,
        rounds: usize,
        loss: impl for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
        mut fit: impl FnMut(usize, &Tensor<T>, &Tensor<T>) -> Result<Trained<T, M>, Error>,
    ) -> Result<Vec<f64>, Error> {
        let mut scores = self.predict(features)?;
        not_empty(scores.shape()[0])?;
        // Without reserved capacity: there may not be memory for the requested number of rounds.
        let mut losses = Vec::new();
        for _ in 0..rounds {
            let (value, residuals) = pseudo_residuals(&scores, targets, &loss)?;
            losses.push(value);
            let member = fit(self.members.len(), features, &residuals)?;
            add(&mut scores, self.rate, &member.predict(features)?)?;
            self.members.push(member);
        }
        losses.push(pseudo_residuals(&scores, targets, &loss)?.0);
        Ok(losses)
    }

    /// The scores, `[samples, outputs]`.
    ///
    /// # Errors
    /// A rate that is not a positive number; a start that is not `[outputs]` with at least one output; features that are a
    /// scalar; scores that do not fit into memory; an error on a tape.
    #[track_caller]
    pub fn predict(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let rate = T::from_f64(self.rate);
        if !(rate > T::ZERO && rate.is_finite()) {
            let requirement = "a positive number";
            return Err(Error::Setting { name: "rate", value: self.rate.to_string(), requirement });
        }
        let outputs = match self.start.shape()[..] {
            [outputs] if outputs > 0 => outputs,
            _ => {
                let shape = self.start.shape();
                return Err(invalid(format!(
                    "the start has shape {shape}: must be [outputs] with at least one output"
                )));
            }
        };
        if let Some(output) = self.start.data().iter().position(|start| start.is_nan()) {
            return Err(invalid(format!("the start of output {output} is NaN: must be a number")));
        }
        let Some(&samples) = features.shape().first() else {
            return Err(invalid("the features are a scalar: must have samples along axis 0".into()));
        };
        let mut scores = Tensor::try_from_fn([samples, outputs], |k| self.start.data()[k % outputs])?;
        for member in &self.members {
            add(&mut scores, self.rate, &member.predict(features)?)?;
        }
        Ok(scores)
    }

    /// The members.
    pub fn members(&self) -> &[Trained<T, M>] {
        &self.members
    }
}

/// The loss at these scores and its negative gradient.
#[track_caller]
fn pseudo_residuals<T: Real>(
    scores: &Tensor<T>,
    targets: &Tensor<T>,
    loss: impl for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
) -> Result<(f64, Tensor<T>), Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaf = t.variable(scores);
    let value = loss(leaf, t.input(targets));
    let mut grads = params.gradients();
    value.backward(&mut grads)?;
    let gradient = grads.of(leaf)?;
    let loss = value.item()?.to_f64();
    if !loss.is_finite() {
        return Err(invalid(format!("the loss is {loss}: must be finite")));
    }
    Ok((loss, Tensor::try_from_fn(scores.shape(), |k| -gradient.data()[k])?))
}

/// `scores += rate · prediction`.
fn add<T: Real>(scores: &mut Tensor<T>, rate: f64, prediction: &Tensor<T>) -> Result<(), Error> {
    if prediction.shape() != scores.shape() {
        let reason = format!("a member predicts {}, the scores are {}", prediction.shape(), scores.shape());
        return Err(invalid(reason));
    }
    let rate = T::from_f64(rate);
    scores.data_mut().iter_mut().zip(prediction.data()).for_each(|(score, &amount)| *score += rate * amount);
    Ok(())
}
