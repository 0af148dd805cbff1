//! The gradient checker on functions and models, and what its reports say.

use autodiff::check::{self, Check, Diagnosis, Gradient, Probe};
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, Reads, expect_inputs};
use autodiff::{Params, Real, Shape, Tensor, scalar_op};
use nn::loss::cross_entropy;
use nn::{Linear, Module, Tanh};

scalar_op! {
    /// Division with the sign of the right side's gradient wrong.
    Divide, |x, y| x / y, |z| [T::ONE / y, z / y]
}

scalar_op! {
    /// A square root with the derivative of the logarithm.
    Root, |x| x.sqrt(), |_z| [T::ONE / x]
}

fn batch() -> (Tensor<f64>, Tensor<f64>) {
    (Tensor::from_fn([5, 4], |k| ((k * 7) % 11) as f64 / 5.0 - 1.0), [0.0, 2.0, 1.0, 2.0, 0.0].into())
}

#[test]
fn a_model_is_checked_with_respect_to_all_its_parameters() {
    let mut params = Params::<f32>::new(1);
    let model = (Linear::new(params.scope("hidden"), 4, 6), Tanh, Linear::new(params.scope("readout"), 6, 3));
    let (x, labels) = batch();
    let report =
        check::model(&params, |t| cross_entropy(model.forward(t.constant(&x.cast())), t.constant(&labels.cast())));
    let report = report.unwrap();
    report.assert();
    assert!(report.comparisons > 150, "{report}");
}

#[test]
fn a_parameter_that_receives_no_gradient_is_named() {
    let mut params = Params::<f64>::new(1);
    let used = Linear::new(params.scope("used"), 4, 3);
    let _unused = Linear::new(params.scope("unused"), 4, 3);
    let (x, labels) = batch();
    let report =
        check::model(&params, |t| cross_entropy(used.forward(t.constant(&x.cast())), t.constant(&labels.cast())));
    let report = report.unwrap();
    report.assert();
    let notes = report.undecided.join("\n");
    assert!(notes.contains("unused.weight receives no gradient: the result does not depend on it"), "{report}");
}

#[test]
fn the_wrong_operation_of_a_model_is_named_with_its_line() {
    let mut params = Params::<f64>::new(1);
    let layer = Linear::new(params.scope("fc"), 4, 3);
    let (x, labels) = batch();
    let line = line!() + 2;
    let report = check::model(&params, |t| {
        let hidden = layer.forward(t.constant(&x.cast())).square().add_scalar(0.5).apply(Root);
        cross_entropy(hidden, t.constant(&labels.cast()))
    });
    let report = report.unwrap();
    let suspects: Vec<&String> = report.findings.iter().flat_map(|finding| &finding.suspects).collect();
    let expected = format!("Root at {}:{line}:", file!());
    assert!(!suspects.is_empty() && suspects.iter().all(|suspect| suspect.contains(&expected)), "{report}");
}

#[test]
fn a_function_that_reads_values_while_recorded_is_said_not_to_replay() {
    // Recording for replay computes no values: the branch falls back, and the report says that it was taken on one.
    let report = check::function(
        |[x]| match x.value() {
            Ok(value) if value.data().iter().any(|x| x.value > 1.5) => x * 2.0,
            _ => x,
        },
        [[1.0, 2.0].into()],
    );
    let report = report.unwrap();
    assert!(report.findings.iter().any(|finding| finding.probe == Probe::Replay), "{report}");
}

/// A cube in `f32`, with the derivative of this multiple.
#[derive(Clone, Debug)]
struct Cube {
    slope: f32,
}

impl Op<f32> for Cube {
    fn name(&self) -> &'static str {
        "cube"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, f32>, output: &mut [f32], _: &mut [f32]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * x * x);
    }
    fn backward(&self, at: Frame<'_, f32>, cotangent: &[f32], grads: &mut InputGrads<'_, f32>) {
        let Some(grad) = grads.view(0) else { return };
        let terms = at.inputs.view(0).iter().zip(cotangent).map(|(x, g)| self.slope * x * x * g);
        grad.add(&terms.collect::<Vec<f32>>());
    }
}

