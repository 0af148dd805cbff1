//! Gradients of others: black boxes in every form, and engines through the trait.

use std::cell::Cell;

use autodiff::check::{
    self, Check, Diagnosis, Engine, Gradient, Jacobian, Jvp, Outcome, Probe, Report, Run, Storage, Vjp,
};
use autodiff::{Real, Tensor};

/// The mixed products and sines of three numbers.
fn values<T: Real>(x: &[T]) -> Vec<T> {
    vec![x[0] * x[1], x[1].sin() * x[2], x[0] + x[2] * x[2]]
}

/// The Jacobian of [`values`], row by row, the first derivative times `factor`.
fn jacobian<T: Real>(x: &[T], factor: f64) -> Vec<T> {
    let (zero, one) = (T::ZERO, T::ONE);
    [[T::from_f64(factor) * x[1], x[0], zero], [zero, x[1].cos() * x[2], x[1].sin()], [one, zero, x[2] + x[2]]].concat()
}

fn dot<T: Real>(x: impl Iterator<Item = T>, y: &[T]) -> T {
    x.zip(y).map(|(x, &y)| x * y).sum()
}

fn vjp<T: Real>(x: &[T], u: &[T], factor: f64) -> Vec<T> {
    let jacobian = jacobian(x, factor);
    (0..3).map(|column| dot(jacobian.iter().skip(column).step_by(3).copied(), u)).collect()
}

fn jvp<T: Real>(x: &[T], v: &[T], factor: f64) -> Vec<T> {
    jacobian(x, factor).chunks(3).map(|row| dot(row.iter().copied(), v)).collect()
}

fn inputs() -> [(&'static str, Tensor<f64>); 2] {
    [("angles", [0.7, -1.1].into()), ("width", [0.4].into())]
}

#[test]
fn a_black_box_is_checked_in_every_form() {
    let check = |factor: f64| -> [Report; 4] {
        [
            check::foreign(values::<f64>, Jacobian(|x: &[f64]| jacobian(x, factor)), inputs()).unwrap(),
            check::foreign(values::<f64>, Vjp(|x: &[f64], u: &[f64]| vjp(x, u, factor)), inputs()).unwrap(),
            check::foreign(values::<f64>, Jvp(|x: &[f64], v: &[f64]| jvp(x, v, factor)), inputs()).unwrap(),
            check::foreign(values::<f32>, Jacobian(|x: &[f32]| jacobian(x, factor)), inputs()).unwrap(),
        ]
    };
    check(1.0).iter().for_each(Report::assert);
    for report in check(1.01) {
        assert_eq!(report.findings.len(), 1, "{report}");
        assert!(report.findings[0].entries[0].of == "angles" && !report.findings[0].certain, "{report}");
    }
}

#[test]
fn the_gradient_of_one_value_is_checked() {
    let f = |x: &[f64]| vec![x[0] * x[1].sin()];
    let check = |sign: f64| {
        let gradient = Gradient(move |x: &[f64]| vec![x[1].sin(), sign * x[0] * x[1].cos()]);
        check::foreign(f, gradient, [("amplitude", [0.7].into()), ("angle", [1.9].into())]).unwrap()
    };
    check(1.0).assert();
    let report = check(-1.0);
    assert_eq!(report.findings[0].diagnosis, Some(Diagnosis::SignFlipped), "{report}");
    assert!(
        report.to_string().starts_with("FAILED: black box: sign flipped, angle (by finite differences)"),
        "{report}"
    );
    assert!(report.to_string().contains("not applicable: Ties") || !report.inapplicable.is_empty(), "{report}");
}

#[test]
fn black_boxes_that_bend_fast_are_undecided() {
    let wiggle = |x: &[f64]| vec![x[0] * (1.0 / x[0]).sin()];
    let gradient = Gradient(|x: &[f64]| vec![(1.0 / x[0]).sin() - (1.0 / x[0]).cos() / x[0]]);
    check::foreign(wiggle, gradient, [("x", [1e-3].into())]).unwrap().assert();
    let steep = |x: &[f64]| vec![1.0 / (1.0 + (-1e4 * x[0]).exp())];
    let gradient = Gradient(|x: &[f64]| {
        let s = 1.0 / (1.0 + (-1e4 * x[0]).exp());
        vec![1e4 * s * (1.0 - s)]
    });
    check::foreign(steep, gradient, [("x", [1e-5].into())]).unwrap().assert();
    let relu = |x: &[f64]| vec![x[0].max(0.0)];
    let gradient = Gradient(|x: &[f64]| vec![if x[0] > 0.0 { 1.0 } else { 0.0 }]);
    let report = check::foreign(relu, gradient, [("x", [0.0].into())]).unwrap();
    report.assert();
    assert!(!report.kinks.is_empty(), "{report}");
}

#[test]
fn taylors_remainders_fall_at_rates_two_and_three() {
    let report = check::function(|[x]| x.exp().sum(..), [[0.3, -0.7, 1.1].into()]).unwrap();
    let rates = report.taylor[0];
    assert!((rates.first.unwrap() - 2.0).abs() < 0.05, "{report}");
    assert!((rates.second.unwrap() - 3.0).abs() < 0.1, "{report}");
    let wrong = Gradient(|x: &[f64]| vec![1.1 * x[0].exp()]);
    let report = check::foreign(|x: &[f64]| vec![x[0].exp()], wrong, [("x", [0.3].into())]).unwrap();
    assert!((report.taylor[0].first.unwrap() - 1.0).abs() < 0.05, "{report}");
    let alone = Probe::ALL.into_iter().filter(|&probe| probe != Probe::Taylor);
    let alone = alone.fold(Check::new(), |check, probe| check.skip(probe, "Taylor's test alone"));
    let report = alone.foreign(|x: &[f64]| vec![x[0].exp()], wrong, [("x", [0.3].into())]).unwrap();
    assert_eq!(report.findings[0].probe, Probe::Taylor, "{report}");
}

#[test]
fn a_gradient_of_another_length_is_an_error() {
    let short = Gradient(|_: &[f64]| vec![1.0]);
    let error = check::foreign(|x: &[f64]| vec![x[0] + x[1]], short, [("x", [0.3, 0.4].into())]).unwrap_err();
    assert_eq!(error.to_string(), "black box: the gradient has 1 numbers for 2 numbers of input");
}

/// What an engine does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    Factor,
    OverwritesOthers,
    IgnoresStrides,
    WrongIfAlone,
    Loses,
    Wanders,
}

