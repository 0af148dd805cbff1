//! The layers of a swept network, and what is read of them.

use autodiff::{Real, Scope, Var};
use nn::{Initial, Linear, Module};

use crate::blueprint::{Blueprint, Function, Made, Site};

/// The values of a layer that are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerTrace<'t, T: Real> {
    /// Where δ is taken.
    pub(crate) z: Var<'t, T>,
    /// The input of the activation, if the layer has one that is known.
    pub(crate) u: Option<Var<'t, T>>,
    /// The output.
    pub(crate) h: Var<'t, T>,
}

/// A layer of a swept network.
pub(crate) trait Layer<T: Real> {
    /// Records the layer on `x`.
    fn trace<'t>(&self, x: Var<'t, T>) -> LayerTrace<'t, T>;
}

/// `h = after(φ(norm(W x + b)))`, or `after(norm(φ(W x + b)))`; δ is taken at `W x + b`.
pub(crate) struct PlainLayer<T: Real> {
    affine: Made<T>,
    rest: Nonlinear<T>,
}

impl<T: Real> PlainLayer<T> {
    pub(crate) fn new(mut scope: Scope<'_, T>, blueprint: &Blueprint<T>, site: Site) -> Self {
        let weights = &blueprint.weights;
        // The affine part has the scope of the layer itself, so that weights are called hidden1.weight.
        let rest = Nonlinear::new(&mut scope, blueprint);
        PlainLayer { affine: (blueprint.affine)(scope, site, weights.weight(), weights.bias()), rest }
    }
}

impl<T: Real> Layer<T> for PlainLayer<T> {
    fn trace<'t>(&self, x: Var<'t, T>) -> LayerTrace<'t, T> {
        let z = self.affine.forward(x);
        let (u, h) = self.rest.trace(z);
        LayerTrace { z, u: Some(u), h }
    }
}

/// What follows the linear part: normalization and activation in their order, then what comes after both.
pub(crate) struct Nonlinear<T: Real> {
    norm: Option<Made<T>>,
    norm_after: bool,
    activation: Function<T>,
    after: Vec<Function<T>>,
}

impl<T: Real> Nonlinear<T> {
    pub(crate) fn new(scope: &mut Scope<'_, T>, blueprint: &Blueprint<T>) -> Self {
        Nonlinear {
            norm: blueprint.norm.as_ref().map(|make| make(scope.child("norm"), blueprint)),
            norm_after: blueprint.norm_after,
            activation: blueprint.activation.clone(),
            after: blueprint.after.clone(),
        }
    }

    /// The input of the activation, and the output of all.
    pub(crate) fn trace<'t>(&self, z: Var<'t, T>) -> (Var<'t, T>, Var<'t, T>) {
        let u = if self.norm_after { z } else { self.norm.forward(z) };
        let h = self.activation.forward(u);
        let h = if self.norm_after { self.norm.forward(h) } else { h };
        (u, self.after.forward(h))
    }
}

/// A layer of the user's; δ is taken at its output.
pub(crate) struct CustomLayer<T: Real>(pub(crate) Made<T>);

impl<T: Real> Layer<T> for CustomLayer<T> {
    fn trace<'t>(&self, x: Var<'t, T>) -> LayerTrace<'t, T> {
        let z = self.0.forward(x);
        LayerTrace { z, u: None, h: z }
    }
}

/// A dense linear part.
pub(crate) fn dense<T: Real>(scope: Scope<'_, T>, site: Site, weight: Initial, bias: Initial) -> Made<T> {
    Box::new(Linear::with(scope, site.inputs, site.outputs, weight, bias))
}
