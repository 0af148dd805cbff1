//! Every activation against `activations.json`, which `activations.py` wrote.

use std::collections::{BTreeMap, BTreeSet};

use autodiff::Params;
use nn::*;

use crate::torch::Case;

type Attributes = BTreeMap<String, f64>;

/// The module of a case; its parameters are registered in the order of the case's.
fn module(case: &Case<Attributes>, params: &mut Params<f64>) -> Box<dyn Module<f64>> {
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
    let cases: Vec<Case<Attributes>> = serde_json::from_str(include_str!("activations.json")).unwrap();
    for case in &cases {
        case.check(module);
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let missing: Vec<_> = Activation::ALL.iter().filter(|activation| !names.contains(activation.name())).collect();
    assert!(missing.is_empty(), "activations without a case: {missing:?}");
}
