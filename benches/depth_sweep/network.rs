//! The measured network: equal hidden layers and a linear readout.

use autodiff::{Params, Real, Var};
use nn::{Activation, Linear, Module};

use crate::types::{CLASSES, Configuration};
use crate::weights::Weights;

/// Hidden layers `h = φ(W h + b)` and a linear readout.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) hidden: Vec<Linear>,
    readout: Linear,
    activation: Activation,
}

/// The measured values of a forward pass.
pub(crate) struct Trace<'t, T: Real> {
    /// Pre-activations of the hidden layers, `[samples, width]` each.
    pub(crate) z: Vec<Var<'t, T>>,
    /// Activations of the hidden layers, `[samples, width]` each.
    pub(crate) h: Vec<Var<'t, T>>,
    /// The output of the readout, `[samples, 10]`.
    pub(crate) logits: Var<'t, T>,
}

impl Network {
    /// Registers the network's parameters.
    pub(crate) fn new<T: Real>(
        params: &mut Params<T>,
        configuration: &Configuration,
        features: usize,
        width: usize,
    ) -> Self {
        let Weights { weight, bias, .. } = configuration.weights;
        let hidden = (1..=configuration.depth).map(|layer| {
            let fan_in = if layer == 1 { features } else { width };
            Linear::with(params.scope(&format!("hidden{layer}")), fan_in, width, weight, bias)
        });
        let hidden = hidden.collect();
        let readout = Linear::with(params.scope("readout"), width, CLASSES, weight, bias);
        Network { hidden, readout, activation: configuration.activation }
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
