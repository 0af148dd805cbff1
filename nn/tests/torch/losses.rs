//! Every loss, under its options and every reduction, against `losses.json`, which `losses.py` wrote.

use std::collections::BTreeSet;

use autodiff::{Mode, Params, Tape};
use nn::loss::*;
use serde::Deserialize;

use crate::torch::{Array, cotangent};

#[derive(Deserialize)]
struct Case {
    name: String,
    options: Options,
    scores: Array,
    targets: Array,
    mean: Expected,
    sum: Expected,
    none: Expected,
}

#[derive(Deserialize)]
struct Expected {
    value: Array,
    gradient: Array,
}

#[derive(Debug, Deserialize)]
struct Options {
    delta: Option<f64>,
    positive_weight: Option<f64>,
    class_weights: Option<Vec<f64>>,
    label_smoothing: Option<f64>,
    ignore_index: Option<i64>,
}

impl Options {
    fn of(&self, mut loss: CrossEntropy) -> Box<dyn Loss<f64>> {
        if let Some(weights) = &self.class_weights {
            loss = loss.class_weights(&weights[..]);
        }
        if let Some(share) = self.label_smoothing {
            loss = loss.label_smoothing(share);
        }
        if let Some(label) = self.ignore_index {
            loss = loss.ignore_index(label);
        }
        Box::new(loss)
    }
}

fn loss(name: &str, options: &Options) -> Box<dyn Loss<f64>> {
    match name {
        "squared" => Box::new(Squared),
        "absolute" => Box::new(Absolute),
        "huber" => Box::new(Huber { delta: options.delta.unwrap() }),
        "binary_log" => Box::new(BinaryLog { positive_weight: options.positive_weight.unwrap_or(1.0) }),
        "kl_divergence" => Box::new(KlDivergence),
        "hinge" => Box::new(Hinge),
        "squared_hinge" => Box::new(SquaredHinge),
        "multiclass_hinge" => Box::new(MulticlassHinge),
        "one_vs_rest_hinge" => Box::new(OneVsRestHinge),
        "cross_entropy" => options.of(CrossEntropy::new()),
        "negative_log_likelihood" => options.of(CrossEntropy::from_log_probabilities()),
        _ => panic!("no loss is called {name}"),
    }
}

#[test]
fn losses_and_their_gradients_agree_with_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("losses.json")).unwrap();
    let params = Params::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    for case in &cases {
        let loss = loss(&case.name, &case.options);
        let reductions = [(Reduction::Mean, &case.mean), (Reduction::Sum, &case.sum), (Reduction::None, &case.none)];
        for (reduction, expected) in reductions {
            let t = tape.start(&params, Mode::Train);
            let scores = t.variable(&case.scores.tensor());
            let value = loss.reduced(scores, t.input(&case.targets.tensor()), reduction);
            let what = format!("{}, {:?}, {reduction:?}", case.name, case.options);
            expected.value.assert_equals(&value.value().unwrap(), &what);
            value.backward_with(&cotangent(&expected.value.shape), &mut grads).unwrap();
            expected.gradient.assert_equals(&grads.of(scores).unwrap(), &format!("gradient of {what}"));
        }
    }
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), 11, "a loss without a case: {names:?}");
}
