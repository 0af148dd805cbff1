//! Whitening batch normalisation: features are decorrelated, not only standardised.

use autodiff::{Mode, ParamId, Real, Scope, Shape, StateId, Tensor, Var, keep};

use smallvec::SmallVec;

use super::affine::{Affine, check_groups};
use super::batch::follow;
use crate::module::Module;

/// How the whitening matrix is made from the covariance `Σ`, to whose eigenvalues ε has been added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whitening {
    /// `Σ^(−1/2)` by eigen-decomposition: of all whitening matrices the one that changes the data least (Bell and
    /// Sejnowski 1997; Huang 2018 for batch normalisation).
    Zca,
    /// So many Newton–Schulz steps towards it, `P ← (3P − P³ Σ/tr Σ)/2`, `W = P/√tr Σ` (Huang 2019): matrix products only, but
    /// far from ZCA along eigenvalues that are small beside the trace. Five are usual; past about twelve, rounding errors grow.
    NewtonSchulz(usize),
}

/// Whitening batch normalisation (Huang 2018): `y = scale · W (x − mean) + shift` for each group of neighbouring channels,
/// places of axis 1. `W` is the [`Whitening`] of the group's biased covariance, so that in training the outputs of a
/// group are uncorrelated and of variance 1. Values of shape `[samples, channels]` or `[samples, channels, ..]`; every place of
/// the axes behind is a sample.
///
/// In training, mean and covariance are those of the batch, and a running mean and a running whitening matrix follow them:
/// `running ← (1 − momentum) · running + momentum · batch`, stored when the optimizer steps. In evaluation these stand in.
///
/// With fewer samples than features the covariance has eigenvalues 0: ε decides, and those directions come out as 0.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`; state: `running_mean`, `[groups, size]`, and
/// `running_whitening`, `[groups, size, size]` (the identity at first). Defaults: one group, ε = 10⁻⁵, momentum 0.1.
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

impl WhitenNorm {
    /// For so many channels in one group.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize, whitening: Whitening) -> Self {
        WhitenNorm::grouped(scope, channels, 1, whitening)
    }

    /// For so many channels in so many groups; the first number must be a multiple of the second.
    pub fn grouped<T: Real>(mut scope: Scope<'_, T>, channels: usize, groups: usize, whitening: Whitening) -> Self {
        let size = channels.checked_div(groups).unwrap_or(0);
        let identity = |k: usize| if (k % (size * size)).is_multiple_of(size + 1) { 1.0 } else { 0.0 };
        WhitenNorm {
            channels,
            groups,
            whitening,
            affine: Affine::new(&mut scope, [channels], 1.0),
            mean: scope.state("running_mean", &Tensor::full([groups, size], 0.0)),
            matrix: scope.state("running_whitening", &Tensor::from_fn([groups, size, size], identity)),
            epsilon: 1e-5,
            momentum: 0.1,
        }
    }

    /// What is added to the covariance's eigenvalues, instead of 10⁻⁵.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        WhitenNorm { epsilon, ..self }
    }

    /// How much of each batch's statistics the running ones take up, instead of 0.1.
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

    /// The groups' samples, `[groups, samples, size]`, centred and multiplied by the whitening matrix of this mode.
    #[track_caller]
    fn whiten<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        let samples = x.shape().map_or(0, |shape| shape[1]);
        if recording.mode() == Mode::Eval || samples == 0 {
            return (x - recording.state(self.mean).unsqueeze(1)).matmul(recording.state(self.matrix));
        }
        let mean = x.mean(keep(1));
        let centred = x - mean;
        let covariance = centred.transpose(1, 2).matmul(centred) / samples as f64;
        let matrix = match self.whitening {
            Whitening::Zca => covariance.inverse_sqrt(self.epsilon),
            Whitening::NewtonSchulz(steps) => newton_schulz(covariance, self.epsilon, steps),
        };
        follow(self.mean, mean.squeeze(1), self.momentum);
        follow(self.matrix, matrix, self.momentum);
        centred.matmul(matrix)
    }
}

/// The whitening matrices of covariances `[groups, size, size]`, by so many steps.
#[track_caller]
fn newton_schulz<'t, T: Real>(covariance: Var<'t, T>, epsilon: f64, steps: usize) -> Var<'t, T> {
    let size = covariance.shape().map_or(0, |shape| shape[1]);
    let identity = Tensor::from_fn([size, size], |k| if k % (size + 1) == 0 { T::ONE } else { T::ZERO });
    let identity = covariance.recording().constant(&identity);
    let covariance = covariance + identity * epsilon;
    let trace = (covariance * identity).sum(keep([1, 2]));
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
        if let Some(refused) = check_groups("whiten_norm", self.channels, self.groups, x) {
            return refused;
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
