//! Every activation against `activations.json`, which `activations.py` wrote.

use std::collections::{BTreeMap, BTreeSet};

use autodiff::{Mode, Params, Tape};
use nn::*;
use serde::Deserialize;

use crate::{Array, cotangent};

#[derive(Deserialize)]
struct Case {
    name: String,
    attributes: BTreeMap<String, f64>,
    x: Array,
    value: Array,
    gradient: Array,
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    value: Array,
    gradient: Array,
}

/// The module of a case; its parameters are registered in the order of the case's.
fn module(case: &Case, params: &mut Params<f64>) -> Box<dyn Module<f64>> {
    let attribute = |name: &str| case.attributes[name];
    let axis = || attribute("axis") as usize;
    let scope = params.scope("module");
    match case.name.as_str() {
        "leaky_relu" => Box::new(LeakyRelu { slope: attribute("slope") }),
        "elu" => Box::new(Elu { alpha: attribute("alpha") }),
        "celu" => Box::new(Celu { alpha: attribute("alpha") }),
        "softshrink" => Box::new(Softshrink { lambda: attribute("lambda") }),
        "hardshrink" => Box::new(Hardshrink { lambda: attribute("lambda") }),
        "threshold" => Box::new(Threshold { threshold: attribute("threshold"), value: attribute("value") }),
        "softmax" => Box::new(Softmax { axis: axis() }),
        "log_softmax" => Box::new(LogSoftmax { axis: axis() }),
        "glu" => Box::new(Glu { axis: axis() }),
        "prelu" if case.attributes.is_empty() => Box::new(PRelu::new(scope)),
        "prelu" => Box::new(PRelu::per_channel(scope, attribute("channels") as usize)),
        "maxout" => Box::new(Maxout::new(scope, case.x.shape[1], case.value.shape[1], attribute("pieces") as usize)),
        name => Box::new(name.parse::<Activation>().unwrap()),
    }
}

#[test]
fn activations_and_their_gradients_agree_with_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("activations.json")).unwrap();
    for case in &cases {
        let mut params = Params::new(0);
        let module = module(case, &mut params);
        let start: Vec<f64> = case.parameters.iter().flat_map(|parameter| parameter.value.data.clone()).collect();
        params.flat_mut().copy_from_slice(&start);
        let mut grads = params.gradients();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&case.x.tensor());
        let value = module.forward(x);
        case.value.assert_equals(&value.value().unwrap(), &case.name);
        value.backward_with(&cotangent(&case.value.shape), &mut grads).unwrap();
        case.gradient.assert_equals(&grads.of(x).unwrap(), &format!("gradient of {}", case.name));
        let mut learned = grads.flat();
        for parameter in &case.parameters {
            let (own, rest) = learned.split_at(parameter.gradient.data.len());
            let own = autodiff::Tensor::new(&parameter.gradient.shape[..], own.to_vec()).unwrap();
            parameter.gradient.assert_equals(&own, &format!("gradient of a parameter of {}", case.name));
            learned = rest;
        }
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let missing: Vec<_> = Activation::ALL.iter().filter(|activation| !names.contains(activation.name())).collect();
    assert!(missing.is_empty(), "activations without a case: {missing:?}");
}
