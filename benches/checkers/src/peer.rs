//! The crate `gradcheck` over our tape: one call for each input, the others fixed, as its interface takes one tensor.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::check::Diagnosis;
use autodiff::{Error, Mode, Params, Shape, Tape, Tensor};
use gradcheck::{Backend, Config, Report, Verdict as Judged};

use crate::cases::{Case, Subject};
use crate::row::{Row, Verdict};

/// Our tape in `f64`, as a framework of `gradcheck`.
struct OurTape;

/// A tensor; once a function of another that wants one, with the gradient of its sum.
#[derive(Clone)]
struct Value {
    shape: Vec<usize>,
    data: Vec<f64>,
    wanted: bool,
    gradient: Option<Vec<f64>>,
}

impl Backend for OurTape {
    type Tensor = Value;

    fn name() -> &'static str {
        "autodiff"
    }
    fn from_slice(data: &[f64], shape: &[usize]) -> Value {
        Value { shape: shape.to_vec(), data: data.to_vec(), wanted: false, gradient: None }
    }
    fn to_vec(tensor: &Value) -> Vec<f64> {
        tensor.data.clone()
    }
    fn forward_sum(f: &dyn Fn(Value) -> Value, x: &Value) -> f64 {
        f(x.clone()).data.iter().sum()
    }
    fn analytic_grad(f: &dyn Fn(Value) -> Value, x: &Value) -> Vec<f64> {
        f(Value { wanted: true, ..x.clone() }).gradient.unwrap_or_else(|| vec![1.0; x.data.len()])
    }
}

/// Panics if the crate does not tell a wrong gradient from a right one: its documentation asks for this first.
pub(crate) fn control() {
    gradcheck::assert_detects_wrong_gradient::<OurTape>();
}

/// The value of the case's function at `x` in place of one input, and the gradient of its sum where `x` wants it.
fn evaluate(case: &Case, input: usize, x: &Value) -> Result<Value, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let own = t.variable(&Tensor::new(Shape::new(&x.shape), x.data.clone())?);
    let inputs: Vec<_> = case.inputs.iter().map(|other| t.input(other)).collect();
    let inputs: Vec<_> =
        inputs.into_iter().enumerate().map(|(k, other)| if k == input { own } else { other }).collect();
    let value = match &case.subject {
        Subject::Wrong(op, _) | Subject::Right(op) => t.apply(op.double(), inputs),
        Subject::RightDetached | Subject::Impossible(_) => own * own.detach(),
    };
    let data = value.value()?.into_vec();
    let mut gradient = None;
    if x.wanted {
        let mut grads = params.gradients();
        value.sum(..).backward(&mut grads)?;
        gradient = Some(grads.of(own)?.into_vec());
    }
    Ok(Value { shape: x.shape.clone(), data, wanted: false, gradient })
}

/// The values of the case, and for each input the gradient of their sum; `None` where that is an error.
pub(crate) fn outcome(case: &Case) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let mut value = Vec::new();
    let mut gradients = Vec::new();
    for (input, at) in case.inputs.iter().enumerate().filter(|(input, _)| !case.is_index(*input)) {
        let x = Value { wanted: true, ..OurTape::from_slice(at.data(), at.shape()) };
        let evaluated = evaluate(case, input, &x).ok()?;
        value = evaluated.data;
        gradients.push(evaluated.gradient?);
    }
    Some((value, gradients))
}

fn check(case: &Case, input: usize) -> Report {
    let at = &case.inputs[input];
    // An error on the tape is a NaN, which the crate calls invalid.
    let nan = |x: &Value| Value { data: vec![f64::NAN], gradient: Some(vec![f64::NAN; x.data.len()]), ..x.clone() };
    let function = |x: Value| evaluate(case, input, &x).unwrap_or_else(|_| nan(&x));
    gradcheck::gradcheck::<OurTape, _>(case.name, at.data(), at.shape(), function, &Config::f64_defaults())
}

pub(crate) fn row(case: &Case) -> Row {
    Row::timed(case, "gradcheck 0.1", || {
        if let Subject::Impossible(reason) = case.subject {
            return Err(reason.into());
        }
        if case.name.ends_with("of the recording") {
            return Err("every evaluation is recorded afresh".into());
        }
        let expected = if let Subject::Wrong(_, expected) = &case.subject { expected.as_ref() } else { None };
        for input in (0..case.inputs.len()).filter(|&input| !case.is_index(input)) {
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(|_| {}));
            let report = catch_unwind(AssertUnwindSafe(|| check(case, input)));
            std::panic::set_hook(hook);
            let Ok(report) = report else {
                let diagnosed = matches!(expected, Some(Diagnosis::Panicked(_)));
                return Ok(Verdict { failed: true, diagnosed, said: "panicked".into() });
            };
            // Abstentions, such as two derivatives that are exactly 0, are neither findings nor accusations.
            if !matches!(report.verdict, Judged::Pass | Judged::Unchecked(_)) {
                let invalid = matches!(report.verdict, Judged::Invalid { .. });
                let diagnosed = invalid && expected == Some(&Diagnosis::NotFinite);
                return Ok(Verdict { failed: true, diagnosed, said: report.to_string() });
            }
        }
        Ok(Verdict { failed: false, diagnosed: false, said: String::new() })
    })
}
