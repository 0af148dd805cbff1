//! Losses: means over the samples, recorded on the tape.
//!
//! The 0-1 loss, the share of wrong answers, is what one wants small, but no objective for gradients: it is constant
//! wherever it is differentiable, so its derivative is zero almost everywhere and missing at the jumps. It is a metric
//! ([`crate::metrics::zero_one`]); hinge and log loss (in units of ln 2) are convex upper bounds of it.

use autodiff::{Real, Var};

use crate::targets::{Kind, targets};

/// Squared loss: the mean of `(x − y)²` over all elements, without a factor ½. `y` has the shape of `x`.
#[track_caller]
pub fn squared<'t, T: Real>(x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
    (x - targets("squared", Kind::Number, x, y)).square().mean(..)
}

/// Binary log loss from logits: the mean of `−y ln σ(z) − (1 − y) ln(1 − σ(z)) = softplus(z) − y z`, finite for every
/// finite logit. `labels`, from 0 to 1, have the shape of `logits`.
#[track_caller]
pub fn binary_log<'t, T: Real>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    let labels = targets("binary_log", Kind::Probability, logits, labels);
    (logits.softplus() - labels * logits).mean(..)
}

/// Log loss of classes from logits: the mean of `−ln softmax(z)_y`. `logits` are `[samples, classes]`, `labels`
/// `[samples]`, whole numbers from 0.
#[track_caller]
pub fn cross_entropy<'t, T: Real>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    let labels = targets("cross_entropy", Kind::Label, logits, labels);
    -logits.log_softmax(1).gather(1, labels.unsqueeze(1)).mean(..)
}

/// Binary hinge loss: the mean of `max(0, 1 − y s)` (Cortes and Vapnik 1995). `labels` are −1 or 1 and have the shape
/// of `scores`. At the kink the derivative is 0.
#[track_caller]
pub fn hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    (1.0 - targets("hinge", Kind::Sign, scores, labels) * scores).relu().mean(..)
}

/// Hinge loss of classes: the mean of `max(0, 1 + max_{j ≠ y} s_j − s_y)` (Crammer and Singer 2001). `scores` are
/// `[samples, classes]`, `labels` `[samples]`, whole numbers from 0. Classes that tie for the largest share the gradient.
#[track_caller]
pub fn multiclass_hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    let labels = targets("multiclass_hinge", Kind::Label, scores, labels);
    // Scores that are no matrix have been refused: then the labels carry the mistake on.
    let Ok([_, classes]) = scores.dims::<2>() else { return labels };
    let own = labels.one_hot(classes);
    let margins = scores - scores.gather(1, labels.unsqueeze(1)) + 1.0;
    // The own class counts exactly nothing, at every size of the scores: 1 − own is 0 there.
    own.select(1.0 - own, margins).max(1).relu().mean(..)
}

#[cfg(test)]
mod tests {
    use autodiff::{Gradients, Mode, Params, Tape, Tensor};

    use super::*;

    type Loss = for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;

    fn of(loss: Loss, scores: Tensor<f64>, targets: Tensor<f64>) -> (f64, Tensor<f64>) {
        let params = Params::default();
        let mut grads: Gradients<f64> = params.gradients();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let scores = t.variable(&scores);
        let value = loss(scores, t.input(&targets));
        value.backward(&mut grads).unwrap();
        (value.item().unwrap(), grads.of(scores).unwrap())
    }

    #[test]
    fn values_and_gradients_are_those_of_the_formulas() {
        assert_eq!(of(squared, [1.0, 3.0].into(), [0.0, 5.0].into()), (2.5, [1.0, -2.0].into()));
        let (value, gradient) = of(binary_log, [0.0, 0.0].into(), [0.0, 1.0].into());
        assert!((value - 2.0_f64.ln()).abs() < 1e-15);
        assert_eq!(gradient, [0.25, -0.25].into());
        let (value, gradient) = of(cross_entropy, [[0.0, 0.0], [0.0, 0.0]].into(), [1.0, 0.0].into());
        assert!((value - 2.0_f64.ln()).abs() < 1e-15);
        assert_eq!(gradient, [[0.25, -0.25], [-0.25, 0.25]].into());
        assert_eq!(of(hinge, [0.5, 3.0].into(), [1.0, -1.0].into()), (2.25, [-0.5, 0.5].into()));
    }

