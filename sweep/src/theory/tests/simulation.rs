//! Networks of `nn` at initialization, measured layer by layer.

use autodiff::ops::Distribution;
use autodiff::{Mode, ParamId, Params, Tape, Var, keepdim};
use nn::{Activation, Initial, Linear, Module, functional};

use crate::theory::{MeanField, Nonlinearity, Norm, Position, Prediction};

/// A network to simulate.
pub(super) struct Network {
    pub(super) activation: Activation,
    pub(super) theory: MeanField,
    pub(super) depth: usize,
    pub(super) samples: usize,
}

/// What one network shows of its layers, from the first.
pub(super) struct Measured {
    /// log(‖δₗ‖²/‖δₗ₊₁‖²)
    pub(super) log_ratios: Vec<f64>,
    /// Mean squares of the samples.
    pub(super) lengths: Vec<Vec<f64>>,
    /// Mean cosine of two samples.
    pub(super) correlations: Vec<f64>,
}

pub(super) fn network(activation: Activation, variances: [f64; 2], width: usize) -> Network {
    let theory = MeanField::plain(Nonlinearity::new(activation).unwrap(), variances, width);
    Network { activation, theory, depth: 10, samples: 8 }
}

impl Network {
    /// One network of independent draws. Samples have something in common, and different lengths.
    pub(super) fn measure(&self, seed: u64) -> Measured {
        let (net, width) = (&self.theory, self.theory.width);
        let mut params = Params::<f64>::new(seed);
        let gain = net.weight_variance.sqrt();
        let orthogonal = (0..if net.orthogonal { self.depth } else { 0 }).map(|layer| {
            let (scope, weight) = (params.scope(&layer.to_string()), Initial::Orthogonal { gain });
            Linear::with(scope, width, width, weight, Initial::Constant(0.0)).weight()
        });
        let orthogonal: Vec<ParamId> = orthogonal.collect();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let weights: Vec<[Var<'_, f64>; 2]> = (0..self.depth)
            .map(|layer| {
                let bias = t.random([width], Distribution::Normal) * net.bias_variance.sqrt();
                let weight = orthogonal.get(layer).map(|&id| t.param(id));
                let drawn = || t.random([width, width], Distribution::Normal) * (gain / (width as f64).sqrt());
                [weight.unwrap_or_else(drawn), bias]
            })
            .collect();
        let own = t.random([self.samples, width], Distribution::Normal);
        let common = t.random([width], Distribution::Normal);
        let scale = t.random([self.samples, 1], Distribution::Uniform) + 0.5;
        let x = t.variable(&((own + common * 0.5) * scale).value().unwrap());
        let z = self.trace(&weights, x);
        let cotangent = t.random([self.samples, width], Distribution::Normal);
        let mut grads = params.gradients();
        (z[self.depth - 1] * cotangent).sum(..).backward(&mut grads).unwrap();
        let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
        let deltas: Vec<f64> = z.iter().map(|&z| square(grads.of(z).unwrap().data())).collect();
        let values: Vec<Vec<f64>> = z.iter().map(|z| z.value().unwrap().into_vec()).collect();
        Measured {
            log_ratios: deltas.windows(2).map(|pair| (pair[0] / pair[1]).ln()).collect(),
            lengths: values
                .iter()
                .map(|z| z.chunks(width).map(|sample| square(sample) / width as f64).collect())
                .collect(),
            correlations: values.iter().map(|z| mean_cosine(z, width)).collect(),
        }
    }

    /// z of plain layers, h of residual ones.
    fn trace<'t>(&self, weights: &[[Var<'t, f64>; 2]], x: Var<'t, f64>) -> Vec<Var<'t, f64>> {
        let mut z: Vec<Var<'t, f64>> = Vec::new();
        for &[weight, bias] in weights {
            let layer = |h| functional::linear(h, weight, Some(bias));
            z.push(match (z.last(), self.theory.branch) {
                (None, _) => layer(x),
                (Some(&below), None) => layer(self.dropped(self.activated(below))),
                (Some(&below), Some(scale)) => below + self.dropped(layer(self.activated(below))) * scale,
            });
        }
        z
    }

    fn dropped<'t>(&self, x: Var<'t, f64>) -> Var<'t, f64> {
        functional::dropout(x, 1.0 - self.theory.keep)
    }

    fn activated<'t>(&self, z: Var<'t, f64>) -> Var<'t, f64> {
        match self.theory.norm_position {
            Position::Before => self.activation.forward(self.normalized(z)),
            Position::After => self.normalized(self.activation.forward(z)),
        }
    }

    fn normalized<'t>(&self, x: Var<'t, f64>) -> Var<'t, f64> {
        let width = self.theory.width;
        match self.theory.norm {
            Norm::None => x,
            Norm::Layer => functional::layer_norm(x, &[width].into(), None, 0.0),
            Norm::Rms => functional::rms_norm(x, &[width].into(), None, 0.0),
            Norm::Group { size } => functional::group_norm(x, width / size, None, 0.0),
            Norm::Batch { .. } => functional::batch_norm(x, None, 0.0).value,
            Norm::Zca => {
                let centered = x - x.mean(keepdim(0));
                let covariance = centered.t().matmul(centered) / self.samples as f64;
                centered.matmul(covariance.inverse_sqrt(0.0))
            }
            Norm::NewtonSchulz => panic!("nothing is predicted of it"),
        }
    }

    /// The prediction for the first layer that was measured.
    pub(super) fn predict(&self, measured: &Measured) -> Vec<Prediction> {
        self.theory.predict(self.depth, &measured.lengths[0], measured.correlations[0]).unwrap()
    }
}

fn mean_cosine(z: &[f64], width: usize) -> f64 {
    let units: Vec<Vec<f64>> = z
        .chunks(width)
        .map(|sample| {
            let norm = sample.iter().map(|x| x * x).sum::<f64>().sqrt();
            sample.iter().map(|x| x / norm).collect()
        })
        .collect();
    let sum: Vec<f64> = (0..width).map(|k| units.iter().map(|unit| unit[k]).sum()).collect();
    let samples = units.len() as f64;
    (sum.iter().map(|x| x * x).sum::<f64>() - samples) / (samples * (samples - 1.0))
}
