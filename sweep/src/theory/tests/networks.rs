//! Simulated networks agree with predictions.

use nn::Activation::{Relu, Sigmoid, Tanh};

use super::simulation::{Network, network};
use crate::theory::{MeanField, Norm, Position};

/// The mean over networks of Σ log(measured/predicted) is in the band.
fn agrees(name: &str, network: &Network, seeds: u64) {
    let (mut sum, mut band, mut ratios) = (0.0, 0.0, [0.0; 2]);
    let mut worst = [0.0_f64; 2];
    for seed in 0..seeds {
        let measured = network.measure(seed);
        let predictions = network.predict(&measured);
        band = network.theory.band(&predictions).unwrap().unwrap();
        for (log_ratio, prediction) in measured.log_ratios.iter().zip(&predictions) {
            if let Some(ratio) = prediction.ratio {
                sum += (log_ratio - 2.0 * ratio.ln()) / seeds as f64;
                ratios[0] += log_ratio / seeds as f64;
                ratios[1] += 2.0 * ratio.ln() / seeds as f64;
            }
        }
        for (layer, prediction) in predictions.iter().enumerate() {
            let q = measured.lengths[layer].iter().sum::<f64>() / network.samples as f64;
            worst[0] = worst[0].max((q / prediction.q.unwrap() - 1.0).abs());
            worst[1] = worst[1].max((measured.correlations[layer] - prediction.correlation.unwrap()).abs());
        }
    }
    println!(
        "{name}: sum {sum:+.4}, band {band:.4}; {:.4} for {:.4}; q {:.3}, c {:.3}",
        ratios[0], ratios[1], worst[0], worst[1]
    );
    assert!(sum.abs() < band, "{name}: {sum}, band {band}");
}

fn with(network: Network, change: impl FnOnce(&mut MeanField)) -> Network {
    let mut network = network;
    change(&mut network.theory);
    network
}

#[test]
fn plain() {
    agrees("relu", &network(Relu, [2.0, 0.0], 256), 4);
    agrees("relu with biases", &network(Relu, [1.8, 0.1], 256), 4);
    agrees("tanh", &network(Tanh, [1.5, 0.05], 256), 4);
    agrees("sigmoid", &network(Sigmoid, [1.0, 0.0], 256), 4);
    agrees("orthogonal tanh", &with(network(Tanh, [1.0, 0.0], 256), |net| net.orthogonal = true), 4);
    agrees("gelu", &network(nn::Activation::Gelu, [2.0, 0.0], 256), 4);
    agrees("relu dropout", &with(network(Relu, [1.0, 0.0], 256), |net| net.keep = 0.6), 4);
    agrees("tanh dropout", &with(network(Tanh, [1.2, 0.1], 256), |net| net.keep = 0.8), 4);
}

#[test]
fn normalized() {
    for position in [Position::Before, Position::After] {
        for norm in [Norm::Layer, Norm::Rms] {
            for activation in [Relu, Tanh, Sigmoid] {
                let network = with(network(activation, [1.5, 0.1], 256), |net| {
                    (net.norm, net.norm_position) = (norm, position);
                });
                agrees(&format!("{activation} {norm:?} {position:?}"), &network, 4);
            }
        }
    }
    for size in [8, 16, 64] {
        let network = with(network(Relu, [2.0, 0.0], 256), |net| net.norm = Norm::Group { size });
        agrees(&format!("groups of {size}"), &network, 4);
    }
}

#[test]
fn batch() {
    for (activation, samples, keep, width) in
        [(Relu, 8, 1.0, 512), (Relu, 32, 1.0, 512), (Tanh, 8, 1.0, 512), (Relu, 8, 0.7, 512), (Relu, 64, 1.0, 512)]
    {
        let mut network = with(network(activation, [1.5, 0.1], width), |net| {
            (net.norm, net.keep) = (Norm::Batch { samples }, keep);
        });
        network.samples = samples;
        network.depth = 14;
        agrees(&format!("{activation} batch {samples} {keep}"), &network, 4);
    }
}

#[test]
fn residual() {
    for norm in [
        Norm::None,
        Norm::Layer,
        Norm::Rms,
        Norm::Group { size: 32 },
        Norm::Batch { samples: 8 },
        Norm::Batch { samples: 32 },
    ] {
        for keep in [1.0, 0.7] {
            for activation in [Relu, Tanh] {
                let mut network = with(network(activation, [2.0, 0.1], 256), |net| {
                    (net.norm, net.keep, net.branch) = (norm, keep, Some(0.7));
                });
                if let Norm::Batch { samples } = norm {
                    network.samples = samples;
                }
                agrees(&format!("residual {activation} {norm:?} {keep}"), &network, 4);
            }
        }
    }
}
