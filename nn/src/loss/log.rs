//! Log losses of probabilities: binary cross-entropy and the Kullback–Leibler divergence. For classes see
//! [`super::CrossEntropy`].

use autodiff::{Real, Var};

use super::targets::{TargetKind, targets};
use super::{Loss, Reduction};
use crate::invalid::invalid_input;
use crate::settings::not_negative;

/// Binary log loss (cross-entropy) from logits, `−w y ln σ(z) − (1 − y) ln(1 − σ(z))` with the weight `w` of positives. It is
/// finite for all finite logits.
///
/// # Shapes
/// Logits, labels and losses have one shape; labels are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryLog {
    /// The weight of a positive label relative to a negative one, at least 0. The mean divides by the number of labels,
    /// whatever their weights, as PyTorch does with `pos_weight`.
    pub positive_weight: f64,
}

impl Default for BinaryLog {
    /// Weight 1: positives and negatives count the same.
    fn default() -> Self {
        BinaryLog { positive_weight: 1.0 }
    }
}

impl<T: Real> Loss<T> for BinaryLog {
    #[track_caller]
    fn unreduced<'t>(&self, logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
        let weight = self.positive_weight;
        if let Err(reason) = not_negative::<T>("positive_weight", weight) {
            return invalid_input("binary_log", reason, logits);
        }
        let labels = targets("binary_log", TargetKind::Probability, logits, labels);
        // 1 − σ(z) is σ(−z). Two logarithms, as softplus(z) − y z cancels where the loss is small.
        -(labels * weight * logits.log_sigmoid() + (1.0 - labels) * (-logits).log_sigmoid())
    }
}

/// The Kullback–Leibler divergence `Σ p (ln p − x)` over the classes, of the log-probabilities `x` (as [`Var::log_softmax`]
/// returns them) from the probabilities `p`, with `0 ln 0 = 0`.
///
/// PyTorch's `kl_div` takes the same; for a matrix its reduction `batchmean` is the mean here (its `mean` also divides by the
/// number of classes). That the probabilities of a sample sum to 1 is not checked.
///
/// # Shapes
/// Log-probabilities and probabilities `[samples, classes, ..]`, losses `[samples, ..]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KlDivergence;

impl<T: Real> Loss<T> for KlDivergence {
    #[track_caller]
    fn unreduced<'t>(&self, log_probabilities: Var<'t, T>, probabilities: Var<'t, T>) -> Var<'t, T> {
        let p = targets("kl_divergence", TargetKind::Probability, log_probabilities, probabilities);
        // 0 if p is 0, else 1. For p = 0 the logarithm is taken of 1, and x, which may be −∞, is replaced.
        let possible = p.detach().sign();
        let x = possible.select(log_probabilities, possible);
        (p * ((p + (1.0 - possible)).ln() - x)).sum(1)
    }
}

/// The mean [`BinaryLog`] loss with weight 1.
#[track_caller]
pub fn binary_log<'t, T: Real>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    BinaryLog::default().reduced(logits, labels, Reduction::Mean)
}

/// The mean [`KlDivergence`].
#[track_caller]
pub fn kl_divergence<'t, T: Real>(log_probabilities: Var<'t, T>, probabilities: Var<'t, T>) -> Var<'t, T> {
    KlDivergence.reduced(log_probabilities, probabilities, Reduction::Mean)
}

#[cfg(test)]
mod tests {
    use autodiff::check;

    use super::super::testing::{error_of, mean};
    use super::*;

    #[test]
    fn values_and_gradients_are_those_of_the_formulas() {
        let (value, gradient) = mean(&BinaryLog::default(), [0.0, 0.0].into(), [0.0, 1.0].into());
        assert!((value - 2.0_f64.ln()).abs() < 1e-15);
        assert_eq!(gradient, [0.25, -0.25].into());
        let (_, gradient) = mean(&BinaryLog { positive_weight: 3.0 }, [0.0, 0.0].into(), [0.0, 1.0].into());
        assert_eq!(gradient, [0.25, -0.75].into());
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        let inputs = || [[[0.3, -4.0], [0.7, 2.0]].into(), [[0.1, -0.9], [1.4, 0.6]].into()];
        check::function(|[z, y]| binary_log(z, y.sigmoid()), inputs()).unwrap().assert();
        let weighted = BinaryLog { positive_weight: 2.5 };
        check::function(|[z, y]| weighted.reduced(z, y.sigmoid(), Reduction::Sum), inputs()).unwrap().assert();
        check::function(|[x, p]| kl_divergence(x.log_softmax(1), p.softmax(1)), inputs()).unwrap().assert();
    }

    #[test]
    fn extreme_logits_give_finite_losses_and_gradients() {
        let expected = (1e4, [0.5, -0.5].into());
        assert_eq!(mean::<f32>(&BinaryLog::default(), [1e4, -1e4].into(), [0.0, 1.0].into()), expected);
        assert_eq!(mean::<f32>(&BinaryLog::default(), [1e4, -1e4].into(), [1.0, 0.0].into()).0, 0.0);
    }

    #[test]
    fn a_small_loss_keeps_its_digits() {
        let (value, gradient) = mean(&BinaryLog::default(), [50.0].into(), [1.0].into());
        let expected = (-50.0_f64).exp();
        assert!((value / expected - 1.0).abs() < 1e-14 && (gradient.data()[0] / -expected - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_probability_of_zero_adds_nothing_to_a_divergence() {
        let (value, gradient) = mean(&KlDivergence, [[0.0, f64::NEG_INFINITY]].into(), [[1.0, 0.0]].into());
        assert_eq!((value, gradient), (0.0, [[-1.0, 0.0]].into()));
    }

    #[test]
    fn a_weight_below_zero_is_rejected() {
        let message = error_of(&BinaryLog { positive_weight: -1.0 }, [1.0].into(), [1.0].into());
        assert!(message.starts_with("binary_log: positive_weight is -1: must be a number from 0 up"), "{message}");
    }
}
