//! The cross-entropy of classes.

use autodiff::{Real, Shape, Tensor, Var};

use super::targets::{TargetKind, targets};
use super::{Loss, Reduction};
use crate::invalid::invalid_input;
use crate::settings::{Check, Number, require, share};

/// Cross-entropy of classes from logits, `−ln softmax(z)_y`, with the options of PyTorch's `CrossEntropyLoss`. It is finite
/// for all finite logits.
///
/// - Label smoothing `ε` (Szegedy 2016) replaces the target by `1 − ε` times the target plus `ε/classes` for every class.
/// - Class weights multiply the term of each class: the loss of a label is `−w_y ln softmax(z)_y`.
/// - A sample whose label is the ignored index has loss 0 and no gradient, whatever its scores.
///
/// The mean over labels divides by the sum of their weights `w_y`, without ignored ones. If that sum is 0, the mean and its
/// gradient are 0 (NaN in PyTorch), so a batch of ignored samples only has no effect. The mean over probabilities divides by
/// the number of samples.
///
/// # Shapes
/// Scores `[samples, classes, ..]`; targets are labels, `[samples, ..]`, integers from 0, or probabilities `q` of the shape of
/// the scores, with the loss `−Σ_c q_c ln softmax(z)_c`; losses `[samples, ..]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossEntropy {
    label_smoothing: f64,
    class_weights: Option<Vec<f64>>,
    ignore_index: Option<i64>,
    from_log_probabilities: bool,
}

impl CrossEntropy {
    /// Cross-entropy from logits, without options.
    pub fn new() -> Self {
        CrossEntropy::default()
    }

    /// Negative log-likelihood: the scores are log-probabilities, as [`Var::log_softmax`] returns them.
    pub fn from_log_probabilities() -> Self {
        CrossEntropy { from_log_probabilities: true, ..CrossEntropy::default() }
    }

    /// With label smoothing by `share`, from 0 to 1.
    #[must_use]
    pub fn label_smoothing(self, share: f64) -> Self {
        CrossEntropy { label_smoothing: share, ..self }
    }

    /// With a weight for each class, at least 0.
    #[must_use]
    pub fn class_weights(self, weights: impl Into<Vec<f64>>) -> Self {
        CrossEntropy { class_weights: Some(weights.into()), ..self }
    }

    /// Ignores the samples of this label, which need not be a class. For labels, not for probabilities.
    #[must_use]
    pub fn ignore_index(self, label: i64) -> Self {
        CrossEntropy { ignore_index: Some(label), ..self }
    }

