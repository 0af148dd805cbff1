//! Hinge losses: 0 for a score that is right by a margin of 1.

use autodiff::{Real, Var};

use super::targets::{TargetKind, targets};
use super::{Loss, Reduction};

/// Binary hinge loss, `max(0, 1 − y s)` (Cortes and Vapnik 1995). The derivative at the kink is 0.
///
/// # Shapes
/// Scores, labels and losses have one shape; labels are −1 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hinge;

impl<T: Real> Loss<T> for Hinge {
    #[track_caller]
    fn unreduced<'t>(&self, scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
        (1.0 - targets("hinge", TargetKind::Sign, scores, labels) * scores).relu()
    }
}

/// Squared binary hinge loss, `max(0, 1 − y s)²`, which has no kink.
///
/// # Shapes
/// Scores, labels and losses have one shape; labels are −1 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SquaredHinge;

impl<T: Real> Loss<T> for SquaredHinge {
    #[track_caller]
    fn unreduced<'t>(&self, scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
        (1.0 - targets("squared_hinge", TargetKind::Sign, scores, labels) * scores).relu().square()
    }
}

/// Hinge loss of classes, `max(0, 1 + max_{j ≠ y} s_j − s_y)` (Crammer and Singer 2001): the margin to the best other class.
/// Equal maxima share the gradient evenly.
///
/// # Shapes
/// Scores `[samples, classes, ..]`; labels `[samples, ..]`, integers from 0; losses `[samples, ..]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MulticlassHinge;

impl<T: Real> Loss<T> for MulticlassHinge {
    #[track_caller]
    fn unreduced<'t>(&self, scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
        let labels = targets("multiclass_hinge", TargetKind::Label, scores, labels);
        let own = own_class(scores, labels);
        let margins = scores - scores.gather(1, labels.unsqueeze(1)) + 1.0;
        // Exactly 0 for the own class, however large the scores: 1 − own is 0 there.
        own.select(1.0 - own, margins).max(1).relu()
    }
}

/// Hinge loss of each class against the rest, `Σ_j max(0, 1 − y_j s_j)` with `y_j` 1 for the own class and −1 for the others
/// (Rifkin and Klautau 2004).
///
/// # Shapes
/// Scores `[samples, classes, ..]`; labels `[samples, ..]`, integers from 0; losses `[samples, ..]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OneVsRestHinge;

impl<T: Real> Loss<T> for OneVsRestHinge {
    #[track_caller]
    fn unreduced<'t>(&self, scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
        let own = own_class(scores, targets("one_vs_rest_hinge", TargetKind::Label, scores, labels));
        (1.0 - (own * 2.0 - 1.0) * scores).relu().sum(1)
    }
}

/// 1 at the index of each label along axis 1 of the scores, 0 elsewhere.
#[track_caller]
fn own_class<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    // Labels that do not match the scores carry an error.
    let Ok(shape) = scores.shape() else { return labels };
    let [_, classes, inner @ ..] = &shape[..] else { return labels };
    let own = labels.one_hot(*classes);
    if inner.is_empty() {
        return own;
    }
    let last = shape.rank() - 1;
    let axes: Vec<usize> = [0, last].into_iter().chain(1..last).collect();
    own.permute(&axes)
}

/// The mean [`Hinge`] loss.
#[track_caller]
pub fn hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    Hinge.reduced(scores, labels, Reduction::Mean)
}

/// The mean [`SquaredHinge`] loss.
#[track_caller]
pub fn squared_hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    SquaredHinge.reduced(scores, labels, Reduction::Mean)
}

/// The mean [`MulticlassHinge`] loss.
#[track_caller]
pub fn multiclass_hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    MulticlassHinge.reduced(scores, labels, Reduction::Mean)
}

/// The mean [`OneVsRestHinge`] loss.
#[track_caller]
pub fn one_vs_rest_hinge<'t, T: Real>(scores: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    OneVsRestHinge.reduced(scores, labels, Reduction::Mean)
}

#[cfg(test)]
mod tests {
    use autodiff::Tensor;

    use super::super::testing::{check_gradients, mean};
    use super::*;

    #[test]
    fn values_and_gradients_are_those_of_the_formulas() {
        let (scores, labels) = (|| [0.5, 3.0].into(), || [1.0, -1.0].into());
        assert_eq!(mean(&Hinge, scores(), labels()), (2.25, [-0.5, 0.5].into()));
        assert_eq!(mean(&SquaredHinge, scores(), labels()), (8.125, [-0.5, 4.0].into()));
        let scores = || [[2.0, 1.5, 0.0], [0.0, 5.0, -3.0]].into();
        let (value, gradient) = mean(&OneVsRestHinge, scores(), [0.0, 1.0].into());
        assert_eq!((value, gradient), ((2.5 + 1.0 + 1.0) / 2.0, [[0.0, 0.5, 0.5], [0.5, 0.0, 0.0]].into()));
    }

    #[test]
    fn the_hinge_of_classes_compares_with_the_best_other_class() {
        let scores = [[2.0, 1.5, 0.0], [0.0, 5.0, 1.0]];
        let (value, gradient) = mean(&MulticlassHinge, scores.into(), [0.0, 1.0].into());
        assert_eq!((value, gradient), (0.25, [[-0.5, 0.5, 0.0], [0.0, 0.0, 0.0]].into()));
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        let scores = Tensor::from_fn([2, 3, 2], |k| ((k * 7) % 12) as f64 / 3.0 - 1.9);
        let signs = Tensor::from_fn([2, 3, 2], |k| if k % 3 == 0 { 1.0 } else { -1.0 });
        check_gradients(&Hinge, &scores, &signs);
        check_gradients(&SquaredHinge, &scores, &signs);
        let labels = [[0.0, 2.0], [1.0, 1.0]].into();
        check_gradients(&MulticlassHinge, &scores, &labels);
        check_gradients(&OneVsRestHinge, &scores, &labels);
    }

    #[test]
    fn further_axes_are_samples_too() {
        let scores = Tensor::from_fn([2, 3, 2], |k| ((k * 7) % 12) as f64 / 3.0 - 1.9);
        let rows = [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11].map(|k| scores.data()[k]).to_vec();
        let rows = Tensor::new([4, 3], rows).unwrap();
        let losses: [&dyn Loss<f64>; 2] = [&MulticlassHinge, &OneVsRestHinge];
        for loss in losses {
            let (value, _) = mean(loss, scores.clone(), [[0.0, 2.0], [1.0, 1.0]].into());
            assert!((value - mean(loss, rows.clone(), [0.0, 2.0, 1.0, 1.0].into()).0).abs() < 1e-15);
        }
    }

    #[test]
    fn the_own_class_adds_nothing_however_large_the_scores() {
        // 10¹⁷ − 1 is 10¹⁷ in f64.
        let (value, gradient) = mean(&MulticlassHinge, [[1e17, 0.0]].into(), [0.0].into());
        assert_eq!((value, gradient), (0.0, [[0.0, 0.0]].into()));
    }
}
