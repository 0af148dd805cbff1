//! Losses, recorded on the tape.
//!
//! A [`Loss`] holds its settings; the losses of the samples are reduced to a mean or a sum, or not reduced ([`Reduction`]).
//! Each has a function for the mean with default settings:
//!
//! ```
//! use autodiff::{Mode, Params, Tape, Tensor};
//! use nn::loss::{CrossEntropy, Loss, Reduction, cross_entropy};
//!
//! let params = Params::<f32>::default();
//! let mut tape = Tape::new();
//! let t = tape.start(&params, Mode::Train);
//! let logits = t.variable(&[[2.0, -1.0, 0.0], [0.0, 1.0, 0.5]].into());
//! let labels = t.input(&[0.0, 255.0].into());
//! let loss = CrossEntropy::new().label_smoothing(0.1).ignore_index(255);
//! assert_eq!(loss.reduced(logits, labels, Reduction::None).value()?.data()[1], 0.0);
//! let _mean = cross_entropy(logits, t.input(&[0.0, 1.0].into()));
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! The 0-1 loss, the share of wrong predictions, cannot be minimized by gradients: it is piecewise constant. It is a metric
//! ([`crate::metrics::zero_one`]); the hinge loss and the log loss (in units of ln 2) are convex upper bounds of it.

mod cross_entropy;
mod hinge;
mod log;
mod regression;
mod targets;
#[cfg(test)]
mod testing;

use autodiff::{Real, Var};

use crate::caller;

pub use cross_entropy::{CrossEntropy, cross_entropy, negative_log_likelihood};
pub use hinge::{
    Hinge, MulticlassHinge, OneVsRestHinge, SquaredHinge, hinge, multiclass_hinge, one_vs_rest_hinge, squared_hinge,
};
pub use log::{BinaryLog, KlDivergence, binary_log, kl_divergence};
pub use regression::{Absolute, Huber, Squared, absolute, huber, squared};

/// The reduction of the losses of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their mean; NaN without samples.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// No reduction.
    None,
}

impl Reduction {
    #[track_caller]
    fn reduce<T: Real>(self, losses: Var<'_, T>) -> Var<'_, T> {
        match self {
            Reduction::Mean => losses.mean(..),
            Reduction::Sum => losses.sum(..),
            Reduction::None => losses,
        }
    }
}

/// A loss: a function of scores, the output of a model, and targets.
///
/// Scores and targets whose shapes do not match, targets out of range, and settings out of range are errors on the tape.
pub trait Loss<T: Real> {
    /// The losses before a reduction. Their shape is in the documentation of each loss.
    fn unreduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T>;

    /// The reduced loss: a scalar, or with [`Reduction::None`] the losses.
    #[track_caller]
    fn reduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>, reduction: Reduction) -> Var<'t, T> {
        reduction.reduce(self.unreduced(scores, targets))
    }
}

/// A closure of scores (or features) and targets that can be bound by `let`, such as the loss of a trainer or of gradient
/// boosting.
///
/// The closure is returned as it is. Without this, Rust infers one lifetime for its arguments, and a function that calls it
/// with values of any tape does not accept it.
///
/// ```
/// use autodiff::{Mode, Params, Real, Tape, Var};
/// use nn::loss::{cross_entropy, loss_fn};
/// use nn::{Linear, Module};
///
/// /// The loss on a tape of its own.
/// fn evaluate<T: Real>(params: &Params<T>, loss: impl for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>) -> f64 {
///     let mut tape = Tape::new();
///     let t = tape.start(params, Mode::Eval);
///     let value = loss(t.input(&[[T::ONE, T::ZERO]].into()), t.input(&[T::ONE].into()));
///     value.item().map_or(f64::NAN, |value| value.to_f64())
/// }
///
/// let mut params = Params::<f32>::new(0);
/// let model = Linear::new(params.scope("fc"), 2, 3);
/// let loss = loss_fn(|x, labels| cross_entropy(model.forward(x), labels));
/// assert!(evaluate(&params, loss).is_finite());
/// ```
pub fn loss_fn<T: Real, F>(loss: F) -> F
where
    F: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    loss
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        /// Records the caller's line for errors, which `#[track_caller]` does not pass through a trait object: see
        /// [`crate::Module`].
        impl<T: Real, L: Loss<T> + ?Sized> Loss<T> for $pointer {
            #[track_caller]
            fn unreduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
                caller::note(scores, || (**self).unreduced(scores, targets))
            }

            #[track_caller]
            fn reduced<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>, reduction: Reduction) -> Var<'t, T> {
                caller::note(scores, || (**self).reduced(scores, targets, reduction))
            }
        }
    )*};
}

pointer!(&L, Box<L>);
