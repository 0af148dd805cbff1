//! Whitening batch normalization: features are decorrelated, not only standardized.

use autodiff::{Mode, ParamId, Real, Scope, Shape, StateId, Tensor, Var, keepdim};

use smallvec::SmallVec;

use super::affine::{Affine, check_channels, check_count};
use super::batch::follow;
use super::overflow::refuse_infinite;
use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::{Check, divides, not_negative, require, share};

/// How the whitening matrix is made from the covariance `Σ`, to whose eigenvalues ε has been added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whitening {
    /// `Σ^(−1/2)` by eigen-decomposition: of all whitening matrices the one that changes the data least (Bell and
    /// Sejnowski 1997; Huang 2018 for batch normalization).
    Zca,
    /// This number of Newton–Schulz steps toward it, from 1 to 100: `P ← (3P − P³ Σ/tr Σ)/2`, `W = P/√tr Σ` (Huang 2019).
    /// Matrix products only, but far from ZCA along eigenvalues that are small beside the trace. Five are usual; past about
    /// twelve, rounding errors grow.
    NewtonSchulz(usize),
}

/// Whitening batch normalization (Huang 2018): `y = scale · W (x − mean) + shift` for each group of neighboring channels,
/// places of axis 1. `W` is the [`Whitening`] of the group's biased covariance, so that in training the outputs of a
/// group are uncorrelated and of variance 1. Values of shape `[samples, channels]` or `[samples, channels, ..]`; every place of
/// the axes behind is a sample.
///
/// In training, mean and covariance are those of the batch, and a running mean and a running whitening matrix follow them:
/// `running ← (1 − momentum) · running + momentum · batch`, stored when the optimizer steps. In evaluation these stand in.
///
/// With no more samples than features the covariance has eigenvalues 0: ε decides, and those directions come out as 0.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`; state: `running_mean`, `[groups, size]`, and
/// `running_whitening`, `[groups, size, size]` (the identity at first). Defaults: one group, ε = 10⁻⁵, momentum 0.1.
///
/// # Errors
/// Kept on the tape: another number of channels; channels that do not divide into the groups; in training, one value per
/// channel, whose covariance is 0 whatever it is, no more samples than features where ε is 0, and values whose covariance is
/// infinite in the scalar; an ε that is no number from 0 up; a momentum that is not from 0 to 1; Newton–Schulz steps that are
/// not from 1 to 100.
///
/// Each training pass of [`Whitening::Zca`] allocates inside the eigen-decomposition, and takes `size³` operations a group.
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

/// What errors name.
const NAME: &str = "whiten_norm";

impl WhitenNorm {
    /// For so many channels in one group.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize, whitening: Whitening) -> Self {
        WhitenNorm::grouped(scope, channels, 1, whitening)
    }

    /// For so many channels in so many groups; the first number must be a multiple of the second.
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

    /// What is added to the covariance's eigenvalues, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        WhitenNorm { epsilon, ..self }
    }

    /// How much of each batch's statistics the running ones take up, from 0 to 1, instead of 0.1.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        WhitenNorm { momentum, ..self }
    }

    /// The scales, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The shifts, `[channels]`.
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

    fn check<T: Real>(&self, x: Var<'_, T>) -> Check {
        not_negative::<T>("epsilon", self.epsilon)?;
        share("momentum", self.momentum)?;
        if let Whitening::NewtonSchulz(steps) = self.whitening {
            require("the number of Newton–Schulz steps", steps, (1..=100).contains(&steps), "from 1 to 100")?;
        }
        divides("channels", self.channels, self.groups)?;
        check_channels(self.channels, x)
    }

    /// Whether this number of samples has a covariance that says something.
    fn check_samples(&self, samples: usize) -> Check {
        check_count("channel in training", samples)?;
        let features = self.channels / self.groups;
        if self.epsilon == 0.0 && samples <= features {
            let reason = "the covariance has no inverse: epsilon must be above 0";
            return Err(format!("of {samples} samples of {features} features {reason}"));
        }
        Ok(())
    }

    /// The groups' samples, `[groups, samples, size]`, centered and multiplied by the whitening matrix of this mode.
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
        refuse_infinite(NAME, covariance, recording.state(self.matrix));
        let matrix = match self.whitening {
            Whitening::Zca => covariance.inverse_sqrt(self.epsilon),
            Whitening::NewtonSchulz(steps) => newton_schulz(covariance, self.epsilon, steps),
        };
        follow(self.mean, mean.squeeze(1), self.momentum);
        follow(self.matrix, matrix, self.momentum);
        centered.matmul(matrix)
    }
}

/// The whitening matrices of covariances `[groups, size, size]`, by so many steps.
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
        if let Err(reason) = self.check(x) {
            return invalid_input(NAME, reason, x);
        }
        let Ok(shape) = x.shape() else { return x };
        // Channels first, then every sample and place: [groups, size, samples] and its transpose.
        let rank = shape.rank();
        let channels_first: SmallVec<[usize; 4]> = [1, 0].into_iter().chain(2..rank).collect();
        let (size, samples) = (self.channels / self.groups, shape.size() / self.channels.max(1));
        let grouped = x.permute(&channels_first).reshape([self.groups, size, samples]).transpose(1, 2);
        let moved: Shape = channels_first.iter().map(|&axis| shape[axis]).collect();
        let white = self.whiten(grouped).transpose(1, 2).reshape(moved).permute(&channels_first);
        let [weight, bias] = self.affine.along_channels(x);
        white * weight + bias
    }
}
