//! Post-step projections: what an optimizer does to the parameters themselves, beside the step of its rule.

mod decay;
mod max_norm;
mod proximal;

use std::fmt::Debug;

use autodiff::{Error, Real, Shape};

pub use decay::Decay;
pub use max_norm::MaxNorm;
pub use proximal::Proximal;

/// A post-step projection: changes the parameters after the optimizer's [`Rule`](crate::Rule) has stepped them.
///
/// [`Optimizer::project`](crate::Optimizer::project) adds one to an optimizer. A projection implements one of three methods,
/// which run at different points of a step. For each parameter that its filter selects and that is not frozen:
///
/// 1. the parameter is multiplied by `1 − rate · decay`, with the sum of all [`Projection::decay`], and the step subtracted;
/// 2. [`Projection::project_entries`] runs on blocks of entries, right after the block was stepped;
/// 3. [`Projection::project_parameter`] runs on the whole parameter, once all of its entries were stepped.
///
/// Within 2 and within 3, projections run in the order in which they were added.
///
/// A projection has no state. A checkpoint stores its `Debug` text and is resumed only by an optimizer with the same text, so
/// `Debug` must show the settings and nothing else.
///
/// # Examples
///
/// Weights that stay nonnegative, by projected gradient descent:
///
/// ```
/// use autodiff::{Params, Real};
/// use optim::{Projection, Sgd};
///
/// #[derive(Debug)]
/// struct NonNegative;
///
/// impl<T: Real> Projection<T> for NonNegative {
///     fn name(&self) -> &'static str {
///         "non_negative"
///     }
///
///     fn project_entries(&self, _rate: f64, values: &mut [T]) {
///         values.iter_mut().for_each(|w| *w = w.maximum(T::ZERO));
///     }
/// }
///
/// let mut params = Params::<f64>::new(0);
/// params.scope("fc").parameter("weight", [2], |values, _| values.fill(1.0));
/// let mut grads = params.gradients();
/// grads.flat_mut().copy_from_slice(&[1.0, 3.0]);
/// Sgd::new(0.5).project(NonNegative, "*.weight").step(&mut params, &grads)?;
/// assert_eq!(params.flat(), [0.5, 0.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
pub trait Projection<T: Real>: Debug + Send + Sync {
    /// The name of the projection in error messages.
    fn name(&self) -> &'static str;

    /// Checks the settings; every step calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Checks that the projection is defined for parameters of this shape. It is not applied to others; a filter that selects only
    /// others is an error of the step.
    ///
    /// # Errors
    /// What the projection is for, which follows its name in the message: "bounds parameters of two or more axes".
    fn check_shape(&self, shape: &Shape) -> Result<(), &'static str> {
        let _ = shape;
        Ok(())
    }

    /// The coefficient λ of decoupled weight decay, finite and not negative; 0 for none. It is fused with the step and costs nothing
    /// extra.
    fn decay(&self) -> f64 {
        0.0
    }

    /// Projects entries one by one, after a step of size `rate`: a block of them at a time, which is still in the cache. Under
    /// [strict dropout](crate::Optimizer::strict_dropout), only entries that were stepped.
    fn project_entries(&self, rate: f64, values: &mut [T]) {
        let _ = (rate, values);
    }

    /// Projects a whole parameter, in row-major order, after a step of size `rate`.
    fn project_parameter(&self, rate: f64, shape: &Shape, values: &mut [T]) {
        let _ = (rate, shape, values);
    }
}
