//! Whitening batch normalization: features are decorrelated as well as standardized.

use autodiff::{Mode, ParamId, Real, Scope, Shape, StateId, Tensor, Var, keepdim};

use smallvec::SmallVec;

use super::affine::{Affine, along_channels, check_channels};
use super::batch::follow;
use super::variance::{check_count, check_finite_variance};
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{Check, divides, not_negative, require, share};

/// How the whitening matrix is computed from the covariance `Σ`, to whose eigenvalues ε has been added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whitening {
    /// `Σ^(−1/2)` by eigen-decomposition: the whitening matrix that changes the data least (Bell and Sejnowski 1997; Huang
    /// 2018 for batch normalization).
    Zca,
    /// An approximation by this number of Newton–Schulz steps, from 1 to 100: `P ← (3P − P³ Σ/tr Σ)/2`, `W = P/√tr Σ` (Huang
    /// 2019). It takes matrix products only, but is far from ZCA along eigenvalues that are small compared with the trace.
    /// Five steps are usual; beyond about twelve, rounding errors grow.
    NewtonSchulz(usize),
}

/// Whitening batch normalization (Huang 2018): `y = weight · W (x − mean) + bias` for each group of neighboring channels. `W`
/// is the [`Whitening`] matrix of the group's biased covariance, so that in training the outputs of a group are
/// uncorrelated and of variance 1.
///
/// In training, mean and covariance are those of the batch, over all axes but 1, and a running mean and a running whitening
/// matrix follow them: `running ← (1 − momentum) · running + momentum · batch`, stored when the optimizer steps. In
/// evaluation these are used instead.
///
/// With no more samples than features the covariance has eigenvalues of 0: ε alone determines the scale of those directions,
/// which come out as 0.
///
/// # Shapes
/// Input and output `[samples, channels, ..]`.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`; state: `running_mean`, `[groups, size]`, and
/// `running_whitening`, `[groups, size, size]` (the identity at first). Defaults: one group, ε = 10⁻⁵, momentum 0.1.
///
/// # Errors
/// Recorded on the tape: another number of channels; channels that do not divide into the groups; in training, one value per
/// channel, whose covariance is always 0, no more samples than features where ε is 0, and values whose covariance is
/// infinite in the scalar; an ε that is negative or not finite; a momentum outside 0 to 1; Newton–Schulz steps outside 1
/// to 100.
///
/// # Performance
/// A training pass of [`Whitening::Zca`] takes `size³` operations a group, and allocates inside the eigen-decomposition.
#[derive(Clone, Copy, Debug)]
pub struct WhitenNorm {
    channels: usize,
    groups: usize,
    whitening: Whitening,
    affine: Affine,
    mean: StateId,
    matrix: StateId,
    epsilon: f64,
    momentum: f64,
}

/// The name in errors.
const NAME: &str = "whiten_norm";

