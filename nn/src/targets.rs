//! Targets as losses take them: those that do not go with the scores are refused. Unchecked, `[n, 1]` scores and `[n]`
//! targets broadcast to a loss of all n² pairs, too few labels leave rows of scores out, and labels 0 and 1 where −1 and
//! 1 are due give a loss that trains in silence to something else.

use autodiff::{Frame, InputGrads, Inputs, Mismatch, Op, Real, Shape, Var, exactly};

/// What a loss asks of its targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A class for each row of scores; whether there is such a class, the operation says that picks by it.
    Label,
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
        match (self.kind, &scores[..], &targets[..]) {
            (Kind::Label, [rows, _], [labels]) if rows == labels => Ok(targets.clone()),
            (Kind::Label, ..) => {
                Err(Mismatch::new("scores must be [samples, classes] and labels [samples], one for each row"))
            }
            _ if scores == targets => Ok(targets.clone()),
            _ => Err(Mismatch::new("the targets must have the shape of what they are compared with")),
        }
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let (due, admits): (_, fn(f64) -> bool) = match self.kind {
            Kind::Label | Kind::Number => return Ok(()),
            Kind::Sign => ("-1 or 1", |target| target.abs() == 1.0),
            Kind::Probability => ("from 0 to 1", |target| (0.0..=1.0).contains(&target)),
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
