//! Simulated networks agree with predictions.

use nn::Activation::{Gelu, Identity, Relu, Sigmoid, Tanh};

use super::simulation::{Network, network};
use crate::theory::{MeanField, Norm, Position};

/// Networks whose sums are averaged.
const SEEDS: u64 = 3;

/// The mean over networks of Σ log(measured/predicted) is well within the band, and lengths and correlations are close.
fn agrees(name: &str, network: &Network) {
    let (mut sum, mut band, mut predicted) = (0.0, 0.0, 0.0);
    let mut top = [0.0; 2];
    for seed in 0..SEEDS {
        let measured = network.measure(seed);
        let predictions = network.predict(&measured);
        band = network.theory.band(&predictions).unwrap().unwrap();
        for (log_ratio, prediction) in measured.log_ratios.iter().zip(&predictions) {
            if let Some(ratio) = prediction.ratio {
                sum += (log_ratio - 2.0 * ratio.ln()) / SEEDS as f64;
                predicted += 2.0 * ratio.ln() / SEEDS as f64;
            }
        }
        let last = network.depth - 1;
        let q = measured.lengths[last].iter().sum::<f64>() / network.samples as f64;
        top[0] += (q / predictions[last].q.unwrap()).ln() / SEEDS as f64;
        top[1] += (measured.correlations[last] - predictions[last].correlation.unwrap()) / SEEDS as f64;
    }
    println!(
        "{name}: {:.3} for {predicted:.3}, band {band:.3}; log q {:+.3}, c {:+.3}",
        predicted + sum,
        top[0],
        top[1]
    );
    assert!(sum.abs() < band / 3.0, "{name}: off by {sum}, band {band}");
    assert!(top[0].abs() < 0.6 && top[1].abs() < 0.2, "{name}: log q and correlation at the top are off by {top:?}");
}

fn with(network: Network, change: impl FnOnce(&mut MeanField)) -> Network {
    let mut network = network;
    change(&mut network.theory);
    network
}

#[test]
fn plain() {
    for (activation, variances) in
        [(Relu, [2.0, 0.0]), (Relu, [1.8, 0.1]), (Tanh, [1.5, 0.05]), (Sigmoid, [1.0, 0.0]), (Gelu, [2.0, 0.0])]
    {
        agrees(&format!("{activation} {variances:?}"), &network(activation, variances, 256));
    }
    agrees("orthogonal tanh", &with(network(Tanh, [1.0, 0.0], 64), |net| net.orthogonal = true));
}

#[test]
fn dropout() {
    agrees("relu, dropout", &with(network(Relu, [1.0, 0.0], 256), |net| net.keep = 0.6));
    agrees("tanh, dropout", &with(network(Tanh, [1.2, 0.1], 256), |net| net.keep = 0.8));
}

#[test]
fn normalized_samples() {
    use Position::{After, Before};
    for (activation, norm, position) in [
        (Relu, Norm::Layer, Before),
        (Relu, Norm::Layer, After),
        (Sigmoid, Norm::Layer, Before),
        (Sigmoid, Norm::Rms, After),
        (Tanh, Norm::Rms, Before),
        (Relu, Norm::Group { size: 8 }, Before),
    ] {
        let network = with(network(activation, [1.5, 0.1], 256), |net| {
            (net.norm, net.norm_position) = (norm, position);
        });
        agrees(&format!("{activation}, {norm:?} {position:?}"), &network);
    }
}

#[test]
fn normalized_batches() {
    for (activation, samples, keep) in [(Relu, 8, 1.0), (Relu, 32, 1.0), (Tanh, 8, 1.0), (Relu, 8, 0.7)] {
        let network = with(network(activation, [1.5, 0.1], 256), |net| {
            (net.norm, net.keep) = (Norm::Batch { samples }, keep);
        });
        let network = Network { samples, depth: 14, ..network };
        agrees(&format!("{activation}, batch of {samples}, keep {keep}"), &network);
    }
}

#[test]
fn residual() {
    for (activation, norm, keep) in [
        (Relu, Norm::None, 1.0),
        (Tanh, Norm::None, 0.7),
        (Relu, Norm::Layer, 1.0),
        (Tanh, Norm::Layer, 0.7),
        (Relu, Norm::Group { size: 8 }, 1.0),
        (Relu, Norm::Batch { samples: 8 }, 1.0),
        (Tanh, Norm::Batch { samples: 8 }, 0.7),
        (Relu, Norm::Batch { samples: 32 }, 1.0),
    ] {
        let network = with(network(activation, [2.0, 0.1], 256), |net| {
            (net.norm, net.keep, net.branch) = (norm, keep, Some(0.7));
        });
        let samples = if let Norm::Batch { samples } = norm { samples } else { network.samples };
        agrees(&format!("residual {activation}, {norm:?}, keep {keep}"), &Network { samples, ..network });
    }
}

#[test]
fn whitened_orthogonal_layers_are_isometries() {
    let network = with(network(Identity, [1.7, 0.1], 12), |net| (net.norm, net.orthogonal) = (Norm::Zca, true));
    let network = Network { samples: 40, ..network };
    let measured = network.measure(1);
    let predictions = network.predict(&measured);
    for (log_ratio, prediction) in measured.log_ratios.iter().zip(&predictions) {
        println!("{log_ratio:+.2e} for {:?}", prediction.ratio);
        assert!(prediction.ratio.is_none_or(|ratio| (log_ratio - 2.0 * ratio.ln()).abs() < 1e-9));
    }
    assert_eq!(predictions.iter().filter(|prediction| prediction.ratio.is_some()).count(), 7);
}
