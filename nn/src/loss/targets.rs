//! Checks of targets against scores. Unchecked, `[n, 1]` scores and `[n]` targets broadcast to a loss of all n² pairs, too few
//! labels leave out rows of scores, and labels 0 and 1 instead of −1 and 1 give another loss, all without an error.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Var};

use crate::label;

/// The kind of targets that a loss takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TargetKind {
    /// A label for each row of scores: a class, an index along axis 1.
    Label,
    /// A label for each row of scores, or a probability for each score. The ignored label need not be a class.
    Class { ignored: Option<i64> },
    /// −1 or 1 for each score.
    Sign,
    /// A number from 0 to 1 for each score.
    Probability,
    /// A number for each score.
    Number,
}

/// The operation that returns its second input, the targets, if it matches the first, the scores.
#[derive(Clone, Copy, Debug)]
struct Targets {
    loss: &'static str,
    kind: TargetKind,
}

impl<T: Real> Op<T> for Targets {
    fn name(&self) -> &'static str {
        self.loss
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [scores, targets] = expect_inputs(inputs)?;
        let (labels, same) = (scores.rank() >= 2 && *targets == scores.without(1), scores == targets);
        let (fits, due) = match self.kind {
            TargetKind::Label => {
                (labels, "scores must be [samples, classes, ..] and labels [samples, ..], one for each row")
            }
            TargetKind::Class { .. } => (
                labels || (same && scores.rank() >= 2),
                "scores must be [samples, classes, ..] and labels [samples, ..], one for each row, \
                 or probabilities, one for each score",
            ),
            _ => (same, "the targets must have the shape of the scores"),
        };
        if fits { Ok(targets.clone()) } else { Err(Mismatch::new(due)) }
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let (scores, targets) = (inputs.view(0).shape(), inputs.view(1));
        let find = |admits: &dyn Fn(f64) -> bool| targets.iter().map(T::to_f64).enumerate().find(|&(_, y)| !admits(y));
        let check = |wrong: Option<(usize, f64)>, what: &str, due: &str| match wrong {
            Some((index, y)) => {
                let sample = sample(targets.shape(), index);
                Err(Mismatch::new(format!("the {what} of {sample} is {y}: must be {due}")))
            }
            None => Ok(()),
        };
        match self.kind {
            TargetKind::Number => Ok(()),
            TargetKind::Sign => check(find(&|y| y.abs() == 1.0), "label", "-1 or 1"),
            TargetKind::Class { .. } if scores == targets.shape() => {
                check(find(&|y| (0.0..=1.0).contains(&y)), "probability", "from 0 to 1")
            }
            TargetKind::Probability => check(find(&|y| (0.0..=1.0).contains(&y)), "target", "from 0 to 1"),
            TargetKind::Label | TargetKind::Class { .. } => {
                let classes = scores.get(1).copied().unwrap_or(0);
                let ignored = if let TargetKind::Class { ignored } = self.kind { ignored } else { None };
                let passes =
                    |y: f64| label::class(y, classes).is_some() || ignored.is_some_and(|label| y == label as f64);
                let Some((index, y)) = find(&passes) else { return Ok(()) };
                let mut reason = label::no_class(sample(targets.shape(), index), y, classes);
                if let Some(ignored) = ignored {
                    reason += &format!(", or {ignored}, which is ignored");
                }
                Err(Mismatch::new(reason))
            }
        }
    }
    fn differentiable(&self, input: usize) -> bool {
        input == 1
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(1).copy_to(output);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(1) {
            grad.add(cotangent);
        }
    }
}

/// "sample 3", or with further axes "sample 3 at [0, 5]", for a row-major index.
fn sample(shape: &Shape, position: usize) -> String {
    let Some((_, inner)) = shape.split_first() else { return "the only sample".to_owned() };
    let mut rest = position;
    let mut index = vec![0; inner.len()];
    for (i, extent) in index.iter_mut().zip(inner).rev() {
        (*i, rest) = (rest % extent.max(&1), rest / extent.max(&1));
    }
    if index.is_empty() { format!("sample {rest}") } else { format!("sample {rest} at {index:?}") }
}

