//! AdaGrad.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::{Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;

/// AdaGrad (Duchi, Hazan and Singer 2011): `s ← s + g²`, `p ← p − η g / (√s + ε)`. Default: ε = 10⁻¹⁰.
pub type AdaGrad<T> = Optimizer<T, AdaGradRule>;

/// The rule of [`AdaGrad`].
#[derive(Clone, Debug)]
pub struct AdaGradRule {
    pub(super) epsilon: f64,
    pub(super) rate_decay: f64,
}

impl<T: Real> Optimizer<T, AdaGradRule> {
    /// AdaGrad with this rate; 10⁻² is usual.
    pub fn new(rate: f64) -> Self {
        Optimizer::from_rule(rate, AdaGradRule { epsilon: 1e-10, rate_decay: 0.0 })
    }

    /// The ε added to the root, 10⁻¹⁰ by default.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set_rule(|rule| rule.epsilon = epsilon)
    }

    /// Divides the rate in step t, counted from 1, by `1 + (t − 1) · decay`: PyTorch's `lr_decay`, 0 by default.
    #[must_use]
    pub fn rate_decay(self, decay: f64) -> Self {
        self.set_rule(|rule| rule.rate_decay = decay)
    }
}

impl<T: Real> Rule<T> for AdaGradRule {
    fn buffers(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn rests_at_zero(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Error> {
        settings::not_negative("rate_decay", self.rate_decay)?;
        settings::positive_in::<T>("epsilon", self.epsilon)
    }

    fn update(&self, step: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        let [sum] = expect_buffers(gradient, direction, buffers)?;
        let scale = T::from_f64(1.0 / (1.0 + (step as f64 - 1.0) * self.rate_decay));
        let epsilon = T::from_f64(self.epsilon);
        dispatch(move || {
            for ((d, &g), s) in direction.iter_mut().zip(gradient).zip(sum.iter_mut()) {
                *s += g * g;
                *d = scale * g / (s.sqrt() + epsilon);
            }
        });
        Ok(())
    }
}
