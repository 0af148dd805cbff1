//! Lion.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::{Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;

/// Lion (Chen et al. 2023): `p ← p − η sign(β₁ m + (1 − β₁) g)`, then `m ← β₂ m + (1 − β₂) g`. Every entry moves by η, and by
/// nothing where the sum is exactly 0. Defaults: β = (0.9, 0.99).
///
/// Its rate is usually a third to a tenth of Adam's, and the coefficient of [`Optimizer::decay`] larger by that factor.
///
/// ```
/// use autodiff::Params;
/// use optim::Lion;
///
/// let mut params = Params::<f64>::new(0);
/// params.scope("w").parameter("value", [3], |_, _| {});
/// let mut grads = params.gradients();
/// grads.flat_mut().copy_from_slice(&[0.2, -7.0, 0.0]);
/// Lion::new(0.5).step(&mut params, &grads)?;
/// assert_eq!(params.flat(), [-0.5, 0.5, 0.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
pub type Lion<T> = Optimizer<T, LionRule>;

/// The rule of [`Lion`].
#[derive(Clone, Debug)]
pub struct LionRule {
    pub(super) betas: [f64; 2],
}

impl<T: Real> Optimizer<T, LionRule> {
    /// Lion with this rate; 10⁻⁴ is usual.
    pub fn new(rate: f64) -> Self {
        Optimizer::from_rule(rate, LionRule { betas: [0.9, 0.99] })
    }

    /// The weight β₁ of the mean in the direction, and the decay rate β₂ of the mean.
    #[must_use]
    pub fn betas(self, direction: f64, mean: f64) -> Self {
        self.set_rule(|rule| rule.betas = [direction, mean])
    }
}

impl<T: Real> Rule<T> for LionRule {
    fn buffers(&self) -> &'static [&'static str] {
        &["mean"]
    }

    fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("beta1", self.betas[0])?;
        settings::fraction_below_one("beta2", self.betas[1])
    }

    fn update(&self, _: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        let [mean] = expect_buffers(gradient, direction, buffers)?;
        let [keep_direction, keep_mean] = self.betas.map(T::from_f64);
        let [take_direction, take_mean] = self.betas.map(|beta| T::from_f64(1.0 - beta));
        dispatch(move || {
            for ((d, &g), mean) in direction.iter_mut().zip(gradient).zip(mean.iter_mut()) {
                let sum = keep_direction * *mean + take_direction * g;
                let positive = if sum > T::ZERO { T::ONE } else { T::ZERO };
                *d = if sum < T::ZERO { -T::ONE } else { positive };
                *mean = keep_mean * *mean + take_mean * g;
            }
        });
        Ok(())
    }
}