/// `targets`, or an error of `loss` if they do not match `scores`.
#[track_caller]
pub(crate) fn targets<'t, T: Real>(
    loss: &'static str,
    kind: TargetKind,
    scores: Var<'t, T>,
    targets: Var<'t, T>,
) -> Var<'t, T> {
    // Detached: only the shape of the scores is used.
    scores.recording().apply(Targets { loss, kind }, [scores.detach(), targets])
}

#[cfg(test)]
mod tests {
    use autodiff::Tensor;

    use super::super::testing::error_of;
    use super::super::*;

    #[test]
    fn a_label_past_the_last_class_is_named() {
        let losses: [&dyn Loss<f64>; 3] = [&CrossEntropy::new(), &MulticlassHinge, &OneVsRestHinge];
        for loss in losses {
            let name = error_of(loss, Tensor::full([2, 3], 0.0), [0.0].into());
            let name = name.split(':').next().unwrap();
            for label in [3.0, -1.0, 0.5, f64::NAN, 1e300] {
                let message = error_of(loss, Tensor::full([2, 3], 0.0), [0.0, label].into());
                let due = format!("{name}: the label of sample 1 is {label}: must be a class, an integer in 0..3");
                assert!(message.starts_with(&(due + ": [2, 3] × [2] at nn")), "{message}");
            }
            let message = error_of(loss, Tensor::full([2, 3, 2], 0.0), [[0.0, 1.0], [2.0, 99.0]].into());
            assert!(message.starts_with(&format!("{name}: the label of sample 1 at [1] is 99: must be")), "{message}");
        }
    }

    #[test]
    fn labels_that_are_not_one_for_each_row_are_rejected() {
        let losses: [(&str, &dyn Loss<f64>); 3] = [
            ("cross_entropy", &CrossEntropy::new()),
            ("multiclass_hinge", &MulticlassHinge),
            ("one_vs_rest_hinge", &OneVsRestHinge),
        ];
        for (name, loss) in losses {
            let due = "scores must be [samples, classes, ..] and labels [samples, ..], one for each row";
            let message = error_of(loss, Tensor::full([5, 2], 0.0), [0.0].into());
            assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
            assert!(message.contains(": [5, 2] × [1] at nn"), "{message}");
            for (scores, labels) in [(vec![5, 2], vec![5, 1]), (vec![5, 2, 3], vec![5, 2]), (vec![5], vec![5])] {
                let message = error_of(loss, Tensor::full(&scores[..], 0.0), Tensor::full(&labels[..], 0.0));
                assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
            }
        }
    }

    #[test]
    fn a_column_of_scores_is_not_compared_with_a_row_of_targets() {
        let losses: [(&str, &dyn Loss<f64>); 7] = [
            ("squared", &Squared),
            ("absolute", &Absolute),
            ("huber", &Huber::default()),
            ("binary_log", &BinaryLog::default()),
            ("kl_divergence", &KlDivergence),
            ("hinge", &Hinge),
            ("squared_hinge", &SquaredHinge),
        ];
        for (name, loss) in losses {
            let message = error_of(loss, [[1.0], [1.0]].into(), [1.0, 1.0].into());
            let due = "the targets must have the shape of the scores: [2, 1] × [2]";
            assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
        }
    }

    #[test]
    fn targets_of_another_convention_are_rejected() {
        let message = error_of(&Hinge, [1.0, 1.0].into(), [1.0, 0.0].into());
        assert!(message.starts_with("hinge: the label of sample 1 is 0: must be -1 or 1: [2] × [2]"), "{message}");
        let losses: [(&dyn Loss<f64>, _); 2] = [(&KlDivergence, "target"), (&CrossEntropy::new(), "probability")];
        for (loss, what) in losses {
            let message = error_of(loss, [[1.0, 1.0]].into(), [[-1.0, 1.0]].into());
            assert!(
                message.contains(&format!(": the {what} of sample 0 at [0] is -1: must be from 0 to 1")),
                "{message}"
            );
            let message = error_of(loss, [[1.0, 1.0]].into(), [[0.0, f64::NAN]].into());
            assert!(message.contains(&format!("the {what} of sample 0 at [1] is NaN")), "{message}");
        }
        let message = error_of(&BinaryLog::default(), [1.0, 1.0].into(), [-1.0, 1.0].into());
        assert!(message.starts_with("binary_log: the target of sample 0 is -1: must be from 0 to 1"), "{message}");
    }
}