    #[test]
    fn the_hinge_of_classes_compares_with_the_best_other_class() {
        let scores = [[2.0, 1.5, 0.0], [0.0, 5.0, 1.0]];
        let (value, gradient) = of(multiclass_hinge, scores.into(), [0.0, 1.0].into());
        assert_eq!((value, gradient), (0.25, [[-0.5, 0.5, 0.0], [0.0, 0.0, 0.0]].into()));
    }

    #[test]
    fn extreme_logits_give_finite_losses_and_gradients() {
        let (value, gradient) = of(binary_log, [1e4, -1e4].into(), [0.0, 1.0].into());
        assert_eq!((value, gradient), (1e4, [0.5, -0.5].into()));
        let (value, gradient) = of(cross_entropy, [[1e4, -1e4]].into(), [1.0].into());
        assert_eq!((value, gradient), (2e4, [[1.0, -1.0]].into()));
    }

    #[test]
    fn the_own_class_counts_nothing_however_large_the_scores() {
        // 10¹⁷ − 1 is 10¹⁷ in f64.
        let (value, gradient) = of(multiclass_hinge, [[1e17, 0.0]].into(), [0.0].into());
        assert_eq!((value, gradient), (0.0, [[0.0, 0.0]].into()));
    }

    #[test]
    fn the_target_of_a_squared_loss_has_a_gradient_too() {
        let params = Params::default();
        let mut grads = params.gradients();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let y = t.variable(&[0.0, 5.0].into());
        squared(t.input(&[1.0, 3.0].into()), y).backward(&mut grads).unwrap();
        assert_eq!(grads.of(y).unwrap(), [-1.0, 2.0].into());
    }

    /// What `loss` says of scores and targets that do not go together.
    fn refusal(loss: Loss, scores: Tensor<f64>, targets: Tensor<f64>) -> String {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        loss(t.variable(&scores), t.input(&targets)).value().unwrap_err().to_string()
    }

    #[test]
    fn a_label_past_the_last_class_is_named() {
        for loss in [cross_entropy, multiclass_hinge] {
            let message = refusal(loss, Tensor::full([2, 3], 0.0), [0.0, 3.0].into());
            assert!(message.contains("index 3 at place 1 is not one of 0..3"), "{message}");
        }
    }

    #[test]
    fn labels_that_are_not_one_for_each_row_are_refused() {
        let losses: [(&str, Loss); 2] = [("cross_entropy", cross_entropy), ("multiclass_hinge", multiclass_hinge)];
        for (name, loss) in losses {
            let due = "scores must be [samples, classes] and labels [samples], one for each row";
            let message = refusal(loss, Tensor::full([5, 2], 0.0), [0.0].into());
            assert!(message.starts_with(&format!("{name}: {due}: [5, 2] × [1] at nn")), "{message}");
            for (scores, labels) in [(vec![5, 2], vec![5, 1]), (vec![5, 2, 3], vec![5, 3]), (vec![5], vec![5])] {
                let message = refusal(loss, Tensor::full(&scores[..], 0.0), Tensor::full(&labels[..], 0.0));
                assert!(message.starts_with(&format!("{name}: {due}: ")), "{message}");
            }
        }
    }

    #[test]
    fn a_column_of_scores_is_not_compared_with_a_row_of_targets() {
        let losses: [(&str, Loss); 3] = [("squared", squared), ("binary_log", binary_log), ("hinge", hinge)];
        for (name, loss) in losses {
            let message = refusal(loss, [[1.0], [1.0]].into(), [1.0, 1.0].into());
            let due = "the targets must have the shape of what they are compared with: [2, 1] × [2]";
            assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
        }
    }

    #[test]
    fn targets_of_another_convention_are_refused() {
        let message = refusal(hinge, [1.0, 1.0].into(), [1.0, 0.0].into());
        assert!(message.starts_with("hinge: target 0 at place 1 is not -1 or 1: [2] × [2]"), "{message}");
        let message = refusal(binary_log, [1.0, 1.0].into(), [-1.0, 1.0].into());
        assert!(message.starts_with("binary_log: target -1 at place 0 is not from 0 to 1"), "{message}");
        assert!(refusal(binary_log, [1.0].into(), [f64::NAN].into()).contains("target NaN at place 0"));
    }
}
