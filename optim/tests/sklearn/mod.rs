//! Penalized regressions and a linear support vector machine on the diabetes data against scikit-learn's optima.

use std::collections::BTreeMap;
use std::io::Write;

use autodiff::{Mode, ParamId, Params, Tape, Tensor, Var};
use optim::{ElasticNet, Ema, L1, L2, Optimizer, ParamFilter, Sgd, SgdRule};
use serde_json::Value;

/// Standardized features, `[442, 10]`, and the centered target.
pub(super) fn diabetes() -> (Tensor<f64>, Tensor<f64>) {
    let text = include_str!("diabetes.csv");
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let n = rows.len() as f64;
    let column = |j: usize| {
        let mean = rows.iter().map(|row| row[j]).sum::<f64>() / n;
        let deviation = (rows.iter().map(|row| (row[j] - mean).powi(2)).sum::<f64>() / n).sqrt();
        (mean, deviation)
    };
    let columns: Vec<(f64, f64)> = (0..11).map(column).collect();
    let x = Tensor::from_fn([rows.len(), 10], |k| (rows[k / 10][k % 10] - columns[k % 10].0) / columns[k % 10].1);
    (x, Tensor::from_fn([rows.len()], |i| rows[i][10] - columns[10].0))
}

fn references() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("references.json")).unwrap()
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap()
}

/// A weight for each feature, zero at first.
fn weights() -> (Params<f64>, ParamId) {
    let mut params = Params::new(0);
    let id = params.scope("").parameter("w", [10], |_, _| {});
    (params, id)
}

/// The weights after `steps` steps on `½ mean (y − xw)²`.
fn regress(mut optimizer: Optimizer<f64, SgdRule>, steps: usize) -> Vec<f64> {
    let (x, y) = diabetes();
    let (mut params, w) = weights();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for _ in 0..steps {
        let t = tape.start(&params, Mode::Train);
        let residual = t.input(&x).matmul(t.param(w)) - t.input(&y);
        (residual.square().mean(..) * 0.5).backward(&mut grads).unwrap();
        optimizer.step(&mut params, &grads).unwrap();
    }
    params.flat().to_vec()
}

fn assert_optimum(name: &str, found: &[f64], reference: &Value) {
    let expected: Vec<f64> = reference["w"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect();
    let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let zeros = found.iter().filter(|w| **w == 0.0).count();
    let line = format!("{name}: largest difference from scikit-learn {worst:.1e}, {zeros} weights exactly 0\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(worst < 1e-6, "{line}{found:?}\n{expected:?}");
    assert_eq!(zeros, expected.iter().filter(|w| **w == 0.0).count());
}

#[test]
fn proximal_steps_reach_lasso_ridge_and_elastic_net() {
    let references = references();
    let (lasso, ridge, elastic) = (&references["lasso"], &references["ridge"], &references["elastic"]);
    // The largest eigenvalue of the covariance is 4.0: a rate of 0.24 is below its inverse.
    let all = ParamFilter::all;
    let by_l1 = regress(Sgd::new(0.24).proximal(L1(number(lasso, "lambda")), all()), 20_000);
    assert_optimum("lasso, proximal L1", &by_l1, lasso);
    let l2 = L2(number(ridge, "lambda"));
    assert_optimum("ridge, proximal L2", &regress(Sgd::new(0.24).proximal(l2, all()), 5_000), ridge);
    assert_optimum("ridge, L2 penalty", &regress(Sgd::new(0.2).momentum(0.9).regularize(l2), 5_000), ridge);
    let decayed = regress(Sgd::new(0.2).decay(number(ridge, "lambda"), all()), 5_000);
    assert_optimum("ridge, decoupled decay", &decayed, ridge);
    let net = ElasticNet { l1: number(elastic, "l1"), l2: number(elastic, "l2") };
    assert_optimum("elastic net, proximal", &regress(Sgd::new(0.24).proximal(net, all()), 5_000), elastic);
}

#[test]
fn hinge_loss_with_l2_reaches_the_linear_machine() {
    let reference = &references()["svm"];
    let (x, y) = diabetes();
    let signs = Tensor::from_fn(y.shape(), |i| if y.data()[i] > 0.0 { 1.0 } else { -1.0 });
    let (mut params, w) = weights();
    let penalty = L2(number(reference, "lambda"));
    fn objective<'t>(w: Var<'t, f64>, x: &Tensor<f64>, signs: &Tensor<f64>, term: Var<'t, f64>) -> Var<'t, f64> {
        let t = w.recording();
        ((t.input(x).matmul(w) * t.input(signs)) * -1.0 + 1.0).relu().mean(..) + term
    }
    let mut sgd = Sgd::new(0.5);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut ema = Ema::new(0.99);
    let mut least = f64::INFINITY;
    for phase in 0..25 {
        // A sub-gradient does not vanish at the optimum, so the rate must.
        sgd.set_rate(0.5 * 0.6_f64.powi(phase));
        for _ in 0..2_000 {
            let t = tape.start(&params, Mode::Train);
            let term = optim::Penalty::from(penalty).term(&t, &[w]);
            objective(t.param(w), &x, &signs, term).backward(&mut grads).unwrap();
            sgd.step(&mut params, &grads).unwrap();
            ema.update(&params).unwrap();
        }
        let averaged = ema.averaged(&params).unwrap();
        let t = tape.start(&averaged, Mode::Eval);
        let term = optim::Penalty::from(penalty).term(&t, &[w]);
        least = least.min(objective(t.param(w), &x, &signs, term).item().unwrap());
    }
    let expected = number(reference, "objective");
    let line = format!("hinge and L2: objective {least:.8}, scikit-learn {expected:.8}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!((least - expected).abs() < 1e-6, "{line}");
}
