//! Decoupled weight decay.

use autodiff::{Error, Real};

use super::Projection;
use crate::settings;

/// Decoupled weight decay (Loshchilov and Hutter 2019): `p ← (1 − η λ) p − η d`, where η is the rate and d the direction of the
/// step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay(pub f64);

impl<T: Real> Projection<T> for Decay {
    fn name(&self) -> &'static str {
        "decay"
    }

    fn check(&self) -> Result<(), Error> {
        settings::not_negative_in::<T>("decay", self.0)
    }

    fn decay(&self) -> f64 {
        self.0
    }
}
