//! Checks a gradient that someone wrote by hand, on plain slices: no tape needed.

use autodiff::check::{self, Gradient};
use autodiff::{Error, Tensor};

/// Four samples of two features, and their labels, ±1.
const SAMPLES: [([f64; 2], f64); 4] = [([0.2, 1.1], 1.0), ([-0.7, 0.4], -1.0), ([1.3, -0.5], 1.0), ([0.1, -0.9], -1.0)];

/// The logistic loss of weights and bias, which follow each other in `x`, with a penalty on the weights.
fn loss(x: &[f64]) -> Vec<f64> {
    let of_sample = |(features, label): &([f64; 2], f64)| {
        let score = x[0] * features[0] + x[1] * features[1] + x[2];
        (-label * score).exp().ln_1p()
    };
    vec![SAMPLES.iter().map(of_sample).sum::<f64>() + 0.05 * (x[0] * x[0] + x[1] * x[1])]
}

/// Its gradient by hand; `decay` is the slope of the penalty.
fn gradient(x: &[f64], decay: f64) -> Vec<f64> {
    let mut sum = vec![decay * x[0], decay * x[1], 0.0];
    for (features, label) in SAMPLES {
        let score = x[0] * features[0] + x[1] * features[1] + x[2];
        let slope = -label / (1.0 + (label * score).exp());
        sum[0] += slope * features[0];
        sum[1] += slope * features[1];
        sum[2] += slope;
    }
    sum
}

fn main() -> Result<(), Error> {
    let inputs = || [("weights", Tensor::from([0.4, -0.3])), ("bias", Tensor::from([0.1]))];
    println!("{}\n", check::foreign(loss, Gradient(|x: &[f64]| gradient(x, 0.1)), inputs())?);
    // Half the penalty's slope: the 2 of the square is missing.
    println!("{}", check::foreign(loss, Gradient(|x: &[f64]| gradient(x, 0.05)), inputs())?);
    Ok(())
}
