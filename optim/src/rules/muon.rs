//! Muon.

mod newton_schulz;

use autodiff::op::dispatch;
use autodiff::{Error, Real, Shape};

use super::{AdamRule, Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;
use newton_schulz::NewtonSchulz;

/// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): `m ← μ m + (1 − μ) g`,
/// `p ← p − η s O`, where O is nearly orthogonal: [Newton and Schulz's iteration](Muon::newton_schulz) brings all singular
/// values of the momentum, with Nesterov's `(1 − μ) g + μ m`, close to 1. Defaults: μ = 0.95, Nesterov, five iterations.
///
/// This is for parameters of two or more axes, taken as a matrix `[outputs, rest]`: a convolution's kernel is one row for each output
/// channel. The factor s is for its shape, see [`MuonScale`]. AdamW updates all others, such as biases, with the settings of
/// [`Muon::betas`] and the same rate, and embeddings and the output layer in a group that is [`ParamGroup::entrywise`].
///
/// Weight decay is [`Optimizer::decay`]; PyTorch's default is 0.1. The buffers are those of Adam. Under
/// [`Optimizer::strict_dropout`], entries of a matrix without gradient are not stepped, but their momentum decays.
///
/// ```
/// use optim::{Muon, MuonScale, ParamFilter, ParamGroup};
///
/// let muon = Muon::<f32>::new(1e-3)
///     .scale(MuonScale::MatchRms)
///     .decay(0.1, ParamFilter::except("*bias"))
///     .group(["embedding.*", "head.*"], ParamGroup::default().entrywise());
/// ```
///
/// [`ParamGroup::entrywise`]: crate::ParamGroup::entrywise
pub type Muon<T> = Optimizer<T, MuonRule>;

/// The factor s of a step of [`Muon`], for a matrix of `rows` outputs and `columns` inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MuonScale {
    /// `√max(1, rows / columns)`, as Jordan et al. (2024); the default, as in PyTorch. 0.02 is a usual rate.
    #[default]
    Original,
    /// `0.2 √max(rows, columns)` (Liu et al. 2025, "Muon is scalable for LLM training"): entries have the root mean square that they
    /// usually have with AdamW, whose rate and decay can be used. So one rate suits matrices and the others.
    MatchRms,
    /// `√(rows / columns)` (Bernstein 2025, "Deriving Muon"): the spectral norm follows the extents.
    Spectral,
}

impl MuonScale {
    fn factor(self, rows: usize, columns: usize) -> f64 {
        let (rows, columns) = (rows as f64, columns as f64);
        match self {
            MuonScale::Original => (rows / columns).max(1.0).sqrt(),
            MuonScale::MatchRms => 0.2 * rows.max(columns).sqrt(),
            MuonScale::Spectral => (rows / columns).sqrt(),
        }
    }
}

/// The rule of [`Muon`].
#[derive(Clone, Debug)]
pub struct MuonRule {
    momentum: f64,
    nesterov: bool,
    scale: MuonScale,
    newton_schulz: NewtonSchulz,
    adam: AdamRule,
}

impl<T: Real> Optimizer<T, MuonRule> {
    /// Muon with this rate; 10⁻³ is PyTorch's default.
    pub fn new(rate: f64) -> Self {
        let adam = AdamRule { betas: [0.9, 0.999], epsilon: 1e-8, amsgrad: false };
        let (scale, newton_schulz) = (MuonScale::Original, NewtonSchulz::default());
        Optimizer::from_rule(rate, MuonRule { momentum: 0.95, nesterov: true, scale, newton_schulz, adam })
    }

    /// The decay rate μ of the momentum, 0.95 by default.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        self.set_rule(|rule| rule.momentum = momentum)
    }

    /// Takes the momentum itself, without Nesterov's step ahead.
    #[must_use]
    pub fn without_nesterov(self) -> Self {
        self.set_rule(|rule| rule.nesterov = false)
    }

    /// The factor of a step for the shape of its matrix.
    #[must_use]
    pub fn scale(self, scale: MuonScale) -> Self {
        self.set_rule(|rule| rule.scale = scale)
    }

    /// The number of iterations `X ← a X + (b A + c A²) X` with `A = X Xᵀ`, 5 by default, and their coefficients `[a, b, c]`, by
    /// default `[3.4445, −4.775, 2.0315]`: singular values from 0.002 of the Frobenius norm on end between 0.68 and 1.21.
    #[must_use]
    pub fn newton_schulz(self, steps: usize, coefficients: [f64; 3]) -> Self {
        self.set_rule(|rule| (rule.newton_schulz.steps, rule.newton_schulz.coefficients) = (steps, coefficients))
    }

    /// The smallest Frobenius norm that a matrix is divided by before the iterations, 10⁻⁷ by default.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set_rule(|rule| rule.newton_schulz.epsilon = epsilon)
    }

    /// The decay rates β₁ and β₂ of [`Adam`](crate::Adam) for parameters that are no matrices, 0.9 and 0.999 by default.
    #[must_use]
    pub fn betas(self, mean: f64, square: f64) -> Self {
        self.set_rule(|rule| rule.adam.betas = [mean, square])
    }
}

/// The rows of a parameter's matrix, which has all other axes as its columns.
fn rows(shape: &Shape) -> usize {
    shape.first().copied().unwrap_or(1)
}

impl<T: Real> Rule<T> for MuonRule {
    fn buffers(&self) -> &'static [&'static str] {
        Rule::<T>::buffers(&self.adam)
    }

    fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("momentum", self.momentum)?;
        self.newton_schulz.check::<T>()?;
        Rule::<T>::check(&self.adam)
    }

    fn update(&self, step: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        self.adam.update(step, gradient, direction, buffers)
    }

    fn is_whole(&self, shape: &Shape) -> bool {
        shape.rank() > 1 && shape.size() > 0
    }

    fn scratch(&self, shape: &Shape) -> usize {
        NewtonSchulz::scratch(rows(shape), shape.size())
    }

    fn update_whole(
        &self,
        _: u64,
        shape: &Shape,
        gradient: &[T],
        direction: &mut [T],
        buffers: &mut [&mut [T]],
        scratch: &mut [T],
    ) -> Result<(), Error> {
        let [momentum, _] = expect_buffers(gradient, direction, buffers)?;
        let (keep, take) = (T::from_f64(self.momentum), T::from_f64(1.0 - self.momentum));
        let is_ahead = self.nesterov;
        let entries = direction.iter_mut().zip(gradient).zip(momentum.iter_mut());
        dispatch(move || {
            for ((d, &g), momentum) in entries {
                *momentum = keep * *momentum + take * g;
                *d = if is_ahead { take * g + keep * *momentum } else { *momentum };
            }
        });
        let rows = rows(shape);
        self.newton_schulz.orthogonalize(rows, direction, scratch)?;
        let factor = T::from_f64(self.scale.factor(rows, shape.size() / rows.max(1)));
        dispatch(move || direction.iter_mut().for_each(|d| *d = *d * factor));
        Ok(())
    }
}
