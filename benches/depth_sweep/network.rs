//! The network that is measured: equal hidden layers and a readout.

use autodiff::{Params, Real, Var};
use nn::{Activation, Linear, Module};

use crate::data::CLASSES;
use crate::weights::Weights;

/// What the networks of one row of the table share; they differ in their seeds.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) activation: Activation,
    pub(crate) weights: Weights,
    /// Number of hidden layers.
    pub(crate) depth: usize,
}

/// Hidden layers `h = φ(W h + b)` and a linear readout.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) hidden: Vec<Linear>,
    readout: Linear,
    activation: Activation,
}

/// Every value of a forward pass that is looked at.
pub(crate) struct Trace<'t, T: Real> {
    /// Pre-activations of the hidden layers, `[samples, width]` each.
    pub(crate) z: Vec<Var<'t, T>>,
    /// Activations of the hidden layers, `[samples, width]` each.
    pub(crate) h: Vec<Var<'t, T>>,
    /// What the readout makes of the last one, `[samples, 10]`.
    pub(crate) logits: Var<'t, T>,
}

impl Network {
    /// Registers the network's parameters.
    pub(crate) fn new<T: Real>(params: &mut Params<T>, of: &Configuration, features: usize, width: usize) -> Self {
        let Weights { weight, bias, .. } = of.weights;
        let hidden = (1..=of.depth).map(|layer| {
            let fan_in = if layer == 1 { features } else { width };
            Linear::with(params.scope(&format!("hidden{layer}")), fan_in, width, weight, bias)
        });
        let hidden = hidden.collect();
        let readout = Linear::with(params.scope("readout"), width, CLASSES, weight, bias);
        Network { hidden, readout, activation: of.activation }
    }

    /// Runs the network on `x`, `[samples, features]`.
    pub(crate) fn trace<'t, T: Real>(&self, x: Var<'t, T>) -> Trace<'t, T> {
        let (mut z, mut h, mut top) = (Vec::new(), Vec::new(), x);
        for layer in &self.hidden {
            let pre_activation = layer.forward(top);
            top = self.activation.forward(pre_activation);
            z.push(pre_activation);
            h.push(top);
        }
        Trace { z, h, logits: self.readout.forward(top) }
    }
}
