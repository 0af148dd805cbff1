//! RMSprop.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::{Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;

/// RMSprop (Tieleman and Hinton 2012), as in PyTorch: `s ← α s + (1 − α) g²`, `p ← p − η g / (√s + ε)`; with momentum
/// `v ← μ v + g / (√s + ε)`, `p ← p − η v`. Defaults: α = 0.99, ε = 10⁻⁸, no momentum.
pub type RmsProp<T> = Optimizer<T, RmsPropRule>;

/// The rule of [`RmsProp`].
#[derive(Clone, Debug)]
pub struct RmsPropRule {
    pub(super) alpha: f64,
    pub(super) epsilon: f64,
    pub(super) momentum: f64,
    pub(super) centered: bool,
}

impl<T: Real> Optimizer<T, RmsPropRule> {
    /// RMSprop with this rate; 10⁻² is usual.
    pub fn new(rate: f64) -> Self {
        Optimizer::from_rule(rate, RmsPropRule { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false })
    }

    /// The decay rate α of the mean square.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        self.set_rule(|rule| rule.alpha = alpha)
    }

    /// The ε added to the root, 10⁻⁸ by default.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set_rule(|rule| rule.epsilon = epsilon)
    }

    /// The momentum μ, from 0 (the default, which keeps no velocity) to below 1.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        self.set_rule(|rule| rule.momentum = momentum)
    }

    /// Divides by the running standard deviation instead of the root mean square (Graves 2013).
    #[must_use]
    pub fn centered(self) -> Self {
        self.set_rule(|rule| rule.centered = true)
    }
}

impl<T: Real> Rule<T> for RmsPropRule {
    fn buffers(&self) -> &'static [&'static str] {
        match (self.momentum != 0.0, self.centered) {
            (false, false) => &["square"],
            (true, false) => &["square", "velocity"],
            (false, true) => &["square", "mean"],
            (true, true) => &["square", "velocity", "mean"],
        }
    }

    fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("alpha", self.alpha)?;
        settings::fraction_below_one("momentum", self.momentum)?;
        settings::positive_in::<T>("epsilon", self.epsilon)
    }

    fn update(&self, _: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        let (square, velocity, mean): (&mut [T], Option<&mut [T]>, Option<&mut [T]>) =
            match (self.momentum != 0.0, self.centered) {
                (false, false) => {
                    let [square] = expect_buffers(gradient, direction, buffers)?;
                    (square, None, None)
                }
                (true, false) => {
                    let [square, velocity] = expect_buffers(gradient, direction, buffers)?;
                    (square, Some(velocity), None)
                }
                (false, true) => {
                    let [square, mean] = expect_buffers(gradient, direction, buffers)?;
                    (square, None, Some(mean))
                }
                (true, true) => {
                    let [square, velocity, mean] = expect_buffers(gradient, direction, buffers)?;
                    (square, Some(velocity), Some(mean))
                }
            };
        let [keep, take] = [self.alpha, 1.0 - self.alpha].map(T::from_f64);
        let (epsilon, momentum) = (T::from_f64(self.epsilon), T::from_f64(self.momentum));
        let quotient = move |g: T, spread: T| g / (spread.sqrt() + epsilon);
        let entries = direction.iter_mut().zip(gradient).zip(square.iter_mut());
        let follow = move |square: &mut T, g: T| *square = keep * *square + take * g * g;
        match mean {
            Some(mean) => dispatch(move || {
                for (((d, &g), square), mean) in entries.zip(mean) {
                    follow(square, g);
                    *mean = keep * *mean + take * g;
                    // Rounding may make the variance of nearly equal gradients negative.
                    *d = quotient(g, (*square - *mean * *mean).maximum(T::ZERO));
                }
            }),
            None => dispatch(move || {
                for ((d, &g), square) in entries {
                    follow(square, g);
                    *d = quotient(g, *square);
                }
            }),
        }
        if let Some(velocity) = velocity {
            dispatch(move || {
                for (d, velocity) in direction.iter_mut().zip(velocity) {
                    *velocity = momentum * *velocity + *d;
                    *d = *velocity;
                }
            });
        }
        Ok(())
    }
}
