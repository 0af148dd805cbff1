//! The types shared by the modules of the sweep. Depends only on `weights`.

use std::{fmt, io};

use clap::ValueEnum;
use nn::Activation;

use crate::weights::Weights;

/// Number of classes, in the digits and in the Gaussian data.
pub(crate) const CLASSES: usize = 10;

/// Why a sweep failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An invalid option.
    #[error("{0}")]
    Option(String),
    #[error("{0}")]
    Computation(#[from] autodiff::Error),
    #[error("gradients.csv, summary.csv: {0}")]
    Table(#[from] csv::Error),
    #[error("gradients.svg: {0}")]
    Plot(Box<dyn std::error::Error>),
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    #[error("standard output: {0}")]
    Print(#[from] io::Error),
}

/// The data source: `--data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataSource {
    /// Handwritten digits (UCI optical digits, 8×8), standardized
    Digits,
    /// Standard normal features, labeled by a random linear teacher of ten classes
    Gaussian,
}

/// The source of the measured gradient: `--probe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GradientSource {
    /// Softmax cross-entropy of each sample, through the readout
    Loss,
    /// A standard normal cotangent for each sample and unit of the top layer, as theory supposes
    Random,
}

/// The scalar type of the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtype {
    /// Single precision
    F32,
    /// Double precision
    F64,
}

/// The name of an option value on the command line and in the files.
macro_rules! display_by_option_name {
    ($($kind:ty),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
            }
        }
    )*};
}

display_by_option_name!(DataSource, GradientSource, Dtype);

/// A configuration: networks that differ only in their seeds.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) activation: Activation,
    pub(crate) weights: Weights,
    /// Number of hidden layers.
    pub(crate) depth: usize,
}

/// One layer of one network on one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Root mean square over samples of ‖∂L/∂z‖, where z is the pre-activation and L the sample's own loss.
    pub(crate) delta_norm: f64,
    /// Frobenius norm of ∂L/∂W, where L is the mean loss over the batch.
    pub(crate) weight_grad_norm: f64,
    /// Mean over samples and units of the activation h = φ(z).
    pub(crate) activation_mean: f64,
    /// Standard deviation over samples and units of the activation.
    pub(crate) activation_std: f64,
}

/// The hidden layers of one network, from the input to the top.
#[derive(Clone, Debug)]
pub(crate) struct GradientProfile {
    pub(crate) layers: Vec<Layer>,
}

impl GradientProfile {
    /// ‖δ_l‖ / ‖δ_{l+1}‖ of the layer with this index, from 0; `None` at the top.
    pub(crate) fn ratio(&self, index: usize) -> Option<f64> {
        let above = self.layers.get(index + 1)?;
        Some(self.layers[index].delta_norm / above.delta_norm)
    }

    /// ‖δ_1‖ / ‖δ_L‖: the gradient at the bottom relative to that at the top. 0 if none arrives.
    pub(crate) fn shrink(&self) -> f64 {
        match self.layers.as_slice() {
            [bottom, .., _] if bottom.delta_norm == 0.0 => 0.0,
            [bottom, .., top] => bottom.delta_norm / top.delta_norm,
            _ => 1.0,
        }
    }
}

/// Loss and accuracy on held-out data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Mean softmax cross-entropy, in nats.
    pub(crate) loss: f64,
    /// Share of samples whose largest logit is that of their class.
    pub(crate) accuracy: f64,
}

/// The results of one network.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) configuration: Configuration,
    pub(crate) seed: u64,
    pub(crate) init: GradientProfile,
    /// `None` without training steps. Its numbers may be infinite or NaN if the training diverged.
    pub(crate) trained: Option<GradientProfile>,
    pub(crate) before: Score,
    /// `None` without training steps, and if the training diverged.
    pub(crate) after: Option<Score>,
}

impl Outcome {
    /// Whether the loss became infinite or NaN in training.
    pub(crate) fn diverged(&self) -> bool {
        self.trained.is_some() && self.after.is_none()
    }
}

/// The factor by which a healthy gradient may shrink or grow from the top layer to the bottom. A learning rate that suits
/// the top layer is then up to twenty times too small or too large for the bottom layer.
pub(crate) const THRESHOLD: f64 = 20.0;

/// The verdict on the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Vanishing,
    Healthy,
    Exploding,
    Diverged,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Vanishing => "vanishing",
            Verdict::Healthy => "healthy",
            Verdict::Exploding => "exploding",
            Verdict::Diverged => "diverged",
        })
    }
}

impl Verdict {
    /// The verdict on a gradient with this ratio of bottom to top; an overflow counts as exploding.
    pub(crate) fn from_shrink(shrink: f64) -> Self {
        if shrink < 1.0 / THRESHOLD {
            Verdict::Vanishing
        } else if shrink <= THRESHOLD {
            Verdict::Healthy
        } else {
            Verdict::Exploding
        }
    }
}

/// One phase of one configuration, over its seeds.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// Geometric mean of ‖δ_1‖ / ‖δ_L‖.
    pub(crate) shrink: f64,
    /// The factor that, applied at every layer, gives the shrink; `None` for a single layer.
    pub(crate) factor: Option<f64>,
    /// Mean loss and accuracy on held-out data.
    pub(crate) score: Score,
}

/// One configuration, over its seeds.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) configuration: Configuration,
    pub(crate) init: Phase,
    /// Over the seeds that did not diverge, if there are any.
    pub(crate) trained: Option<Phase>,
    /// Number of seeds whose training diverged.
    pub(crate) diverged: usize,
    pub(crate) verdict: Verdict,
    /// At initialization, the geometric mean of ‖δ_l‖ for every layer.
    pub(crate) delta_norms: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_multiply_to_the_shrink() {
        let layer = |delta_norm| Layer { delta_norm, weight_grad_norm: 0.0, activation_mean: 0.0, activation_std: 0.0 };
        let profile = |norms: &[f64]| GradientProfile { layers: norms.iter().map(|&norm| layer(norm)).collect() };
        let three = profile(&[1.0, 2.0, 8.0]);
        assert_eq!([three.ratio(0), three.ratio(1), three.ratio(2)], [Some(0.5), Some(0.25), None]);
        assert_eq!(three.shrink(), 0.125);
        assert_eq!(profile(&[3.0]).shrink(), 1.0);
        assert_eq!(profile(&[0.0, 0.0]).shrink(), 0.0);
    }
}
