//! Batch normalization.

use autodiff::ops::Normalized;
use autodiff::{Mode, ParamId, Real, Scope, StateId, Var};

use smallvec::SmallVec;

use super::affine::{Affine, affine_along_channels, along_channels, check_vectors};
use super::variance::{check_count, check_finite_variance};
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{not_negative, share};

/// Batch normalization (Ioffe and Szegedy 2015), for each channel `y = weight · (x − mean) / √(variance + ε) + bias`.
///
/// In training, mean and biased variance are those of the batch, over all axes but 1, and running statistics follow them:
/// `running ← (1 − momentum) · running + momentum · batch`, with the unbiased variance, as in PyTorch. They are stored
/// when the optimizer steps ([`autodiff::Params::commit`]). In evaluation the running statistics are used instead. If the batch
/// is divided into [`Shards`](autodiff::Shards), they are those of the whole batch, forward and backward.
///
/// A constant channel comes out as the bias.
///
/// # Shapes
/// Input and output `[samples, channels, ..]`.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`; state: `running_mean` (0) and `running_var` (1). Defaults:
/// ε = 10⁻⁵, momentum 0.1.
///
/// # Errors
/// Recorded on the tape: another number of channels; in training, one value per channel, whose variance is always 0, and
/// values whose variance is infinite in the scalar (from about 10¹⁹ in `f32`); an ε that is negative or not finite; a
/// momentum outside 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm {
    affine: Affine,
    mean: StateId,
    variance: StateId,
    epsilon: f64,
    momentum: f64,
}

/// The name in errors.
const NAME: &str = "batch_norm";

impl BatchNorm {
    /// A layer for this number of channels, with the defaults.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize) -> Self {
        BatchNorm::with_scale(scope, channels, 1.0)
    }

    /// A layer whose weights start at `scale`: 0 in the last normalization of a residual branch makes the block the
    /// identity at first (Goyal 2017).
    pub fn with_scale<T: Real>(mut scope: Scope<'_, T>, channels: usize, scale: f64) -> Self {
        BatchNorm {
            affine: Affine::new(&mut scope, [channels], scale),
            mean: scope.state_with("running_mean", [channels], |_| {}),
            variance: scope.state_with("running_var", [channels], |values| values.fill(1.0)),
            epsilon: 1e-5,
            momentum: 0.1,
        }
    }

    /// With this ε, at least 0, added to variances.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        BatchNorm { epsilon, ..self }
    }

    /// With this momentum, from 0 to 1: the weight of a batch in the running statistics.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        BatchNorm { momentum, ..self }
    }

    /// The weights, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The biases, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }

    /// The running means, `[channels]`.
    pub fn running_mean(&self) -> StateId {
        self.mean
    }

    /// The running variances, `[channels]`.
    pub fn running_variance(&self) -> StateId {
        self.variance
    }

    /// Normalizes by the batch and updates the running statistics.
    #[track_caller]
    fn train<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let normal = batch_norm(x, Some(self.affine.record(x)), self.epsilon);
        follow(self.mean, normal.mean, self.momentum);
        follow(self.variance, normal.variance * (normal.count / (normal.count - 1.0)), self.momentum);
        normal.value
    }
}

impl<T: Real> Module<T> for BatchNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = share("momentum", self.momentum) {
            return invalid_input(NAME, reason, x);
        }
        match (x.recording().mode(), x.shape()) {
            (Mode::Train, Ok(shape)) if shape.size() > 0 => self.train(x),
            _ => {
                let statistics = [x.recording().state(self.mean), x.recording().state(self.variance)];
                batch_norm_inference(x, statistics, Some(self.affine.record(x)), self.epsilon)
            }
        }
    }
}

/// Records `running ← (1 − momentum) · running + momentum · batch`.
#[track_caller]
pub(super) fn follow<T: Real>(state: StateId, batch: Var<'_, T>, momentum: f64) {
    let recording = batch.recording();
    recording.update(state, recording.state(state) * (1.0 - momentum) + batch * momentum);
}

/// Batch normalization by the statistics of `x` itself: the function of a [`BatchNorm`] layer in training. Also returns the
/// mean and the biased variance of each channel, through which no gradient flows.
///
/// # Shapes
/// `x` and the normalized value are `[samples, channels, ..]`; the weight and the bias of `affine`, and mean and variance,
/// `[channels]`.
#[track_caller]
#[must_use]
pub fn batch_norm<'t, T: Real>(x: Var<'t, T>, affine: Option<[Var<'t, T>; 2]>, epsilon: f64) -> Normalized<'t, T> {
    let shape = x.shape().unwrap_or_default();
    let channels = shape.get(1).copied().unwrap_or(0);
    let checked = not_negative::<T>("epsilon", epsilon)
        .and_then(|()| check_vectors(affine.as_ref().map_or(&[], |affine| affine), &shape))
        .and_then(|()| match x.recording().shards() {
            1 => check_count("channel in training", shape.size() / channels.max(1)),
            _ => Ok(()),
        });
    if let (Err(reason), Ok(_)) = (checked, x.shape()) {
        let value = invalid_input(NAME, reason, x);
        return Normalized { value, mean: value, variance: value, count: value };
    }
    let axes: SmallVec<[usize; 4]> = (0..shape.rank()).filter(|&axis| axis != 1).collect();
    let normal = x.normalize_shards(affine_along_channels(affine, x), &axes[..], epsilon);
    check_finite_variance(NAME, normal.variance, affine.map_or(x, |[weight, _]| weight));
    normal
}

/// Batch normalization by given statistics, `[mean, variance]`: the function of a [`BatchNorm`] layer in evaluation.
///
/// # Shapes
/// `x` and the result are `[samples, channels, ..]`; mean, variance, and the weight and the bias of `affine`, `[channels]`.
#[track_caller]
#[must_use]
pub fn batch_norm_inference<'t, T: Real>(
    x: Var<'t, T>,
    [mean, variance]: [Var<'t, T>; 2],
    affine: Option<[Var<'t, T>; 2]>,
    epsilon: f64,
) -> Var<'t, T> {
    let Ok(shape) = x.shape() else { return x };
    let checked = not_negative::<T>("epsilon", epsilon)
        .and_then(|()| check_vectors(&[mean, variance], &shape))
        .and_then(|()| check_vectors(affine.as_ref().map_or(&[], |affine| affine), &shape));
    if let Err(reason) = checked {
        return invalid_input(NAME, reason, x);
    }
    let deviation = (variance + epsilon).sqrt();
    let (scale, shift) = match affine {
        Some([weight, bias]) => {
            let scale = weight / deviation;
            (scale, bias - mean * scale)
        }
        None => (1.0 / deviation, -mean / deviation),
    };
    x * along_channels(scale, x) + along_channels(shift, x)
}