#[test]
fn an_operation_in_f32_alone_is_checked_against_finite_differences() {
    let inputs = || [Tensor::from([0.4, -1.1, 0.9])];
    check::single(&Cube { slope: 3.0 }, inputs()).unwrap().assert();
    let report = check::single(&Cube { slope: 1.5 }, inputs()).unwrap();
    let half = |diagnosis: &Diagnosis| matches!(diagnosis, Diagnosis::Factor(factor) if (factor - 0.5).abs() < 1e-3);
    assert!(report.findings[0].diagnosis.as_ref().is_some_and(half), "{report}");
}

#[test]
fn what_is_skipped_is_said_in_the_report() {
    let report = Check::new().skip(Probe::Ties, "not this time").op(&Divide, [[1.0].into(), [2.0].into()]).unwrap();
    assert!(report.to_string().contains("skipped: Ties, not this time"), "{report}");
}

#[test]
fn large_inputs_are_checked_along_directions_and_wrong_entries_found_by_bisection() {
    let x = Tensor::from_fn([40, 30], |k| 0.5 + ((k * 31) % 17) as f64 / 10.0);
    check::function(|[x]| x.ln().sum(0), [x.clone()]).unwrap().assert();
    let report = check::function(|[x]| x.apply(Root), [x]).unwrap();
    let finding = report.findings.iter().find(|finding| finding.probe == Probe::Derivative).unwrap();
    assert!(!finding.entries.is_empty() && finding.entries[0].index.len() == 2, "{report}");
}

#[test]
fn reports_can_be_serialized() {
    fn is_serializable<T: serde::Serialize>(_: &T) {}
    is_serializable(&check::op(&Divide, [[1.0].into(), [2.0].into()]).unwrap());
}

scalar_op! {
    /// The swish activation of slope 30.
    Swish, |x| x * (T::from_f64(30.0) * x).sigmoid(), |_z| [{
        let (slope, s) = (T::from_f64(30.0), (T::from_f64(30.0) * x).sigmoid());
        s + slope * x * s * (T::ONE - s)
    }]
}

/// The documentation of the checker shows these reports as they are printed.
#[test]
fn the_reports_in_the_documentation_are_those_that_are_printed() {
    let docs = include_str!("../autodiff/src/check/mod.rs");
    let shown: String =
        docs.lines().filter_map(|line| line.strip_prefix("//! ")).map(|line| line.to_owned() + "\n").collect();
    let divide = check::op(&Divide, [[1.0, 2.0, 3.0].into(), [2.0, 0.5, 1.5].into()]).unwrap();
    let composed = check::function(|[x]| x.square().apply(Root).sum(..), [[0.7, 2.9].into()]).unwrap();
    let warning = check::op(&Swish, [[0.3, -0.2].into()]).unwrap();
    let wiggle = |x: &[f64]| vec![x[0] * (1.0 / x[0]).sin()];
    let gradient = Gradient(|x: &[f64]| vec![(1.0 / x[0]).sin() - (1.0 / x[0]).cos() / x[0]]);
    let undecided = check::foreign(wiggle, gradient, [("x", [1e-4].into())]).unwrap();
    let reports = [divide, composed, warning, undecided].map(|report| report.to_string());
    let all = reports.join("\n---\n");
    for line in reports.iter().flat_map(|report| report.lines()) {
        // The line of a suspect is where it stands in this file today.
        let line = line.split(" at tests").next().unwrap();
        assert!(shown.contains(line.trim_end()), "not in the documentation: {line}\nof\n{all}");
    }
}

/// Where an operation that doubles panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Panics {
    OnStridedInputs,
    InShape,
    InForward,
    InBackward,
    OnAnExtentOfZero,
    InSinglePrecision,
    OnLargeNumbers,
}

/// Doubles, and panics somewhere.
#[derive(Clone, Debug)]
struct Doubles(Panics);

impl<T: Real> Op<T> for Doubles {
    fn name(&self) -> &'static str {
        "doubles"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        assert!(self.0 != Panics::InShape, "shape: not written yet");
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        assert!(self.0 != Panics::InForward, "forward: not written yet");
        assert!(self.0 != Panics::OnAnExtentOfZero || x.shape().size() > 0, "mean of nothing");
        assert!(self.0 != Panics::InSinglePrecision || size_of::<T>() > 4, "only f64");
        assert!(self.0 != Panics::OnLargeNumbers || x.iter().all(|x| x.to_f64() < 1e30), "too large");
        match (self.0, x.dense()) {
            (Panics::OnStridedInputs, data) => output.copy_from_slice(data.expect("a dense input")),
            _ => x.copy_to(output),
        }
        output.iter_mut().for_each(|y| *y += *y);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        assert!(self.0 != Panics::InBackward, "backward: not written yet");
        let Some(grad) = grads.view(0) else { return };
        grad.add(&cotangent.iter().map(|&g| g + g).collect::<Vec<T>>());
    }
}

