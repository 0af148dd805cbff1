//! What is measured of one network.

use serde::{Deserialize, Serialize};

use super::number;

/// One layer of one network on the measured batch.
///
/// z is where δ is taken: `W h + b` of a plain layer, the output of a residual layer or of a layer of the user's. What does
/// not apply to a layer is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerMeasures {
    /// Root mean square over samples of ‖δ‖, the gradient of the sample's own loss by z.
    #[serde(with = "number")]
    pub delta_norm: f64,
    /// What mean-field theory says of ‖δ_l‖ / ‖δ_{l+1}‖; `None` at the top and where no theory is known.
    #[serde(with = "number::optional")]
    pub predicted_ratio: Option<f64>,
    /// ‖δ‖ by theory, from the highest layer that it speaks of down, starting at the measured norm.
    #[serde(with = "number::optional")]
    pub predicted_delta_norm: Option<f64>,
    /// Norm of the gradient of the mean loss by the weights of the layer.
    #[serde(with = "number")]
    pub weight_grad_norm: f64,
    /// Mean over samples and units of the output h of the layer.
    #[serde(with = "number")]
    pub activation_mean: f64,
    /// Standard deviation over samples and units of h.
    #[serde(with = "number")]
    pub activation_std: f64,
    /// q: the mean square of z over samples and units.
    #[serde(with = "number")]
    pub q: f64,
    /// What theory says of q.
    #[serde(with = "number::optional")]
    pub predicted_q: Option<f64>,
    /// Mean cosine of z between two samples.
    #[serde(with = "number::optional")]
    pub correlation: Option<f64>,
    /// What theory says of the correlation.
    #[serde(with = "number::optional")]
    pub predicted_correlation: Option<f64>,
    /// Share of units whose activation has no slope (below 1/100 of its largest) at any sample.
    #[serde(with = "number::optional")]
    pub dead: Option<f64>,
    /// Share of values, over samples and units, at which the activation has no slope.
    #[serde(with = "number::optional")]
    pub saturated: Option<f64>,
    /// Effective rank of h over samples: the exponential of the entropy of its singular values (Roy and Vetterli 2007).
    #[serde(with = "number::optional")]
    pub effective_rank: Option<f64>,
    /// Norm of a step of the optimizer over the norm of the weights: the first step, or the last one of the training.
    #[serde(with = "number::optional")]
    pub update_ratio: Option<f64>,
    /// Norm of the mean over micro-batches of the weights' gradient, over its standard deviation.
    #[serde(with = "number::optional")]
    pub gradient_snr: Option<f64>,
    /// Root mean square of the change of z since initialization.
    #[serde(with = "number::optional")]
    pub change: Option<f64>,
}

/// The layers of a network, from the input to the top.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// One for each layer.
    pub layers: Vec<LayerMeasures>,
}

impl Profile {
    /// ‖δ_l‖ / ‖δ_{l+1}‖ of the layer with this index, from 0; `None` at the top.
    pub fn ratio(&self, index: usize) -> Option<f64> {
        let above = self.layers.get(index + 1)?;
        Some(self.layers.get(index)?.delta_norm / above.delta_norm)
    }

    /// ‖δ_1‖ / ‖δ_L‖: the gradient at the bottom relative to that at the top. 0 if none arrives.
    pub fn shrink(&self) -> f64 {
        match self.layers.as_slice() {
            [bottom, .., _] if bottom.delta_norm == 0.0 => 0.0,
            [bottom, .., top] => bottom.delta_norm / top.delta_norm,
            _ => 1.0,
        }
    }
}

/// Loss and accuracy on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean loss.
    #[serde(with = "number")]
    pub loss: f64,
    /// Share of samples whose largest logit is that of their class.
    #[serde(with = "number")]
    pub accuracy: f64,
}

/// The scores on training data and on held-out data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// On the samples that are trained on.
    pub train: Score,
    /// On samples that are not.
    pub test: Score,
}

/// A point of the training curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steps made.
    pub step: usize,
    /// Mean training loss since the last point.
    #[serde(with = "number")]
    pub loss: f64,
    /// Accuracy on held-out data.
    #[serde(with = "number::optional")]
    pub accuracy: Option<f64>,
}

/// What is measured on request, at initialization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spectra {
    /// Singular values of the Jacobian of the top layer by the first layer's z, of one sample; largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jacobian: Vec<f64>,
    /// The largest eigenvalues of the Hessian of the loss by all parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hessian: Vec<f64>,
    /// Eigenvalues of the empirical tangent kernel of the measured batch; largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tangent_kernel: Vec<f64>,
}

impl Spectra {
    /// The logarithm of the mean squared singular value of the Jacobian, and the variance of the squares over the square of
    /// their mean.
    pub fn jacobian_moments(&self) -> Option<(f64, f64)> {
        // Relative to the largest, as squares may underflow.
        let largest = self.jacobian.first().copied().filter(|&largest| largest > 0.0)?;
        let count = self.jacobian.len() as f64;
        let squares = || self.jacobian.iter().map(|value| (value / largest).powi(2));
        let mean = squares().sum::<f64>() / count;
        let variance = squares().map(|square| (square / mean - 1.0).powi(2)).sum::<f64>() / count;
        Some((2.0 * largest.ln() + mean.ln(), variance))
    }
}

/// The results of one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The index of its configuration in the sweep.
    pub configuration: usize,
    /// Its seed.
    pub seed: u64,
    /// Measured at initialization.
    pub init: Profile,
    /// Measured after the training; `None` without training steps.
    pub trained: Option<Profile>,
    /// Before the training; `None` without a head.
    pub before: Option<Scores>,
    /// After the training; `None` without training steps, and if the training diverged.
    pub after: Option<Scores>,
    /// The acceptance band of theory for the sum over layers of log(measured² / predicted²); `None` without a prediction.
    #[serde(with = "number::optional")]
    pub band: Option<f64>,
    /// The training curve.
    pub curve: Vec<CurvePoint>,
    /// The step and the operation in which a value or gradient first became infinite or NaN.
    pub non_finite: Option<String>,
    /// Spectra on request.
    pub spectra: Option<Spectra>,
    /// Wall time. It is not part of the tables, which are the same for every run of the same settings.
    pub seconds: f64,
}

impl RunRecord {
    /// Whether a loss or gradient became infinite or NaN in training.
    pub fn diverged(&self) -> bool {
        self.trained.is_some() && self.after.is_none()
    }
}
