//! Decoupled weight decay.

use autodiff::Real;

use super::Projection;

/// Decoupled weight decay (Loshchilov and Hutter 2019): `p ← (1 − η λ) p − η d`, where η is the rate and d the direction of the
/// step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay(pub f64);

impl<T: Real> Projection<T> for Decay {
    fn name(&self) -> &'static str {
        "decay"
    }

    fn decay(&self) -> f64 {
        self.0
    }
}