impl WhitenNorm {
    /// A layer for this number of channels, in one group.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize, whitening: Whitening) -> Self {
        WhitenNorm::grouped(scope, channels, 1, whitening)
    }

    /// A layer for this number of channels, which must be a multiple of `groups`.
    pub fn grouped<T: Real>(mut scope: Scope<'_, T>, channels: usize, groups: usize, whitening: Whitening) -> Self {
        let size = channels.checked_div(groups).unwrap_or(0);
        let identities = |values: &mut [f64]| {
            let diagonals =
                values.chunks_exact_mut((size * size).max(1)).flat_map(|matrix| matrix.iter_mut().step_by(size + 1));
            diagonals.for_each(|value| *value = 1.0);
        };
        WhitenNorm {
            channels,
            groups,
            whitening,
            affine: Affine::new(&mut scope, [channels], 1.0),
            mean: scope.state_with("running_mean", [groups, size], |_| {}),
            matrix: scope.state_with("running_whitening", [groups, size, size], identities),
            epsilon: 1e-5,
            momentum: 0.1,
        }
    }

    /// With this ε, at least 0, added to the eigenvalues of the covariance.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        WhitenNorm { epsilon, ..self }
    }

    /// With this momentum, from 0 to 1: the weight of a batch in the running statistics.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        WhitenNorm { momentum, ..self }
    }

    /// The weights, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The biases, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }

    /// The running mean, `[groups, size]`.
    pub fn running_mean(&self) -> StateId {
        self.mean
    }

    /// The running whitening matrix, `[groups, size, size]`.
    pub fn running_whitening(&self) -> StateId {
        self.matrix
    }

    fn check<T: Real>(&self, shape: &Shape) -> Check {
        not_negative::<T>("epsilon", self.epsilon)?;
        share("momentum", self.momentum)?;
        if let Whitening::NewtonSchulz(steps) = self.whitening {
            require("the number of Newton–Schulz steps", steps, (1..=100).contains(&steps), "from 1 to 100")?;
        }
        divides("channels", self.channels, self.groups)?;
        check_channels(self.channels, shape)
    }

    /// An error if the covariance of this number of samples has no inverse.
    fn check_samples(&self, samples: usize) -> Check {
        check_count("channel in training", samples)?;
        let features = self.channels / self.groups;
        if self.epsilon == 0.0 && samples <= features {
            let reason = "the covariance has no inverse: epsilon must be above 0";
            return Err(format!("of {samples} samples of {features} features {reason}"));
        }
        Ok(())
    }

    /// Centers the samples of each group, `[groups, samples, size]`, and multiplies them by the whitening matrix of this mode.
    #[track_caller]
    fn whiten<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        let samples = x.shape().map_or(0, |shape| shape[1]);
        if recording.mode() == Mode::Eval || samples == 0 {
            return (x - recording.state(self.mean).unsqueeze(1)).matmul(recording.state(self.matrix));
        }
        if let Err(reason) = self.check_samples(samples) {
            return invalid_input(NAME, reason, x);
        }
        let mean = x.mean(keepdim(1));
        let centered = x - mean;
        let covariance = centered.transpose(1, 2).matmul(centered) / samples as f64;
        check_finite_variance(NAME, covariance, recording.state(self.matrix));
        let matrix = match self.whitening {
            Whitening::Zca => covariance.inverse_sqrt(self.epsilon),
            Whitening::NewtonSchulz(steps) => newton_schulz(covariance, self.epsilon, steps),
        };
        follow(self.mean, mean.squeeze(1), self.momentum);
        follow(self.matrix, matrix, self.momentum);
        centered.matmul(matrix)
    }
}

/// The whitening matrices of covariances `[groups, size, size]`, by this number of steps.
#[track_caller]
fn newton_schulz<'t, T: Real>(covariance: Var<'t, T>, epsilon: f64, steps: usize) -> Var<'t, T> {
    let size = covariance.shape().map_or(0, |shape| shape[1]);
    let identity = Tensor::from_fn([size, size], |k| if k % (size + 1) == 0 { T::ONE } else { T::ZERO });
    let identity = covariance.recording().constant(&identity);
    let covariance = covariance + identity * epsilon;
    let trace = (covariance * identity).sum(keepdim([1, 2]));
    let normal = covariance / trace;
    let mut p = identity.unsqueeze(0).broadcast_to(covariance.shape().unwrap_or_default());
    for _ in 0..steps {
        p = (p * 3.0 - p.matmul(p).matmul(p).matmul(normal)) * 0.5;
    }
    p / trace.sqrt()
}

impl<T: Real> Module<T> for WhitenNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if let Err(reason) = self.check::<T>(&shape) {
            return invalid_input(NAME, reason, x);
        }
        // Channels first, then all samples: [groups, size, samples] and its transpose.
        let rank = shape.rank();
        let channels_first: SmallVec<[usize; 4]> = [1, 0].into_iter().chain(2..rank).collect();
        let (size, samples) = (self.channels / self.groups, shape.size() / self.channels.max(1));
        let grouped = x.permute(&channels_first).reshape([self.groups, size, samples]).transpose(1, 2);
        let moved: Shape = channels_first.iter().map(|&axis| shape[axis]).collect();
        let white = self.whiten(grouped).transpose(1, 2).reshape(moved).permute(&channels_first);
        let [weight, bias] = self.affine.record(x);
        white * along_channels(weight, x) + along_channels(bias, x)
    }
}
