//! Adam, AdamW and AMSGrad.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::{Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;

/// Adam (Kingma and Ba 2015): `m ← β₁ m + (1 − β₁) g`, `s ← β₂ s + (1 − β₂) g²`,
/// `p ← p − η m̂ / (√ŝ + ε)` with `m̂ = m/(1 − β₁ᵗ)`, `ŝ = s/(1 − β₂ᵗ)`. Defaults: β = (0.9, 0.999), ε = 10⁻⁸.
///
/// With [`Optimizer::decay`] it is AdamW (Loshchilov and Hutter 2019), with [`Adam::amsgrad`] AMSGrad (Reddi, Kale and Kumar
/// 2018).
pub type Adam<T> = Optimizer<T, AdamRule>;

/// The rule of [`Adam`].
#[derive(Clone, Debug)]
pub struct AdamRule {
    pub(super) betas: [f64; 2],
    pub(super) epsilon: f64,
    pub(super) amsgrad: bool,
}

impl<T: Real> Optimizer<T, AdamRule> {
    /// Adam with this rate; 10⁻³ is usual.
    pub fn new(rate: f64) -> Self {
        Optimizer::from_rule(rate, AdamRule { betas: [0.9, 0.999], epsilon: 1e-8, amsgrad: false })
    }

    /// The decay rates β₁ of the mean and β₂ of the mean square.
    #[must_use]
    pub fn betas(self, mean: f64, square: f64) -> Self {
        self.set_rule(|rule| rule.betas = [mean, square])
    }

    /// The ε added to the root, 10⁻⁸ by default.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.set_rule(|rule| rule.epsilon = epsilon)
    }

    /// Divides by the root of the largest mean square so far.
    #[must_use]
    pub fn amsgrad(self) -> Self {
        self.set_rule(|rule| rule.amsgrad = true)
    }
}

impl<T: Real> Rule<T> for AdamRule {
    fn buffers(&self) -> &'static [&'static str] {
        if self.amsgrad { &["mean", "square", "largest"] } else { &["mean", "square"] }
    }

    fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("beta1", self.betas[0])?;
        settings::fraction_below_one("beta2", self.betas[1])?;
        settings::positive_in::<T>("epsilon", self.epsilon)
    }

    fn update(&self, step: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        let [keep_mean, keep_square] = self.betas.map(T::from_f64);
        let [take_mean, take_square] = self.betas.map(|beta| T::from_f64(1.0 - beta));
        let [scale, root] = self.betas.map(|beta| 1.0 - beta.powf(step as f64));
        let (scale, root, epsilon) =
            (T::from_f64(1.0 / scale), T::from_f64(1.0 / root.sqrt()), T::from_f64(self.epsilon));
        let follow = move |g: T, mean: &mut T, square: &mut T| {
            *mean = keep_mean * *mean + take_mean * g;
            *square = keep_square * *square + take_square * g * g;
        };
        let quotient = move |mean: T, square: T| scale * mean / (square.sqrt() * root + epsilon);
        if self.amsgrad {
            let [mean, square, largest] = expect_buffers(gradient, direction, buffers)?;
            let buffers = mean.iter_mut().zip(square.iter_mut()).zip(largest.iter_mut());
            dispatch(move || {
                for ((d, &g), ((mean, square), largest)) in direction.iter_mut().zip(gradient).zip(buffers) {
                    follow(g, mean, square);
                    *largest = largest.maximum(*square);
                    *d = quotient(*mean, *largest);
                }
            });
        } else {
            let [mean, square] = expect_buffers(gradient, direction, buffers)?;
            let buffers = mean.iter_mut().zip(square.iter_mut());
            dispatch(move || {
                for ((d, &g), (mean, square)) in direction.iter_mut().zip(gradient).zip(buffers) {
                    follow(g, mean, square);
                    *d = quotient(*mean, *square);
                }
            });
        }
        Ok(())
    }
}
