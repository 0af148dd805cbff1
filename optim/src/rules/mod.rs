//! Update rules: how an optimizer turns a gradient into the direction of a step.

mod adagrad;
mod adam;
mod lion;
mod muon;
mod rmsprop;
mod sgd;

use std::fmt::Debug;

use autodiff::{Error, Real, Shape};

pub use adagrad::{AdaGrad, AdaGradRule};
pub use adam::{Adam, AdamRule};
pub use lion::{Lion, LionRule};
pub use muon::{Muon, MuonRule, MuonScale};
pub use rmsprop::{RmsProp, RmsPropRule};
pub use sgd::{Sgd, SgdRule};

/// An update rule: turns the gradient into the direction of a step, of which the optimizer subtracts `rate · direction`.
///
/// A rule works entry by entry, on blocks of a parameter, several of them at once on several threads; one that needs a matrix as a
/// whole says so by [`Rule::is_whole`]. It has no state but its buffers, which the optimizer keeps. [`Optimizer::from_rule`](crate::Optimizer::from_rule) makes an optimizer of it.
/// [`autodiff::op::dispatch`] lets its loops use the processor's widest instructions.
///
/// A checkpoint stores the rule's `Debug` text and is resumed only by a rule with the same text, so `Debug` must show the
/// settings and nothing else.
///
/// # Examples
///
/// Momentum as an exponential moving average of the gradient:
///
/// ```
/// use autodiff::op::dispatch;
/// use autodiff::{Error, Params, Real};
/// use optim::{Optimizer, Rule};
///
/// #[derive(Clone, Debug)]
/// struct MeanGradient {
///     beta: f64,
/// }
///
/// impl<T: Real> Rule<T> for MeanGradient {
///     fn buffers(&self) -> &'static [&'static str] {
///         &["mean"]
///     }
///
///     fn update(
///         &self,
///         _step: u64,
///         gradient: &[T],
///         direction: &mut [T],
///         buffers: &mut [&mut [T]],
///     ) -> Result<(), Error> {
///         let take = T::from_f64(1.0 - self.beta);
///         dispatch(move || {
///             for ((d, &g), mean) in direction.iter_mut().zip(gradient).zip(buffers[0].iter_mut()) {
///                 *mean += take * (g - *mean);
///                 *d = *mean;
///             }
///         });
///         Ok(())
///     }
/// }
///
/// let mut params = Params::<f64>::new(0);
/// params.scope("w").parameter("value", [1], |_, _| {});
/// let mut grads = params.gradients();
/// grads.flat_mut().fill(4.0);
/// Optimizer::from_rule(1.0, MeanGradient { beta: 0.75 }).step(&mut params, &grads)?;
/// assert_eq!(params.flat(), [-1.0]);
/// # Ok::<(), Error>(())
/// ```
pub trait Rule<T: Real>: Clone + Debug + Send + Sync {
    /// The names of the buffers that the optimizer keeps from step to step, all zero at first.
    fn buffers(&self) -> &'static [&'static str];

    /// Checks the settings; every step calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether a gradient of zero gives a direction of zero and leaves the buffers as they are. Then a step visits only what
    /// [`Gradients::touched`](autodiff::Gradients::touched) names: of an embedding, the rows that were read. False by default, and
    /// for rules with momentum or moving averages, which go on where there is no gradient.
    fn rests_at_zero(&self) -> bool {
        false
    }

    /// Writes the direction of step number `step`, counted from 1, and updates the buffers. `direction`, whatever it holds, and
    /// `buffers`, one slice for each name in [`Rule::buffers`], are for the same entries as `gradient`.
    ///
    /// # Errors
    /// A direction of another length, or buffers of another number or length, which an optimizer never passes. Nothing is
    /// changed then.
    fn update(&self, step: u64, gradient: &[T], direction: &mut [T], buffers: &mut [&mut [T]]) -> Result<(), Error>;

    /// Whether parameters of this shape are updated as a whole, by [`Rule::update_whole`]; false by default.
    fn is_whole(&self, shape: &Shape) -> bool {
        let _ = shape;
        false
    }

    /// The number of values that [`Rule::update_whole`] works in for a parameter of this shape; 0 by default.
    fn scratch(&self, shape: &Shape) -> usize {
        let _ = shape;
        0
    }

    /// As [`Rule::update`], for all entries of a parameter of this shape, in row-major order, one parameter after the other.
    /// `scratch`, whatever it holds, has [`Rule::scratch`] values. By default, it is [`Rule::update`].
    ///
    /// # Errors
    /// As [`Rule::update`], and scratch memory of another length.
    fn update_whole(
        &self,
        step: u64,
        shape: &Shape,
        gradient: &[T],
        direction: &mut [T],
        buffers: &mut [&mut [T]],
        scratch: &mut [T],
    ) -> Result<(), Error> {
        let _ = (shape, scratch);
        self.update(step, gradient, direction, buffers)
    }
}

/// The `N` buffers of a rule. They and the direction must have the gradient's length.
fn expect_buffers<'b, 's, T, const N: usize>(
    gradient: &[T],
    direction: &[T],
    buffers: &'b mut [&'s mut [T]],
) -> Result<&'b mut [&'s mut [T]; N], Error> {
    let (count, len) = (buffers.len(), gradient.len());
    let refuse = |given: String| {
        let reason = format!("the rule keeps {N} buffers of {len} values each here, it was given {given}");
        Error::InvalidInput { what: "optimizer", reason }
    };
    if direction.len() != len {
        return Err(refuse(format!("a direction of {}", direction.len())));
    }
    if let Some(other) = buffers.iter().map(|buffer| buffer.len()).find(|&own| own != len) {
        return Err(refuse(format!("one of {other}")));
    }
    buffers.try_into().map_err(|_| refuse(format!("{count}")))
}

#[cfg(test)]
mod tests;
