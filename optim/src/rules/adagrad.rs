//! AdaGrad.

use autodiff::{Error, Real};

use super::Rule;
use crate::optimizer::Optimizer;
use crate::settings;

/// AdaGrad (Duchi, Hazan and Singer 2011): `s ← s + g²`, `p ← p − η g / (√s + ε)`. Default: ε = 10⁻¹⁰.
pub type AdaGrad<T> = Optimizer<T, AdaGradRule>;

/// The rule of [`AdaGrad`].
#[derive(Clone, Debug)]
pub struct AdaGradRule {
    epsilon: f64,
    rate_decay: f64,
}

impl<T: Real> Optimizer<T, AdaGradRule> {
    /// AdaGrad with this rate, usually 10⁻².
    pub fn new(rate: f64) -> Self {
        Optimizer::of(rate, AdaGradRule { epsilon: 1e-10, rate_decay: 0.0 })
    }

    /// What is added to the root, instead of 10⁻¹⁰.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.with_rule(|rule| rule.epsilon = epsilon)
    }

    /// Divides the rate of step t by `1 + (t − 1) · decay`.
    #[must_use]
    pub fn rate_decay(self, decay: f64) -> Self {
        self.with_rule(|rule| rule.rate_decay = decay)
    }
}

impl<T: Real> Rule<T> for AdaGradRule {
    fn buffers(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn check(&self) -> Result<(), Error> {
        settings::not_negative("rate_decay", self.rate_decay)?;
        settings::not_negative("epsilon", self.epsilon)
    }

    fn direct(&self, step: u64, gradient: &mut [T], buffers: &mut [&mut [T]]) {
        let [sum] = buffers else { return };
        let scale = T::from_f64(1.0 / (1.0 + (step as f64 - 1.0) * self.rate_decay));
        let epsilon = T::from_f64(self.epsilon);
        for (g, s) in gradient.iter_mut().zip(sum.iter_mut()) {
            *s += *g * *g;
            *g = scale * *g / (s.sqrt() + epsilon);
        }
    }
}
