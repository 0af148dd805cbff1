//! Batch normalization.

use autodiff::{Mode, ParamId, Real, Scope, Shape, StateId, Var};

use smallvec::SmallVec;

use super::affine::{Affine, along_channels, check_channels, check_count};
use super::overflow::refuse_infinite;
use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::{Check, not_negative, share};

/// Batch normalization (Ioffe and Szegedy 2015): for each channel, places of axis 1,
/// `y = scale · (x − mean) / √(variance + ε) + shift`. Values of shape `[samples, channels]` or
/// `[samples, channels, ..]`, with any axes behind: statistics are taken over all axes but 1.
///
/// In training, mean and biased variance are those of the batch, and running statistics follow them:
/// `running ← (1 − momentum) · running + momentum · batch`, with the unbiased variance, as in PyTorch. They are stored
/// when the optimizer steps ([`autodiff::Params::commit`]). In evaluation the running statistics stand in.
///
/// A constant channel comes out as the shift.
///
/// # Errors
/// Kept on the tape: in training, one value per channel, whose variance is 0 whatever it is, and values whose variance is
/// infinite in the scalar (from about 10¹⁹ in `f32`); an ε that is no number from 0 up; a momentum that is not from 0 to 1.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`; state: `running_mean` (0) and `running_var` (1). Defaults:
/// ε = 10⁻⁵, momentum 0.1.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm {
    channels: usize,
    affine: Affine,
    mean: StateId,
    variance: StateId,
    epsilon: f64,
    momentum: f64,
}

/// What errors name.
const NAME: &str = "batch_norm";

impl BatchNorm {
    /// For so many channels, with the defaults.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize) -> Self {
        BatchNorm::with_scale(scope, channels, 1.0)
    }

    /// With scales that start at this value: 0 on the last normalization of a residual branch makes the block the
    /// identity at first (Goyal 2017).
    pub fn with_scale<T: Real>(mut scope: Scope<'_, T>, channels: usize, scale: f64) -> Self {
        BatchNorm {
            channels,
            affine: Affine::new(&mut scope, [channels], scale),
            mean: scope.state_with("running_mean", [channels], |_| {}),
            variance: scope.state_with("running_var", [channels], |values| values.fill(1.0)),
            epsilon: 1e-5,
            momentum: 0.1,
        }
    }

    /// What is added to variances, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        BatchNorm { epsilon, ..self }
    }

    /// How much of each batch's statistics the running ones take up, from 0 to 1, instead of 0.1.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        BatchNorm { momentum, ..self }
    }

    /// The scales, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The shifts, `[channels]`.
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

    fn check<T: Real>(&self, x: Var<'_, T>) -> Check {
        not_negative::<T>("epsilon", self.epsilon)?;
        share("momentum", self.momentum)?;
        check_channels(self.channels, x)
    }

    #[track_caller]
    fn by_batch<'t, T: Real>(&self, x: Var<'t, T>, shape: &Shape) -> Var<'t, T> {
        let count = shape.size() / self.channels.max(1);
        if let Err(reason) = check_count("channel in training", count) {
            return invalid_input(NAME, reason, x);
        }
        let axes: SmallVec<[usize; 4]> = (0..shape.rank()).filter(|&axis| axis != 1).collect();
        let normal = x.normalize(Some(self.affine.along_channels(x)), &axes[..], self.epsilon);
        refuse_infinite(NAME, normal.variance, x.recording().state(self.variance));
        let unbiased = normal.variance * (count as f64 / (count as f64 - 1.0));
        follow(self.mean, normal.mean, self.momentum);
        follow(self.variance, unbiased, self.momentum);
        normal.value
    }

    #[track_caller]
    fn by_running<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        let [weight, bias] = self.affine.vars(x);
        let scale = weight / (recording.state(self.variance) + self.epsilon).sqrt();
        let shift = bias - recording.state(self.mean) * scale;
        x * along_channels(scale, x) + along_channels(shift, x)
    }
}

/// `running ← (1 − momentum) · running + momentum · batch`.
#[track_caller]
pub(super) fn follow<T: Real>(state: StateId, batch: Var<'_, T>, momentum: f64) {
    let recording = batch.recording();
    recording.update(state, recording.state(state) * (1.0 - momentum) + batch * momentum);
}

impl<T: Real> Module<T> for BatchNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = self.check(x) {
            return invalid_input(NAME, reason, x);
        }
        match (x.recording().mode(), x.shape()) {
            (Mode::Train, Ok(shape)) if shape.size() > 0 => self.by_batch(x, &shape),
            _ => self.by_running(x),
        }
    }
}