#[test]
fn an_operation_that_panics_is_a_finding_with_the_inputs_that_did_it() {
    let cases = [
        (Panics::OnStridedInputs, Probe::Layouts, "transposed inputs, forward and backward", "a dense input"),
        (Panics::InShape, Probe::Derivative, "dense inputs", "shape: not written yet"),
        (Panics::InForward, Probe::Derivative, "dense inputs", "forward: not written yet"),
        (Panics::InBackward, Probe::Derivative, "dense inputs, forward and backward", "backward: not written yet"),
        (Panics::OnAnExtentOfZero, Probe::Extents, "extent 2 set to 0", "mean of nothing"),
        (Panics::InSinglePrecision, Probe::SinglePrecision, "in f32", "only f64"),
        (Panics::OnLargeNumbers, Probe::Extremes, "dense inputs, forward and backward", "too large"),
    ];
    for (panics, probe, setting, message) in cases {
        let report = check::op(&Doubles(panics), [[[1.0, 2.0, 3.0], [0.25, -1.0, 5.0]].into()]).unwrap();
        let [found] = &report.findings[..] else { panic!("one finding is due: {report}") };
        assert_eq!(found.probe, probe, "{report}");
        assert_eq!(found.diagnosis, Some(Diagnosis::Panicked(message.into())), "{report}");
        assert_eq!(found.setting, setting, "{report}");
        let large = format!("{:?}", [f64::MAX; 6]);
        let (shape, values) = match panics {
            Panics::OnAnExtentOfZero => ("[0, 3]", "[]"),
            Panics::OnLargeNumbers => ("[2, 3]", large.as_str()),
            _ => ("[2, 3]", "[1.0, 2.0, 3.0, 0.25, -1.0, 5.0]"),
        };
        assert_eq!(found.case, shape, "{report}");
        assert!(
            found.snippet.contains(&format!("op(&Doubles({panics:?}), [Tensor::new({shape}, vec!{values})?])")),
            "{report}"
        );
        let headline = format!(
            "FAILED: Doubles({panics:?}): panicked: {message} (certain)\n  {probe:?}, {setting}; inputs {shape}"
        );
        assert!(report.to_string().starts_with(&headline), "{report}");
    }
    // Nothing else is accused, and a function with such an operation is a finding too.
    let report = check::op(&Doubles(Panics::OnStridedInputs), [[[1.0, 2.0]].into()]).unwrap();
    assert!(
        report.findings.iter().all(|finding| matches!(finding.diagnosis, Some(Diagnosis::Panicked(_)))),
        "{report}"
    );
    let report =
        check::function(|[x]| x.t().apply(Doubles(Panics::OnStridedInputs)), [[[1.0, 2.0], [0.5, 3.0]].into()]);
    assert!(!report.unwrap().passed());
}

/// `2x`, whose pullback reads the output whatever it declares.
#[derive(Clone, Debug)]
struct Declares(Reads);

impl<T: Real> Op<T> for Declares {
    fn name(&self) -> &'static str {
        "declares"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs(inputs).map(|[x]| x.clone())
    }
    fn reads(&self) -> Reads {
        self.0
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.iter_mut().zip(inputs.view(0).iter()).for_each(|(y, x)| *y = x + x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let halves = at.output.iter().map(|&y| y * T::from_f64(0.5));
        let terms: Vec<T> =
            at.output.iter().zip(halves).zip(cotangent).map(|((&y, x), &g)| g + g + (y - x - x)).collect();
        grad.add(&terms);
    }
}

#[test]
fn what_a_pullback_does_not_declare_to_read_is_not_there() {
    let report = |reads| check::op(&Declares(reads), [[0.5, -2.0].into()]).unwrap();
    report(Reads::OUTPUT).assert();
    let undeclared = report(Reads::NOTHING);
    assert!(!undeclared.passed() && undeclared.to_string().contains("NaN"), "{undeclared}");
}
