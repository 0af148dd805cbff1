//! L-BFGS against SciPy's L-BFGS-B and BFGS and PyTorch's LBFGS: the minima, and how many evaluations they take.

use std::collections::BTreeMap;
use std::io::Write;

use autodiff::{Mode, Params, Tape, Tensor, Var};
use optim::{Lbfgs, Minimum};
use serde::Deserialize;

use super::sklearn::diabetes;

#[derive(Deserialize)]
struct Case {
    name: String,
    start: Vec<f64>,
    value: f64,
    evaluations: BTreeMap<String, usize>,
}

fn rosenbrock(x: Var<'_, f64>) -> Var<'_, f64> {
    let (x, next) = (x.narrow(0, 0..9), x.narrow(0, 1..10));
    ((next - x.square()).square() * 100.0 + (1.0 - x).square()).sum(..)
}

fn beale(p: Var<'_, f64>) -> Var<'_, f64> {
    let (x, y) = (p.index(0, 0), p.index(0, 1));
    [(1.5, y), (2.25, y * y), (2.625, y * y * y)]
        .map(|(target, power)| (x * (1.0 - power) * -1.0 + target).square())
        .into_iter()
        .fold(x * 0.0, |sum, term| sum + term)
}

/// Eigenvalues from 1 to 10⁴, in the directions of a reflection.
fn quadratic(x: Var<'_, f64>) -> Var<'_, f64> {
    let t = x.recording();
    let normal = Tensor::from_fn([20], |k| (1.0 + k as f64).sin());
    let size: f64 = normal.data().iter().map(|v| v * v).sum();
    let normal = t.input(&normal);
    let eigenvalues = t.input(&Tensor::from_fn([20], |k| 10_f64.powf(4.0 * k as f64 / 19.0)));
    let reflected = x - normal * ((normal * x).sum(..) * (2.0 / size));
    (eigenvalues * reflected.square()).sum(..) * 0.5 - x.sum(..)
}

fn logistic(w: Var<'_, f64>) -> Var<'_, f64> {
    let (features, target) = diabetes();
    let signs = Tensor::from_fn(target.shape(), |i| if target.data()[i] > 0.0 { -1.0 } else { 1.0 });
    let t = w.recording();
    ((t.input(&features).matmul(w)) * t.input(&signs)).softplus().mean(..) + w.square().sum(..) * 0.005
}

/// Two layers: `[40, 3]`, 6 units of tanh, and a number.
fn network(p: Var<'_, f64>) -> Var<'_, f64> {
    let t = p.recording();
    let inputs = Tensor::from_fn([40, 3], |k| (1.7 * k as f64).sin());
    let targets = Tensor::from_fn([40], |i| {
        let x = &inputs.data()[3 * i..3 * i + 3];
        (2.0 * x[0]).sin() + x[1] * x[2]
    });
    let hidden = t.input(&inputs).matmul(p.narrow(0, 0..18).reshape([3, 6])) + p.narrow(0, 18..24);
    let output = hidden.tanh().matmul(p.narrow(0, 24..30)) + p.index(0, 30);
    (output - t.input(&targets)).square().mean(..) + p.square().sum(..) * 0.01
}

fn precise() -> Lbfgs<f64> {
    Lbfgs::new().gradient_tolerance(1e-6).value_tolerance(0.0).max_iterations(5000)
}

fn minimum(name: &str, start: &Tensor<f64>) -> Minimum<f64> {
    let lbfgs = precise();
    let found = match name {
        "rosenbrock" => lbfgs.minimize_function(rosenbrock, start),
        "beale" => lbfgs.minimize_function(beale, start),
        "quadratic" => lbfgs.minimize_function(quadratic, start),
        "logistic" => lbfgs.minimize_function(logistic, start),
        "network" => lbfgs.minimize_function(network, start),
        name => panic!("no function is called {name}"),
    };
    found.unwrap()
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("references.json")).unwrap()
}

#[test]
fn minima_are_those_of_scipy_in_about_as_many_evaluations() {
    for case in cases() {
        let found = minimum(&case.name, &Tensor::new([case.start.len()], case.start).unwrap());
        let line = format!(
            "{}: {} evaluations, {} iterations, {:.1e} above the minimum; others take {:?}\n",
            case.name,
            found.evaluations,
            found.iterations,
            found.value - case.value,
            case.evaluations
        );
        let _ = std::io::stderr().write_all(line.as_bytes());
        assert!(found.ended.is_converged() && found.gradient_norm <= 1e-6, "{line}{:?}", found.ended);
        assert!((found.value - case.value).abs() < 1e-9, "{line}");
        assert!(2 * found.evaluations <= 3 * case.evaluations["lbfgsb"], "{line}");
    }
}

/// Several parameters of a model descend as one vector does.
#[test]
fn a_model_is_minimized_as_a_function_of_one_tensor_is() {
    let case = cases().pop().unwrap();
    let start = Tensor::new([case.start.len()], case.start).unwrap();
    let expected = minimum("network", &start);
    let mut params = Params::new(0);
    let ids = [(0, 18), (18, 24), (24, 31)].map(|(from, to)| {
        let values = &start.data()[from..to];
        params.scope("p").parameter(&from.to_string(), [to - from], |own, _| own.copy_from_slice(values))
    });
    let mut tape = Tape::new();
    let found = precise().minimize(&mut params, |params, grads| {
        let t = tape.start(params, Mode::Train);
        let value = network(t.concatenate(ids.map(|id| t.param(id)), 0));
        value.backward(grads)?;
        value.item()
    });
    assert_eq!((found.unwrap().evaluations, params.flat()), (expected.evaluations, expected.point.data()));
}
