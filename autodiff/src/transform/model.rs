//! Second derivatives of a model's loss with respect to its parameters.

use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Mode, Recording, Tape, Var};

/// The gradient of a model's loss, and the loss's Hessian times `direction`; both flat, in the order of [`Params::flat`].
///
/// ```
/// use autodiff::{Params, transform::model_hvp};
///
/// let mut params = Params::<f64>::new(0);
/// let w = params.scope("w").parameter("value", [2], |values, _| values.copy_from_slice(&[1.0, 2.0]));
/// let (gradient, product) = model_hvp(&params, &[1.0, 0.0], |t| {
///     let w = t.param(w);
///     (w * w * w).sum(..)
/// })?;
/// assert_eq!((gradient, product), (vec![3.0, 12.0], vec![6.0, 0.0]));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the model on the tape; a direction whose length differs from the number of parameters.
#[track_caller]
pub fn model_hvp<T: Real, F>(params: &Params<T>, direction: &[T], loss: F) -> Result<(Vec<T>, Vec<T>), Error>
where
    F: for<'t> Fn(&'t Recording<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    if direction.len() != params.flat().len() {
        let reason = format!("{} numbers for {} parameters", direction.len(), params.flat().len());
        return Err(Error::InvalidInput { what: "direction", reason });
    }
    let mut duals: Params<Dual<T>> = params.try_cast()?;
    let pairs = params.flat().iter().zip(direction);
    duals.flat_mut().iter_mut().zip(pairs).for_each(|(dual, (&x, &v))| *dual = Dual::new(x, v));
    let mut grads = duals.try_gradients()?;
    let mut tape = Tape::new();
    let t = tape.start(&duals, Mode::Train);
    loss(&t).backward(&mut grads)?;
    Ok(grads.flat().iter().map(|g| (g.value, g.tangent)).unzip())
}

/// The Hessian of a model's loss with respect to all `n` parameters: an `[n, n]` matrix in the order of [`Params::flat`].
/// Costs one [`model_hvp`] per parameter, so it is for small models.
///
/// # Errors
/// As [`model_hvp`].
#[track_caller]
pub fn model_hessian<T: Real, F>(params: &Params<T>, loss: F) -> Result<Tensor<T>, Error>
where
    F: for<'t> Fn(&'t Recording<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let count = params.flat().len();
    let shape = Shape::new(&[count, count]);
    let mut entries = memory::room_for(&shape)?;
    for index in 0..count {
        let direction: Vec<T> = (0..count).map(|k| if k == index { T::ONE } else { T::ZERO }).collect();
        entries.extend(model_hvp(params, &direction, &loss)?.1);
    }
    Tensor::new(shape, entries)
}