    fn name(&self) -> &'static str {
        if self.from_log_probabilities { "negative_log_likelihood" } else { "cross_entropy" }
    }

    /// Checks the settings for scores and targets of these shapes.
    fn check<T: Real>(&self, scores: &Shape, targets: &Shape) -> Check {
        let classes = scores.get(1).copied().unwrap_or(0);
        let weights = self.class_weights.as_deref().unwrap_or(&[]);
        share("label_smoothing", self.label_smoothing)?;
        if self.class_weights.is_some() && weights.len() != classes {
            return Err(format!("{} class weights for {classes} classes: must be one for each", weights.len()));
        }
        let valid = |&weight: &f64| weight >= 0.0 && T::from_f64(weight).is_finite();
        if let Some(wrong) = weights.iter().position(|weight| !valid(weight)) {
            return Err(format!(
                "class weight {} at index {wrong}: must be a number from 0 up",
                Number(weights[wrong])
            ));
        }
        let Some(ignored) = self.ignore_index else { return Ok(()) };
        if scores == targets {
            return Err("ignore_index is set, but the targets are probabilities: only labels can be ignored".into());
        }
        let most = T::LARGEST_EXACT_INTEGER;
        let exact = ignored.unsigned_abs() as f64 <= most;
        require("ignore_index", ignored, exact, format_args!("a number that labels can have, from -{most} to {most}"))
    }

    /// The losses, and their weights in the mean unless those are all 1.
    #[track_caller]
    fn weighed<'t, T: Real>(&self, scores: Var<'t, T>, given: Var<'t, T>) -> (Var<'t, T>, Option<Var<'t, T>>) {
        let given = targets(self.name(), TargetKind::Class { ignored: self.ignore_index }, scores, given);
        // Targets that do not match the scores carry an error.
        let (Ok(shape), Ok(given_shape)) = (scores.shape(), given.shape()) else { return (given, None) };
        if let Err(reason) = self.check::<T>(&shape, &given_shape) {
            return (invalid_input(self.name(), reason, scores), None);
        }
        let weights = self.weights_along(scores, &shape);
        match self.ignore_index {
            _ if given_shape == shape => (self.probability_losses(scores, given, weights), None),
            Some(ignored) => self.counted_losses(scores, given, weights, ignored),
            None => self.label_losses(scores, given, weights),
        }
    }

    /// The class weights, broadcast from axis 1 to the shape of the scores.
    #[track_caller]
    fn weights_along<'t, T: Real>(&self, scores: Var<'t, T>, shape: &Shape) -> Option<Var<'t, T>> {
        let weights = self.class_weights.as_deref()?;
        let column: Shape = (0..shape.rank()).map(|axis| if axis == 1 { weights.len() } else { 1 }).collect();
        let weights = Tensor::from_fn(column, |class| T::from_f64(weights[class]));
        Some(scores.recording().constant(&weights).broadcast_to(shape))
    }

    #[track_caller]
    fn probability_losses<'t, T: Real>(
        &self,
        scores: Var<'t, T>,
        probabilities: Var<'t, T>,
        weights: Option<Var<'t, T>>,
    ) -> Var<'t, T> {
        let logs = self.weighted_logs(scores, weights);
        // A class of probability 0 adds 0, even if its logarithm is −∞.
        let possible = probabilities.detach().sign();
        self.smoothed((probabilities * possible.select(logs, possible)).sum(1), logs)
    }

    #[track_caller]
    fn label_losses<'t, T: Real>(
        &self,
        scores: Var<'t, T>,
        labels: Var<'t, T>,
        weights: Option<Var<'t, T>>,
    ) -> (Var<'t, T>, Option<Var<'t, T>>) {
        let weights_at_labels = weights.map(|weights| at_labels(weights, labels));
        let losses = match (self.label_smoothing, self.from_log_probabilities, weights_at_labels) {
            // One operation, where no class but the label's counts.
            (0.0, false, None) => scores.cross_entropy(1, labels),
            (0.0, false, Some(weights)) => scores.cross_entropy(1, labels) * weights,
            _ => {
                let logs = self.weighted_logs(scores, weights);
                self.smoothed(at_labels(logs, labels), logs)
            }
        };
        (losses, weights_at_labels)
    }

    /// As [`CrossEntropy::label_losses`], without ignored samples.
    #[track_caller]
    fn counted_losses<'t, T: Real>(
        &self,
        scores: Var<'t, T>,
        labels: Var<'t, T>,
        weights: Option<Var<'t, T>>,
        ignored: i64,
    ) -> (Var<'t, T>, Option<Var<'t, T>>) {
        // 0 for ignored samples, else 1. The scores and the label of an ignored sample are replaced by 0.
        let counted = (labels - ignored as f64).abs().sign();
        let row = counted.unsqueeze(1);
        match self.label_losses(row.select(scores, row), labels * counted, weights) {
            (losses, Some(weights)) => (losses * counted, Some(weights * counted)),
            (losses, None) => (losses * counted, Some(counted)),
        }
    }

    /// `w_c ln p_c`.
    #[track_caller]
    fn weighted_logs<'t, T: Real>(&self, scores: Var<'t, T>, weights: Option<Var<'t, T>>) -> Var<'t, T> {
        let logs = if self.from_log_probabilities { scores } else { scores.log_softmax(1) };
        match weights {
            Some(weights) => logs * weights,
            None => logs,
        }
    }

    /// The loss from the logarithm of the target and, for label smoothing, those of all classes.
    #[track_caller]
    fn smoothed<'t, T: Real>(&self, own: Var<'t, T>, logs: Var<'t, T>) -> Var<'t, T> {
        match self.label_smoothing {
            0.0 => -own,
            share => -(own * (1.0 - share) + logs.mean(1) * share),
        }
    }
}

/// The element of each label along axis 1.
#[track_caller]
fn at_labels<'t, T: Real>(classes: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    classes.gather(1, labels.unsqueeze(1)).squeeze(1)
}

impl<T: Real> Loss<T> for CrossEntropy {
    #[track_caller]
    fn unreduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        self.weighed(scores, targets).0
    }

    #[track_caller]
    fn reduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>, reduction: Reduction) -> Var<'t, T> {
        match (reduction, self.weighed(scores, targets)) {
            (Reduction::Mean, (losses, Some(weights))) => {
                let total = weights.sum(..);
                // Without weight, 0 is divided by 1.
                losses.sum(..) / (total + (1.0 - total.sign()))
            }
            (_, (losses, _)) => reduction.reduce(losses),
        }
    }
}

/// The mean [`CrossEntropy`] from logits.
#[track_caller]
pub fn cross_entropy<'t, T: Real>(logits: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
    CrossEntropy::new().reduced(logits, targets, Reduction::Mean)
}

/// The mean [`CrossEntropy`] from log-probabilities.
#[track_caller]
pub fn negative_log_likelihood<'t, T: Real>(log_probabilities: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
    CrossEntropy::from_log_probabilities().reduced(log_probabilities, targets, Reduction::Mean)
}

#[cfg(test)]
mod tests;
