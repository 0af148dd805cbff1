//! Stochastic gradient descent with momentum, which `candle_nn::SGD` does not have.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

/// `v ← momentum v + g`, `p ← p − rate v`, written as candle's own optimizers are.
pub(crate) struct Sgd {
    vars: Vec<(Var, Var)>,
    rate: f64,
    momentum: f64,
}

impl Sgd {
    pub(crate) fn new(vars: Vec<Var>, rate: f64, momentum: f64) -> Result<Self> {
        let with_velocity = |var: Var| {
            let velocity = Var::zeros(var.shape(), var.dtype(), var.device())?;
            Ok((var, velocity))
        };
        Ok(Sgd { vars: vars.into_iter().map(with_velocity).collect::<Result<_>>()?, rate, momentum })
    }

    pub(crate) fn step(&mut self, grads: &GradStore) -> Result<()> {
        for (var, velocity) in &self.vars {
            if let Some(grad) = grads.get(var) {
                let next: Tensor = ((velocity.as_tensor() * self.momentum)? + grad)?;
                velocity.set(&next)?;
                var.set(&var.sub(&(next * self.rate)?)?)?;
            }
        }
        Ok(())
    }
}