/// x·y of two arrays, on an engine with leaves, views and gradients that are added up.
struct Product {
    mistake: Mistake,
    runs: Cell<u32>,
}

/// The elements of the leaf that a view shows.
fn shown(leaf: &Tensor<f64>, storage: Storage, shape: &[usize]) -> Vec<usize> {
    let [rows, columns] = [shape[0], shape[1]];
    let stored = leaf.shape();
    let place = |i: usize, j: usize| match storage {
        Storage::Dense => i * columns + j,
        Storage::Transposed => j * stored[1] + i,
        Storage::Narrowed => (2 * i + 1) * stored[1] + 2 * j + 1,
        Storage::Broadcast => j,
    };
    (0..rows * columns).map(|k| place(k / columns, k % columns)).collect()
}

impl Engine for Product {
    fn name(&self) -> String {
        "product".into()
    }
    fn run(&self, run: &Run<'_>) -> Result<Outcome, String> {
        self.runs.set(self.runs.get() + 1);
        let shape = run.operands[0].shape;
        if shape.rank() != 2 || run.operands.iter().any(|operand| operand.shape != shape) {
            return Err("two matrices of one shape".into());
        }
        let places: Vec<Vec<usize>> = run.operands.iter().map(|x| shown(x.leaf, x.storage, x.shape)).collect();
        let values: Vec<Vec<f64>> =
            run.operands.iter().zip(&places).map(|(x, at)| at.iter().map(|&k| x.leaf.data()[k]).collect()).collect();
        let output = Tensor::from_fn(shape, |k| values[0][k] * values[1][k]);
        let mut gradients: Vec<Option<Tensor<f64>>> =
            run.operands.iter().map(|x| x.needs_gradient.then(|| Tensor::full(x.leaf.shape(), 0.0))).collect();
        if let Some(cotangent) = run.cotangent {
            for (input, other) in [(0, 1), (1, 0)] {
                let alone = run.operands.iter().filter(|x| x.needs_gradient).count() == 1;
                let strided = run.operands[input].storage != Storage::Dense;
                let factor = match self.mistake {
                    Mistake::Factor => 2.0,
                    Mistake::WrongIfAlone if alone => 2.0,
                    Mistake::IgnoresStrides if strided => 0.0,
                    Mistake::Loses if input == 1 => 0.0,
                    Mistake::Wanders => 1.0 + f64::from(self.runs.get()) * 1e-3,
                    _ => 1.0,
                };
                if !run.operands[input].needs_gradient {
                    continue;
                }
                let Some(Some(gradient)) = gradients.get_mut(run.operands[input].source) else { continue };
                for (k, &at) in places[input].iter().enumerate() {
                    let term = factor * cotangent.data()[k] * values[other][k];
                    let consumer = run.consumer.map_or(0.0, |consumer| consumer.weights[input].data()[k]);
                    gradient.data_mut()[at] += match self.mistake {
                        Mistake::OverwritesOthers => term,
                        _ => term + consumer,
                    };
                }
            }
        }
        Ok(Outcome { output, gradients })
    }
}

