//! The cases that all checkers share: every mistake once, and the right operations.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use autodiff::Tensor;
use autodiff::check::Diagnosis;
use autodiff::op::AnyScalar;
use serde::Serialize;

use crate::{missed, mutants, peer, right};

/// What is checked.
pub(crate) enum Subject {
    /// An operation with a mistake, and what our checker must say of it.
    Wrong(Box<dyn AnyScalar>, Option<Diagnosis>),
    /// A mistake that cannot be written in this framework, and why.
    Impossible(&'static str),
    /// A right operation.
    Right(Box<dyn AnyScalar>),
    /// `x · stop_gradient(x)`, which is not one operation.
    RightDetached,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) subject: Subject,
    pub(crate) inputs: Vec<Tensor<f64>>,
}

impl Case {
    pub(crate) fn is_right(&self) -> bool {
        matches!(self.subject, Subject::Right(_) | Subject::RightDetached)
    }

    /// Whether this input holds indices, and has no gradient.
    pub(crate) fn is_index(&self, input: usize) -> bool {
        self.name == "overwritten if an index is repeated" && input == 1
    }
}

/// All cases: the first operation of each mistake.
pub(crate) fn all() -> Vec<Case> {
    let mut seen = BTreeSet::new();
    let mut cases: Vec<Case> = mutants::all()
        .into_iter()
        .chain(missed::mutants())
        .filter(|mutant| seen.insert(mutant.mistake))
        .map(|mutant| Case {
            name: mutant.mistake,
            subject: Subject::Wrong(mutant.op, mutant.expected),
            inputs: mutant.inputs,
        })
        .collect();
    for (name, reason) in [
        ("input changed in place", "an operation borrows its inputs read-only"),
        ("cotangent changed in place", "an operation borrows the cotangent read-only"),
    ] {
        let inputs = vec![Tensor::from([0.7, 1.9, -0.6, 0.4])];
        cases.push(Case { name, subject: Subject::Impossible(reason), inputs });
    }
    let inputs = vec![[0.7, -1.2].into()];
    cases.push(Case { name: "right: x stop_gradient(x)", subject: Subject::RightDetached, inputs });
    cases.extend(right::all().into_iter().map(|right| Case {
        name: right.name,
        subject: Subject::Right(right.op),
        inputs: right.inputs,
    }));
    cases
}

#[derive(Serialize)]
struct Written<'a> {
    right: bool,
    indices: Vec<usize>,
    inputs: Vec<(&'a [usize], &'a [f64])>,
    /// Values, and for each input the gradient of their sum, so that the languages can be compared.
    outcome: Option<(Vec<f64>, Vec<Vec<f64>>)>,
}

/// Writes names, inputs and outcomes, for the Python part.
pub(crate) fn write(file: &str) -> Result<(), Box<dyn Error>> {
    let cases = all();
    let written: BTreeMap<&str, Written<'_>> = cases
        .iter()
        .map(|case| {
            let inputs = case.inputs.iter().map(|input| (&input.shape()[..], input.data())).collect();
            // What panics or draws at random has no outcome to compare.
            let panics = case.name == "gradient of another shape";
            let outcome = if panics { None } else { peer::outcome(case) };
            let indices = (0..case.inputs.len()).filter(|&input| case.is_index(input)).collect();
            (case.name, Written { right: case.is_right(), indices, inputs, outcome })
        })
        .collect();
    std::fs::write(file, serde_json::to_string(&written)?)?;
    Ok(())
}
