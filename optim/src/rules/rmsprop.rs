//! RMSprop.

use autodiff::{Error, Real};

use super::Rule;
use crate::optimizer::Optimizer;
use crate::settings;

/// RMSprop (Tieleman and Hinton 2012), as PyTorch defines it: `s ← α s + (1 − α) g²`, `p ← p − η g / (√s + ε)`; with momentum
/// `v ← μ v + g / (√s + ε)`, `p ← p − η v`. Defaults: α = 0.99, ε = 10⁻⁸, no momentum.
pub type RmsProp<T> = Optimizer<T, RmsPropRule>;

/// The rule of [`RmsProp`].
#[derive(Clone, Debug)]
pub struct RmsPropRule {
    alpha: f64,
    epsilon: f64,
    momentum: f64,
    centred: bool,
}

impl<T: Real> Optimizer<T, RmsPropRule> {
    /// RMSprop with this rate, usually 10⁻².
    pub fn new(rate: f64) -> Self {
        Optimizer::of(rate, RmsPropRule { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centred: false })
    }

    /// How much of the mean square stays from step to step.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        self.with_rule(|rule| rule.alpha = alpha)
    }

    /// What is added to the root, instead of 10⁻⁸.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.with_rule(|rule| rule.epsilon = epsilon)
    }

    /// Keeps a velocity, `momentum` of which stays from step to step.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        self.with_rule(|rule| rule.momentum = momentum)
    }

    /// Divides by the running standard deviation instead of the root mean square (Graves 2013).
    #[must_use]
    pub fn centred(self) -> Self {
        self.with_rule(|rule| rule.centred = true)
    }
}

impl<T: Real> Rule<T> for RmsPropRule {
    fn buffers(&self) -> &'static [&'static str] {
        match (self.momentum != 0.0, self.centred) {
            (false, false) => &["square"],
            (true, false) => &["square", "velocity"],
            (false, true) => &["square", "mean"],
            (true, true) => &["square", "velocity", "mean"],
        }
    }

    fn check(&self) -> Result<(), Error> {
        settings::share("alpha", self.alpha)?;
        settings::share("momentum", self.momentum)?;
        settings::not_negative("epsilon", self.epsilon)
    }

    fn direct(&self, _: u64, gradient: &mut [T], buffers: &mut [&mut [T]]) {
        let [square, rest @ ..] = buffers else { return };
        let (mut velocity, mut mean) = match (self.momentum != 0.0, rest) {
            (true, [first, others @ ..]) => (Some(first), others.first_mut()),
            (_, others) => (None, others.first_mut()),
        };
        let [keep, take] = [self.alpha, 1.0 - self.alpha].map(T::from_f64);
        let (epsilon, momentum) = (T::from_f64(self.epsilon), T::from_f64(self.momentum));
        for (k, g) in gradient.iter_mut().enumerate() {
            square[k] = keep * square[k] + take * *g * *g;
            let mut spread = square[k];
            if let Some(mean) = &mut mean {
                mean[k] = keep * mean[k] + take * *g;
                spread -= mean[k] * mean[k];
            }
            *g = *g / (spread.sqrt() + epsilon);
            if let Some(velocity) = &mut velocity {
                velocity[k] = momentum * velocity[k] + *g;
                *g = velocity[k];
            }
        }
    }
}
