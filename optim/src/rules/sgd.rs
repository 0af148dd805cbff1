//! Stochastic gradient descent.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::{Rule, expect_buffers};
use crate::optimizer::Optimizer;
use crate::settings;

/// Stochastic gradient descent with momentum μ, dampening δ and rate η, as in PyTorch: `v ← μ v + (1 − δ) g`, with `v = g` in
/// the first step, then `p ← p − η v`, or `p ← p − η (g + μ v)` in Nesterov's variant.
///
/// Sutskever et al. (2013) have the rate inside the velocity, `v ← μ v + η g`, which differs where the rate changes.
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use optim::Sgd;
///
/// let mut params = Params::<f64>::new(0);
/// let x = params.scope("x").parameter("value", [1], |values, _| values.fill(5.0));
/// let mut sgd = Sgd::new(0.1).momentum(0.5).nesterov();
/// let (mut tape, mut grads) = (Tape::new(), params.gradients());
/// for _ in 0..50 {
///     let t = tape.start(&params, Mode::Train);
///     t.param(x).square().sum(..).backward(&mut grads)?;
///     sgd.step(&mut params, &grads)?;
/// }
/// assert!(params.flat()[0].abs() < 1e-6);
/// # Ok::<(), autodiff::Error>(())
/// ```
pub type Sgd<T> = Optimizer<T, SgdRule>;

/// The rule of [`Sgd`].
#[derive(Clone, Debug, Default)]
pub struct SgdRule {
    pub(super) momentum: f64,
    pub(super) dampening: f64,
    pub(super) nesterov: bool,
}

impl<T: Real> Optimizer<T, SgdRule> {
    /// Gradient descent with this rate, without momentum.
    pub fn new(rate: f64) -> Self {
        Optimizer::from_rule(rate, SgdRule::default())
    }

    /// The momentum μ, from 0 (the default, which keeps no velocity) to below 1.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        self.set_rule(|rule| rule.momentum = momentum)
    }

    /// The dampening δ of the gradient in the velocity, 0 by default.
    #[must_use]
    pub fn dampening(self, dampening: f64) -> Self {
        self.set_rule(|rule| rule.dampening = dampening)
    }

    /// Nesterov's variant (Nesterov 1983), which needs momentum and no dampening.
    #[must_use]
    pub fn nesterov(self) -> Self {
        self.set_rule(|rule| rule.nesterov = true)
    }
}

impl<T: Real> Rule<T> for SgdRule {
    fn buffers(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["velocity"] }
    }

    fn rests_at_zero(&self) -> bool {
        self.momentum == 0.0
    }

    fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("momentum", self.momentum)?;
        settings::fraction_below_one("dampening", self.dampening)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let (name, value) = if self.momentum == 0.0 { ("momentum", 0.0) } else { ("dampening", self.dampening) };
            let requirement = "such that momentum is positive and dampening 0, for Nesterov's variant";
            return Err(Error::Setting { name, value: value.to_string(), requirement });
        }
        Ok(())
    }

    fn update(&self, step: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error> {
        if self.momentum == 0.0 {
            expect_buffers::<T, 0>(gradient, direction, buffers)?;
            direction.copy_from_slice(gradient);
            return Ok(());
        }
        let [velocity] = expect_buffers(gradient, direction, buffers)?;
        let momentum = T::from_f64(self.momentum);
        let take = if step == 1 { T::ONE } else { T::from_f64(1.0 - self.dampening) };
        let entries = direction.iter_mut().zip(gradient).zip(velocity.iter_mut());
        let follow = move |v: &mut T, g: T| *v = momentum * *v + take * g;
        if self.nesterov {
            dispatch(move || {
                for ((d, &g), v) in entries {
                    follow(v, g);
                    *d = g + momentum * *v;
                }
            });
        } else {
            dispatch(move || {
                for ((d, &g), v) in entries {
                    follow(v, g);
                    *d = *v;
                }
            });
        }
        Ok(())
    }
}
