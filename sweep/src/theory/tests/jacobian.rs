//! Singular values of the Jacobians of simulated networks.

use autodiff::ops::Distribution;
use autodiff::{Mode, Params, Tape, Var};
use nn::Activation::{self, Identity, Relu};
use nn::{Initial, Linear};

use crate::theory::{MeanField, Nonlinearity, largest_linear_squared_singular_value};

const WIDTH: usize = 128;
const DEPTH: usize = 4;

/// Mean, relative variance and maximum of the eigenvalues of J Jᵀ.
fn eigenvalues(activation: Activation, initial: Initial, seed: u64) -> [f64; 3] {
    let mut params = Params::<f64>::new(seed);
    let layers: Vec<Linear> = (0..DEPTH)
        .map(|layer| Linear::with(params.scope(&layer.to_string()), WIDTH, WIDTH, initial, Initial::Constant(0.0)))
        .collect();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let mut h = t.random([WIDTH, 1], Distribution::Normal);
    let mut jacobian: Option<Var<'_, f64>> = None;
    for layer in layers {
        let weight = t.param(layer.weight());
        let z = weight.matmul(h);
        let rows = if activation == Relu { weight * z.detach().relu().sign() } else { weight };
        jacobian = Some(jacobian.map_or(rows, |below| rows.matmul(below)));
        h = if activation == Relu { z.relu() } else { z };
    }
    let jacobian = jacobian.unwrap();
    let gram = jacobian.matmul(jacobian.t());
    let width = WIDTH as f64;
    let mean = jacobian.square().sum(..).item().unwrap() / width;
    let square = gram.square().sum(..).item().unwrap() / width;
    let mut vector = t.random([WIDTH, 1], Distribution::Normal);
    let mut largest = 0.0;
    for _ in 0..60 {
        let image = gram.matmul(vector);
        largest = image.square().sum(..).item().unwrap().sqrt();
        vector = image / largest;
    }
    [mean, square / (mean * mean) - 1.0, largest]
}

#[test]
fn moments_are_those_of_simulated_jacobians() {
    let gaussian = |variance| Initial::ScaledNormal { variance };
    for (activation, initial, variance, orthogonal) in [
        (Identity, gaussian(1.0), 1.0, false),
        (Relu, gaussian(2.0), 2.0, false),
        (Relu, Initial::Orthogonal { gain: 2.0_f64.sqrt() }, 2.0, true),
        (Identity, Initial::Orthogonal { gain: 1.0 }, 1.0, true),
    ] {
        let plain = MeanField::plain(Nonlinearity::new(activation).unwrap(), [variance, 0.0], WIDTH);
        let expected = MeanField { orthogonal, ..plain }.jacobian(DEPTH, 1.0).unwrap().unwrap();
        let drawn = [0, 1, 2].map(|seed| eigenvalues(activation, initial, seed));
        let [mean, variance, largest] = [0, 1, 2].map(|k| drawn.iter().map(|values| values[k]).sum::<f64>() / 3.0);
        println!("{activation}, {initial}: {mean:.3}, {variance:.3}, {largest:.3} for {expected:?}");
        assert!((mean.ln() - expected.log_mean).abs() < 0.35);
        assert!((variance - expected.relative_variance).abs() < 0.15 * expected.relative_variance + 1e-9);
        if activation == Identity && !orthogonal {
            assert!((largest / largest_linear_squared_singular_value(DEPTH) - 1.0).abs() < 0.15);
        }
    }
}
