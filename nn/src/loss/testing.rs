//! Helpers for the tests of all losses.

use autodiff::{Dual, Mode, Params, Real, Tape, Tensor, check};

use super::{Loss, Reduction};

/// The mean loss and its gradient with respect to the scores.
pub(super) fn mean<T: Real>(loss: &dyn Loss<T>, scores: Tensor<T>, targets: Tensor<T>) -> (T, Tensor<T>) {
    let params = Params::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let scores = t.variable(&scores);
    let value = loss.reduced(scores, t.input(&targets), Reduction::Mean);
    value.backward(&mut grads).unwrap();
    (value.item().unwrap(), grads.of(scores).unwrap())
}

/// The error of `loss` for these scores and targets.
pub(super) fn error_of(loss: &dyn Loss<f64>, scores: Tensor<f64>, targets: Tensor<f64>) -> String {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    loss.reduced(t.variable(&scores), t.input(&targets), Reduction::Mean).value().unwrap_err().to_string()
}

/// Checks the gradient with respect to the scores under every reduction.
pub(super) fn check_gradients(loss: &dyn Loss<Dual<f64>>, scores: &Tensor<f64>, labels: &Tensor<f64>) {
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let report = check::function(
            |[scores]| loss.reduced(scores, scores.recording().constant(&labels.cast()), reduction),
            [scores.clone()],
        );
        report.unwrap().assert();
    }
}
