//! Targets as losses take them: those that do not go with the scores are refused. Unchecked, `[n, 1]` scores and `[n]`
//! targets broadcast to a loss of all n² pairs, too few labels leave rows of scores out, and labels 0 and 1 where −1 and
//! 1 are due give a loss that trains in silence to something else.

use autodiff::{Frame, InputGrads, Inputs, Mismatch, Op, Real, Shape, Var, exactly};

/// What a loss asks of its targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A class for each row of scores, along axis 1; whether there is such a class, the operation says that picks by it.
    Label,
    /// A label for each row of scores, or a probability for each score.
    Class,
    /// −1 or 1 for each score.
    Sign,
    /// A number from 0 to 1 for each score.
    Probability,
    /// A number for each score.
    Number,
}

/// The second input, targets, where it goes with the first, scores.
#[derive(Clone, Copy, Debug)]
struct Targets {
    loss: &'static str,
    kind: Kind,
}

impl<T: Real> Op<T> for Targets {
    fn name(&self) -> &'static str {
        self.loss
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [scores, targets] = exactly(inputs)?;
        let (labels, same) = (scores.rank() >= 2 && *targets == scores.without(1), scores == targets);
        let (fits, due) = match self.kind {
            Kind::Label => (labels, "scores must be [samples, classes, ..] and labels [samples, ..], one for each row"),
            Kind::Class => (
                labels || (same && scores.rank() >= 2),
                "scores must be [samples, classes, ..] and labels [samples, ..], one for each row, \
                 or probabilities, one for each score",
            ),
            _ => (same, "the targets must have the shape of what they are compared with"),
        };
        if fits { Ok(targets.clone()) } else { Err(Mismatch::new(due)) }
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let (due, admits): (_, fn(f64) -> bool) = match self.kind {
            Kind::Label | Kind::Number => return Ok(()),
            Kind::Sign => ("-1 or 1", |target| target.abs() == 1.0),
            Kind::Class if inputs.view(0).shape() != inputs.view(1).shape() => return Ok(()),
            Kind::Class | Kind::Probability => ("from 0 to 1", |target| (0.0..=1.0).contains(&target)),
        };
        match inputs.view(1).iter().map(T::to_f64).enumerate().find(|&(_, target)| !admits(target)) {
            Some((place, target)) => Err(Mismatch::new(format!("target {target} at place {place} is not {due}"))),
            None => Ok(()),
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

/// `targets`, unless they do not go with `scores`: then `loss` has refused them.
#[track_caller]
pub(crate) fn targets<'t, T: Real>(
    loss: &'static str,
    kind: Kind,
    scores: Var<'t, T>,
    targets: Var<'t, T>,
) -> Var<'t, T> {
    // Of the scores only the shape is asked, so that no gradient is due through them.
    scores.recording().apply(Targets { loss, kind }, [scores.detach(), targets])
}

#[cfg(test)]
mod tests {
    use autodiff::Tensor;

    use super::super::testing::refusal;
    use super::super::*;

    #[test]
    fn a_label_past_the_last_class_is_named() {
        let losses: [&dyn Loss<f64>; 3] = [&CrossEntropy::new(), &MulticlassHinge, &OneVsRestHinge];
        for loss in losses {
            let message = refusal(loss, Tensor::full([2, 3], 0.0), [0.0, 3.0].into());
            assert!(message.contains("index 3 at place 1 is not one of 0..3"), "{message}");
        }
    }

    #[test]
    fn labels_that_are_not_one_for_each_row_are_refused() {
        let losses: [(&str, &dyn Loss<f64>); 3] = [
            ("cross_entropy", &CrossEntropy::new()),
            ("multiclass_hinge", &MulticlassHinge),
            ("one_vs_rest_hinge", &OneVsRestHinge),
        ];
        for (name, loss) in losses {
            let due = "scores must be [samples, classes, ..] and labels [samples, ..], one for each row";
            let message = refusal(loss, Tensor::full([5, 2], 0.0), [0.0].into());
            assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
            assert!(message.contains(": [5, 2] × [1] at nn"), "{message}");
            for (scores, labels) in [(vec![5, 2], vec![5, 1]), (vec![5, 2, 3], vec![5, 2]), (vec![5], vec![5])] {
                let message = refusal(loss, Tensor::full(&scores[..], 0.0), Tensor::full(&labels[..], 0.0));
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
            let message = refusal(loss, [[1.0], [1.0]].into(), [1.0, 1.0].into());
            let due = "the targets must have the shape of what they are compared with: [2, 1] × [2]";
            assert!(message.starts_with(&format!("{name}: {due}")), "{message}");
        }
    }

    #[test]
    fn targets_of_another_convention_are_refused() {
        let message = refusal(&Hinge, [1.0, 1.0].into(), [1.0, 0.0].into());
        assert!(message.starts_with("hinge: target 0 at place 1 is not -1 or 1: [2] × [2]"), "{message}");
        let losses: [&dyn Loss<f64>; 2] = [&KlDivergence, &CrossEntropy::new()];
        for loss in losses {
            let message = refusal(loss, [[1.0, 1.0]].into(), [[-1.0, 1.0]].into());
            assert!(message.contains(": target -1 at place 0 is not from 0 to 1"), "{message}");
            assert!(refusal(loss, [[1.0, 1.0]].into(), [[0.0, f64::NAN]].into()).contains("target NaN at place 1"));
        }
        let message = refusal(&BinaryLog::default(), [1.0, 1.0].into(), [-1.0, 1.0].into());
        assert!(message.starts_with("binary_log: target -1 at place 0 is not from 0 to 1"), "{message}");
    }
}
