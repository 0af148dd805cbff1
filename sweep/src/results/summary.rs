//! Means over the seeds of a configuration, and verdicts.

use std::fmt;

use serde::Serialize;

use super::number;
use super::record::{CurvePoint, LayerMeasures, Scores, Spectra};

/// The factor by which a healthy gradient may shrink or grow from the top layer to the bottom. A learning rate that suits
/// the top layer is then up to twenty times too small or too large for the bottom layer.
pub const THRESHOLD: f64 = 20.0;

/// The verdict on the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The bottom layer gets less than 1/20 of what the top layer gets.
    Vanishing,
    /// In between.
    Healthy,
    /// It gets more than 20 times as much.
    Exploding,
    /// The loss became infinite or NaN in training.
    Diverged,
}

impl Verdict {
    /// The verdict on a gradient with this ratio of bottom to top; an overflow counts as exploding.
    pub fn from_shrink(shrink: f64) -> Self {
        if shrink < 1.0 / THRESHOLD {
            Verdict::Vanishing
        } else if shrink <= THRESHOLD {
            Verdict::Healthy
        } else {
            Verdict::Exploding
        }
    }
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

/// One phase of one configuration, over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseSummary {
    /// Geometric mean of ‖δ_1‖ / ‖δ_L‖.
    #[serde(with = "number")]
    pub shrink: f64,
    /// The factor that, applied at every layer, gives the shrink; `None` for a single layer.
    #[serde(with = "number::optional")]
    pub factor: Option<f64>,
    /// Mean scores; `None` without a head.
    pub scores: Option<Scores>,
    /// From the input to the top: geometric means of norms, means of the rest.
    pub layers: Vec<LayerMeasures>,
}

/// Measurement against theory, over layers and seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The factor a layer that is measured, over the layers that theory speaks of.
    #[serde(with = "number")]
    pub measured: f64,
    /// The factor a layer that theory predicts.
    #[serde(with = "number")]
    pub predicted: f64,
    /// Number of layers.
    pub layers: usize,
    /// Mean over seeds of the sum over layers of log(measured²/predicted²).
    #[serde(with = "number")]
    pub deviation: f64,
    /// How far the deviation may be from 0 at this width, depth and number of seeds.
    #[serde(with = "number")]
    pub band: f64,
}

impl Agreement {
    /// Whether measurement and theory agree within the band.
    pub fn agrees(&self) -> bool {
        self.deviation.abs() <= self.band
    }
}

/// What mean-field theory says of plain networks of one kind at any depth (Poole 2016; Schoenholz 2017).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DepthScales {
    /// q*: the mean square that z settles at.
    #[serde(with = "number")]
    pub q: f64,
    /// χ: the factor of the squared gradient a layer, at q*.
    #[serde(with = "number")]
    pub chi: f64,
    /// c*: the correlation that two samples settle at.
    #[serde(with = "number")]
    pub correlation: f64,
    /// ξ: the depth over which correlations settle.
    #[serde(with = "number")]
    pub correlation_depth: f64,
    /// 1/|ln χ|: the depth over which gradients change by a factor of e.
    #[serde(with = "number")]
    pub gradient_depth: f64,
    /// The logarithm of the mean squared singular value of the Jacobian of the top layer's z by the first layer's.
    #[serde(with = "number::optional")]
    pub jacobian_log_mean: Option<f64>,
    /// The variance of the squared singular values over the square of their mean.
    #[serde(with = "number::optional")]
    pub jacobian_relative_variance: Option<f64>,
}

/// One configuration over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The group of the settings that it belongs to, if they have groups.
    pub group: Option<String>,
    /// Name and value of every axis, in the order of the columns.
    pub values: Vec<(&'static str, String)>,
    /// The values, other than the depth, in which the configurations of the sweep differ: a name for its curve.
    pub label: String,
    /// Number of layers.
    pub depth: usize,
    /// Number of finished runs.
    pub seeds: usize,
    /// Of those, the ones that diverged.
    pub diverged: usize,
    /// Measured at initialization.
    pub init: PhaseSummary,
    /// After the training, over the seeds that did not diverge.
    pub trained: Option<PhaseSummary>,
    /// Standard deviation over seeds of the accuracy on held-out data after the training.
    pub accuracy_std: Option<f64>,
    /// Mean training curve of the seeds that did not diverge.
    pub curve: Vec<CurvePoint>,
    /// Where a seed first met an infinite or NaN value.
    pub non_finite: Option<String>,
    /// Spectra of the first seed, if they were asked for.
    pub spectra: Option<Spectra>,
    /// Against theory, where there is one.
    pub agreement: Option<Agreement>,
    /// Why there is no theory, where there is none.
    pub no_theory: Option<&'static str>,
    /// What theory says of deep networks of this kind, where there is one.
    pub depth_scales: Option<DepthScales>,
    /// On the gradient.
    pub verdict: Verdict,
}

/// The (σw², σb²) plane of one activation: where order ends and chaos begins (Poole 2016; Schoenholz 2017).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseDiagram {
    /// The activation.
    pub activation: String,
    /// Points [σw², σb²] of the critical line χ = 1.
    pub critical: Vec<[f64; 2]>,
    /// The σb² of the sweep that `depth_scales` belongs to.
    pub bias_variance: f64,
    /// Points [σw², 6ξ], the depth to which networks are expected to train; infinite on the critical line.
    pub depth_scales: Vec<[f64; 2]>,
}

/// All that a sweep found, as far as it got.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// The title of the settings.
    pub title: String,
    /// What the sweep shows, in a paragraph.
    pub description: String,
    /// The settings as TOML, which `--config` reads.
    pub settings: String,
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that are finished.
    pub finished: usize,
    /// The name of each axis with the values that it takes in this sweep.
    pub axes: Vec<(&'static str, Vec<String>)>,
    /// One for each configuration with a finished run, in the order of the settings.
    pub summaries: Vec<Summary>,
    /// Of the activation, if the sweep varies the variances.
    pub phase: Option<PhaseDiagram>,
}