#[test]
fn an_engine_is_held_to_the_same_laws() {
    let check = |mistake: Mistake| {
        let engine = Product { mistake, runs: Cell::default() };
        let inputs = [[[0.3, -1.2, 0.8], [2.1, 0.5, -0.6]].into(), [[1.4, 0.2, -0.9], [0.7, -0.3, 1.6]].into()];
        check::engine(&engine, inputs).unwrap()
    };
    let right = check(Mistake::None);
    right.assert();
    assert!(right.comparisons > 300, "{right}");
    let expected = [
        (Mistake::Factor, Diagnosis::Factor(2.0)),
        (Mistake::OverwritesOthers, Diagnosis::Overwritten),
        (Mistake::IgnoresStrides, Diagnosis::DependsOnLayout),
        (Mistake::WrongIfAlone, Diagnosis::DependsOnSubset),
        (Mistake::Loses, Diagnosis::Zero),
        (Mistake::Wanders, Diagnosis::Nondeterministic),
    ];
    for (mistake, diagnosis) in expected {
        let report = check(mistake);
        let found = report.findings.iter().filter_map(|finding| finding.diagnosis.as_ref());
        let alike = |found: &Diagnosis| match (found, &diagnosis) {
            (Diagnosis::Factor(found), Diagnosis::Factor(right)) => (found - right).abs() < 1e-6,
            _ => *found == diagnosis,
        };
        assert!(found.clone().any(alike), "{diagnosis}: {report}");
    }
}

/// The larger of each pair of a column and a row; where they tie, the column.
struct Larger;

impl Engine for Larger {
    fn name(&self) -> String {
        "larger".into()
    }
    fn run(&self, run: &Run<'_>) -> Result<Outcome, String> {
        let [x, y] = [0, 1].map(|input| run.operands[input].leaf);
        let columns = y.data().len();
        let of_x = |k: usize| x.data()[k / columns] >= y.data()[k % columns];
        let output = Tensor::from_fn([x.data().len(), columns], |k| {
            if of_x(k) { x.data()[k / columns] } else { y.data()[k % columns] }
        });
        let mut gradients = [vec![0.0; x.data().len()], vec![0.0; columns]];
        for (k, &u) in run.cotangent.iter().flat_map(|u| u.data()).enumerate() {
            if of_x(k) { gradients[0][k / columns] += u } else { gradients[1][k % columns] += u }
        }
        let gradients = gradients.into_iter().zip([x, y]);
        let gradients = gradients.map(|(g, x)| Tensor::new(x.shape(), g).ok()).collect();
        Ok(Outcome { output, gradients })
    }
    fn storages(&self) -> &[Storage] {
        &[Storage::Dense]
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        let shaped = matches!(probe, Probe::Accumulation | Probe::Subsets | Probe::Extents | Probe::Enlarged);
        shaped.then_some("a column and a row alone")
    }
}

#[test]
fn several_kinks_at_once_are_not_accused() {
    let (x, y) = ([[1.4], [-1.2], [-0.8], [-0.5]], [[-1.2, -0.8, -0.5]]);
    for seed in 0..6 {
        let report = Check::new().seed(seed).engine(&Larger, [x.into(), y.into()]).unwrap();
        report.assert();
        assert!(!report.kinks.is_empty(), "{report}");
    }
}
