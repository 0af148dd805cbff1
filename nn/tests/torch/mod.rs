//! Values and gradients against PyTorch's, which the scripts beside this file wrote down.

mod activations;
mod losses;
mod modules;
mod sequences;

use autodiff::{Mode, Params, Tape, Tensor};
use nn::Module;
use serde::Deserialize;

/// An array as the scripts write it.
#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Array {
    fn tensor(&self) -> Tensor<f64> {
        Tensor::new(&self.shape[..], self.data.clone()).unwrap()
    }

    /// Holds `found` to this array, to a relative 1e-10 (absolute below 1).
    fn assert_equals(&self, found: &Tensor<f64>, what: &str) {
        assert_eq!(found.shape()[..], self.shape[..], "{what}");
        for (index, (found, expected)) in found.data().iter().zip(&self.data).enumerate() {
            let allowed = 1e-10 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= allowed, "{what}, index {index}: {found} is not {expected}");
        }
    }
}

/// 1, 2, 3 … in this shape: what the scripts weigh the elements of a value with before they differentiate.
fn cotangent(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| (k + 1) as f64)
}

/// A module with what comes out of it.
#[derive(Deserialize)]
struct Case<A> {
    name: String,
    attributes: A,
    #[serde(default)]
    mode: String,
    x: Array,
    value: Array,
    gradient: Array,
    parameters: Vec<Parameter>,
    #[serde(default)]
    states: Vec<State>,
}

#[derive(Deserialize)]
struct Parameter {
    value: Array,
    gradient: Array,
}

#[derive(Deserialize)]
struct State {
    before: Array,
    after: Array,
}

impl<A> Case<A> {
    /// Holds the module that `make` registers to the case: value, gradients and states.
    fn check(&self, make: impl FnOnce(&Self, &mut Params<f64>) -> Box<dyn Module<f64>>) {
        let mut params = Params::new(0);
        let module = make(self, &mut params);
        let start: Vec<f64> = self.parameters.iter().flat_map(|parameter| parameter.value.data.clone()).collect();
        params.flat_mut().copy_from_slice(&start);
        let states: Vec<String> = params.states().map(|(name, ..)| name.to_owned()).collect();
        assert_eq!(states.len(), self.states.len(), "states of {}", self.name);
        for (name, state) in states.iter().zip(&self.states) {
            params.set_state(params.state_id(name).unwrap(), &state.before.tensor()).unwrap();
        }
        let mut grads = params.gradients();
        let mut tape = Tape::new();
        let t = tape.start(&params, if self.mode == "eval" { Mode::Eval } else { Mode::Train });
        let x = t.variable(&self.x.tensor());
        let value = module.forward(x);
        self.value.assert_equals(&value.value().unwrap(), &self.name);
        value.backward_with(&cotangent(&self.value.shape), &mut grads).unwrap();
        self.gradient.assert_equals(&grads.of(x).unwrap(), &format!("gradient of {}", self.name));
        let mut learned = grads.flat();
        for parameter in &self.parameters {
            let (own, rest) = learned.split_at(parameter.gradient.data.len());
            let own = Tensor::new(&parameter.gradient.shape[..], own.to_vec()).unwrap();
            parameter.gradient.assert_equals(&own, &format!("gradient of a parameter of {}", self.name));
            learned = rest;
        }
        params.commit(&grads).unwrap();
        for (name, state) in states.iter().zip(&self.states) {
            let after = params.state(params.state_id(name).unwrap()).unwrap();
            state.after.assert_equals(&after, &format!("{name} of {}", self.name));
        }
    }
}
