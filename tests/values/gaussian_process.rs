//! Gaussian processes against scikit-learn (`gaussian_process.py`, beside the table): the logarithm of the marginal likelihood, its
//! gradient in the hyperparameters, and predictions.

use std::io::Write;

use autodiff::ops::Triangle::Lower;
use autodiff::{Mode, Params, Tape, Tensor, Var};
use serde_json::Value;

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(of: &Value) -> Tensor<f64> {
    let rows: Vec<Vec<f64>> = of.as_array().unwrap().iter().map(numbers).collect();
    Tensor::from_rows(&rows).unwrap()
}

/// The covariances `e^θ₀ exp(−|x − y|² / 2 e^2θ₁)` of points, `[n, d]` and `[m, d]`.
fn covariance<'t>(theta: Var<'t, f64>, x: Var<'t, f64>, y: Var<'t, f64>) -> Var<'t, f64> {
    let squares = (x.unsqueeze(1) - y.unsqueeze(0)).square().sum(-1);
    (theta.index(0, 0) - squares * 0.5 * (theta.index(0, 1) * -2.0).exp()).exp()
}

#[test]
fn likelihoods_gradients_and_predictions_are_those_of_scikit_learn() {
    let table: Value = serde_json::from_str(include_str!("gaussian_process.json")).unwrap();
    let (points, targets, places) = (rows(&table["x"]), Tensor::from(&numbers(&table["y"])[..]), rows(&table["at"]));
    let params = Params::default();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut worst = 0.0_f64;
    for row in table["rows"].as_array().unwrap() {
        let t = tape.start(&params, Mode::Train);
        let theta = t.variable(&Tensor::from(&numbers(&row["theta"])[..]));
        let (x, y, at) = (t.input(&points), t.input(&targets), t.input(&places));
        let n = targets.data().len();
        let noise = theta.index(0, 2).exp();
        let l = (covariance(theta, x, x) + noise.broadcast_to([n]).diag()).cholesky();
        let z = l.solve_triangular(y, Lower);
        let constant = n as f64 / 2.0 * std::f64::consts::TAU.ln();
        let likelihood = z.square().sum(..) * -0.5 - l.diagonal().ln().sum(..) - constant;
        likelihood.backward(&mut grads).unwrap();
        let v = l.solve_triangular(covariance(theta, x, at), Lower);
        let variance = theta.index(0, 0).exp() + noise - v.square().sum(0);
        let found = [
            (vec![likelihood.item().unwrap()], vec![row["likelihood"].as_f64().unwrap()]),
            (grads.of(theta).unwrap().into_vec(), numbers(&row["gradient"])),
            (v.t().matmul(z).value().unwrap().into_vec(), numbers(&row["mean"])),
            (variance.sqrt().value().unwrap().into_vec(), numbers(&row["deviation"])),
        ];
        for (found, expected) in found.iter().flat_map(|(found, expected)| found.iter().zip(expected)) {
            worst = worst.max((found - expected).abs() / expected.abs().max(1.0));
        }
    }
    let _ = writeln!(std::io::stderr(), "Gaussian processes: largest difference from scikit-learn {worst:.1e}");
    assert!(worst < 1e-10, "{worst:e}");
}
