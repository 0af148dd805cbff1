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

/// How a step is made of a gradient, entry by entry: a parameter comes in blocks. The optimizer multiplies the direction by the rate and subtracts it.
///
/// A checkpoint keeps the rule's `Debug` text and is resumed only by a rule of the same text, so it must show the settings
/// and nothing else.
pub trait Rule<T: Real>: Clone + Debug {
    /// Names of the buffers that are kept from step to step, all zero at first.
    fn buffers(&self) -> &'static [&'static str];

    /// Refuses settings out of range.
    fn check(&self) -> Result<(), Error>;

    /// Turns `gradient` into the direction of step number `step`, counted from 1. The buffers are those of
    /// [`Rule::buffers`], for the same entries.
    ///
    /// # Errors
    /// Buffers of another number or length, which an optimizer never gives. Nothing is changed then.
    fn direct(&self, step: u64, gradient: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error>;
}

/// The buffers of a rule, `N` of them, of the gradient's length.
fn expect_buffers<'b, 's, T, const N: usize>(
    buffers: &'b mut [&'s mut [T]],
    gradient: &[T],
) -> Result<&'b mut [&'s mut [T]; N], Error> {
    let (count, len) = (buffers.len(), gradient.len());
    let refuse = |given: String| {
        let reason = format!("the rule keeps {N} buffers of {len} values each here, it was given {given}");
        Error::InvalidInput { what: "optimizer", reason }
    };
    if let Some(other) = buffers.iter().map(|buffer| buffer.len()).find(|&own| own != len) {
        return Err(refuse(format!("one of {other}")));
    }
    buffers.try_into().map_err(|_| refuse(format!("{count}")))
}

#[cfg(test)]
mod tests;
