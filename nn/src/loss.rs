//! Losses: means over the samples, recorded on the tape.
//!
//! The 0-1 loss, the share of wrong answers, is what one wants small, but no objective for gradients: it is constant
//! wherever it is differentiable, so its derivative is zero almost everywhere and missing at the jumps. It is a metric
//! ([`crate::metrics::zero_one`]); hinge and log loss (in units of ln 2) are convex upper bounds of it.

use autodiff::{Real, Var};

/// Squared loss: the mean of `(x − y)²` over all elements, without a factor ½. The shapes broadcast.
#[track_caller]
pub fn squared<'t, T: Real>(x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
    (x - y).square().mean(..)
}

/// Binary log loss from logits: the mean of `−y ln σ(z) − (1 − y) ln(1 − σ(z)) = softplus(z) − y z`, finite for every
/// finite logit. `targets`, in 0..=1, have the shape of `logits`.
#[track_caller]
pub fn binary_log<'t, T: Real>(logits: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
    (logits.softplus() - targets * logits).mean(..)
}

/// Log loss of classes from logits: the mean of `−ln softmax(z)_y`. `logits` are `[samples, classes]`, `labels`
/// `[samples]`, whole numbers from 0.
#[track_caller]
pub fn cross_entropy<'t, T: Real>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    -logits.log_softmax(1).gather(1, labels.unsqueeze(1)).mean(..)
}

/// Binary hinge loss: the mean of `max(0, 1 − y s)` (Cortes and Vapnik 1995). `targets` are −1 or 1 and have the shape
/// of `scores`. At the kink the derivative is 0.
#[track_caller]
pub fn hinge<'t, T: Real>(scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
    (1.0 - targets * scores).relu().mean(..)
}

/// Hinge loss of classes: the mean of `max(0, 1 + max_{j ≠ y} s_j − s_y)` (Crammer and Singer 2001). `scores` are
/// `[samples, classes]`, `labels` `[samples]`, whole numbers from 0. Classes that tie for the largest share the gradient.
#[track_caller]
pub fn multiclass_hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    let own = scores.gather(1, labels.unsqueeze(1));
    let mask = match scores.dims::<2>() {
        Ok([_, classes]) => labels.one_hot(classes),
        // Whatever is wrong with the scores is on the tape already, or is what `gather` has just said of them.
        Err(_) => return own,
    };
    // The own class's margin is that of a class that loses by 1: it counts exactly nothing.
    let margins = mask.select(own - 1.0, scores) - own + 1.0;
    margins.max(1).relu().mean(..)
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
    fn a_label_past_the_last_class_is_named() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let logits = t.variable(&Tensor::full([2, 3], 0.0));
        let loss = cross_entropy(logits, t.input(&Tensor::from([0.0, 3.0])));
        let message = loss.value().unwrap_err().to_string();
        assert!(message.contains("index 3 at place 1 is not one of 0..3"), "{message}");
    }
}
