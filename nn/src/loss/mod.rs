//! Losses, recorded on the tape.
//!
//! A loss is a [`Loss`]: a value with its settings, that is asked for its mean, its sum or each sample's part
//! ([`Reduction`]). For each there is a function that gives the mean under the common settings:
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
//! assert_eq!(loss.of(logits, labels, Reduction::None).value()?.data()[1], 0.0);
//! let _mean = cross_entropy(logits, t.input(&[0.0, 1.0].into()));
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! The 0-1 loss, the share of wrong answers, is what one wants small, but no objective for gradients: it is constant
//! wherever it is differentiable, so its derivative is zero almost everywhere and missing at the jumps. It is a metric
//! ([`crate::metrics::zero_one`]); hinge and log loss (in units of ln 2) are convex upper bounds of it.

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

/// What is made of the samples' losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their mean. That of no sample at all is NaN.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Nothing: each loss for itself.
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

/// How far scores, what a model gives, lie from targets, what it ought to give.
///
/// Scores and targets that do not go together, and settings out of their range, are mistakes that the tape keeps.
pub trait Loss<T: Real> {
    /// The losses, each for itself.
    fn each<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T>;

    /// The losses, reduced.
    #[track_caller]
    fn of<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>, reduction: Reduction) -> Var<'t, T> {
        reduction.reduce(self.each(scores, targets))
    }
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        /// Notes the caller's line for errors, which Rust does not hand on through a trait object: see [`crate::Module`].
        impl<T: Real, L: Loss<T> + ?Sized> Loss<T> for $pointer {
            #[track_caller]
            fn each<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
                caller::note(scores, || (**self).each(scores, targets))
            }

            #[track_caller]
            fn of<'t>(&self, scores: Var<'t, T>, targets: Var<'t, T>, reduction: Reduction) -> Var<'t, T> {
                caller::note(scores, || (**self).of(scores, targets, reduction))
            }
        }
    )*};
}

pointer!(&L, Box<L>);
