//! Linear algebra against numpy and scipy, gradients against PyTorch and scipy (`linalg.py`, beside the table).

use std::collections::BTreeSet;
use std::io::Write;

use autodiff::ops::{EigenvalueFunction, Triangle};
use autodiff::{Mode, Params, Tape, Tensor, Var};
use serde_json::Value;

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn tensors(of: &Value) -> Vec<Tensor<f64>> {
    let one = |tensor: &Value| {
        let shape: Vec<usize> = numbers(&tensor["shape"]).into_iter().map(|n| n as usize).collect();
        Tensor::new(&shape[..], numbers(&tensor["data"])).unwrap()
    };
    of.as_array().unwrap().iter().map(one).collect()
}

/// The operation of a row of the table.
fn apply<'t>(name: &str, attributes: &[f64], inputs: &[Var<'t, f64>]) -> Vec<Var<'t, f64>> {
    use Triangle::{Lower, UnitLower, UnitUpper, Upper};
    let x = inputs[0];
    let pair = |(one, other): (Var<'t, f64>, Var<'t, f64>)| vec![one, other];
    match name {
        "inverse" => vec![x.inverse()],
        "slogdet" => pair(x.slogdet()),
        "solve" => vec![x.solve(inputs[1])],
        "solve_triangular" => {
            let triangle = [Lower, Upper, UnitLower, UnitUpper][attributes[0] as usize];
            vec![x.solve_triangular(inputs[1], triangle)]
        }
        "cholesky" => vec![x.cholesky()],
        "eigh" => pair(x.eigh()),
        "qr" => pair(x.qr()),
        "singular_values" => vec![x.singular_values()],
        "trace" => vec![x.trace()],
        "diagonal" => vec![x.diagonal()],
        "diag" => vec![x.diag()],
        "exp" => vec![x.symmetric_function(EigenvalueFunction::Exp)],
        "ln" => vec![x.symmetric_function(EigenvalueFunction::Ln)],
        "power" => vec![x.symmetric_function(EigenvalueFunction::Power(attributes[0]))],
        _ => panic!("{name} is not known here"),
    }
}

/// The largest difference, relative to the largest number.
fn difference(found: &Tensor<f64>, expected: &Tensor<f64>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let largest = expected.data().iter().fold(f64::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    found.data().iter().zip(expected.data()).map(|(x, y)| (x - y).abs() / largest).fold(0.0, f64::max)
}

#[test]
fn values_and_gradients_agree_with_scipy_and_torch() {
    let table: Vec<Value> = serde_json::from_str(include_str!("linalg.json")).unwrap();
    let (mut names, mut worst) = (BTreeSet::new(), [0.0_f64; 2]);
    let params = Params::default();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for row in &table {
        let name = row["op"].as_str().unwrap();
        let t = tape.start(&params, Mode::Train);
        let inputs: Vec<Var<'_, f64>> = tensors(&row["inputs"]).iter().map(|x| t.variable(x)).collect();
        let outputs = apply(name, &numbers(&row["attributes"]), &inputs);
        let expected = tensors(&row["outputs"]);
        assert_eq!(outputs.len(), expected.len());
        let (mut count, mut total) = (0.0, t.constant(&Tensor::scalar(0.0)));
        for (output, expected) in outputs.iter().zip(&expected) {
            worst[0] = worst[0].max(difference(&output.value().unwrap(), expected));
            let cotangent = Tensor::from_fn(expected.shape(), |k| (count + k as f64 + 1.0).cos());
            count += expected.data().len() as f64;
            total = total + (t.constant(&cotangent) * *output).sum(..);
        }
        total.backward(&mut grads).unwrap();
        for (input, expected) in inputs.iter().zip(tensors(&row["gradients"])) {
            let found = difference(&grads.of(*input).unwrap(), &expected);
            assert!(found < 1e-11, "gradient of {name}{}: {found:e}", row["attributes"]);
            worst[1] = worst[1].max(found);
        }
        assert!(worst[0] < 1e-12, "{name}{}: {:e}", row["attributes"], worst[0]);
        names.insert(name);
    }
    let (cases, [value, gradient]) = (table.len(), worst);
    let line = format!(
        "linear algebra: {} operations, {cases} cases, largest difference {value:.1e}, of gradients {gradient:.1e}\n",
        names.len()
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
}
