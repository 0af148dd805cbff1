//! Rules: what direction an optimizer makes of a gradient.

mod adagrad;
mod adam;
mod rmsprop;
mod sgd;

use std::fmt::Debug;

use autodiff::{Error, Real};

pub use adagrad::{AdaGrad, AdaGradRule};
pub use adam::{Adam, AdamRule};
pub use rmsprop::{RmsProp, RmsPropRule};
pub use sgd::{Momentum, Sgd};

/// How a step is made of a gradient, entry by entry. The optimizer multiplies the direction by the rate and subtracts it.
pub trait Rule<T: Real>: Clone + Debug {
    /// Names of the buffers that are kept from step to step, all zero at first.
    fn buffers(&self) -> &'static [&'static str];

    /// Refuses settings out of range.
    fn check(&self) -> Result<(), Error>;

    /// Turns `gradient` into the direction of step number `step`, counted from 1. The buffers are those of
    /// [`Rule::buffers`], for the same entries.
    fn direct(&self, step: u64, gradient: &mut [T], buffers: &mut [&mut [T]]);
}
