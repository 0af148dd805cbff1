//! The measured network: equal layers and a readout.

use std::ops::Range;

use autodiff::{ParamId, Params, Real, Scope, Var};
use nn::{GlobalPool, Linear, Module, Pooling};

use crate::blueprint::{Blueprint, Made, Site};
use crate::layer::{Layer, LayerTrace, Nonlinear};

/// A stem where the input is not as wide as the layers but must be, the layers, and a readout.
pub(crate) struct Network<T: Real> {
    stem: Option<Made<T>>,
    layers: Vec<Box<dyn Layer<T>>>,
    /// The parameters of each layer, as positions among the ids of all.
    parameters: Vec<Range<usize>>,
    head: Option<Head<T>>,
}

/// The measured values of a forward pass.
#[derive(Debug)]
pub(crate) struct Trace<'t, T: Real> {
    /// From the input to the top.
    pub(crate) layers: Vec<LayerTrace<'t, T>>,
    /// `[samples, classes]`, if there is a head.
    pub(crate) logits: Option<Var<'t, T>>,
}

impl<T: Real> Network<T> {
    /// Registers the network's parameters, for samples of this number of features or channels.
    pub(crate) fn new(params: &mut Params<T>, blueprint: &Blueprint<T>, features: usize, classes: usize) -> Self {
        let width = blueprint.width;
        // A layer that adds to its input, or is the user's, has inputs of its own width.
        let stem = (blueprint.residual || blueprint.square) && features != width;
        let site = Site { inputs: features, outputs: width };
        let weights = &blueprint.weights;
        let stem = stem.then(|| (blueprint.affine)(params.scope("stem"), site, weights.weight(), weights.bias()));
        let mut inputs = if stem.is_some() { width } else { features };
        let (mut layers, mut parameters) = (Vec::new(), Vec::new());
        for index in 0..blueprint.depth {
            let before = params.ids().count();
            let scope = params.scope(&format!("hidden{}", index + 1));
            layers.push((blueprint.layer)(scope, blueprint, Site { inputs, outputs: width }));
            parameters.push(before..params.ids().count());
            inputs = width;
        }
        let head = blueprint.head.then(|| Head::new(params.scope("readout"), blueprint, classes));
        Network { stem, layers, parameters, head }
    }

    /// Runs the network on `x`.
    pub(crate) fn trace<'t>(&self, x: Var<'t, T>) -> Trace<'t, T> {
        let mut top = self.stem.forward(x);
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let trace = layer.trace(top);
            top = trace.h;
            layers.push(trace);
        }
        Trace { layers, logits: self.head.as_ref().map(|head| head.forward(top)) }
    }

    /// The weights of each layer: its parameters of two axes or more, or all where there is none.
    pub(crate) fn weights(&self, params: &Params<T>) -> Vec<Vec<ParamId>> {
        let all: Vec<(ParamId, usize)> = params.ids().zip(params.iter().map(|(_, shape, _)| shape.rank())).collect();
        let of_layer = |range: &Range<usize>| {
            let own = &all[range.clone()];
            let matrices: Vec<ParamId> = own.iter().filter(|(_, rank)| *rank >= 2).map(|&(id, _)| id).collect();
            if matrices.is_empty() { own.iter().map(|&(id, _)| id).collect() } else { matrices }
        };
        self.parameters.iter().map(of_layer).collect()
    }
}

/// The readout: logits of the top layer's output, averaged over the positions of images.
struct Head<T: Real> {
    /// Of layers that add to their input, whose sum grows with depth (He 2016).
    last: Option<Nonlinear<T>>,
    pool: Option<GlobalPool>,
    linear: Linear,
    scale: f64,
}

impl<T: Real> Head<T> {
    fn new(mut scope: Scope<'_, T>, blueprint: &Blueprint<T>, classes: usize) -> Self {
        let weights = &blueprint.weights;
        let last = blueprint.residual.then(|| Nonlinear::new(&mut scope, blueprint));
        let pool = blueprint.images.then_some(GlobalPool(Pooling::Average));
        let linear = Linear::with(scope, blueprint.width, classes, weights.scaled(blueprint.head_gain), weights.bias());
        Head { last, pool, linear, scale: blueprint.head_scale }
    }

    fn forward<'t>(&self, top: Var<'t, T>) -> Var<'t, T> {
        let top = self.last.as_ref().map_or(top, |last| last.trace(top).1);
        let logits = self.linear.forward(self.pool.forward(top));
        if self.scale == 1.0 { logits } else { logits * self.scale }
    }
}
