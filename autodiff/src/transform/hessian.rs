//! Second derivatives of functions, by reverse mode over dual numbers.

use super::forward::{halves, seeded, unit};
use super::grad;
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::scalar::{Dual, Real};
use crate::tape::Var;

/// Hessian-vector product of a scalar function, by reverse mode over dual numbers. Costs a few gradients.
///
/// ```
/// use autodiff::{Dual, Real, Var, transform::hvp};
///
/// fn cube<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
///     (x * x * x).sum(..)
/// }
///
/// assert_eq!(hvp(cube, &[2.0, 5.0].into(), &[1.0, 0.0].into())?.data(), &[12.0, 0.0]);
/// // Over dual numbers: the third derivative, 6.
/// let x = [Dual::new(2.0, 1.0)].into();
/// assert_eq!(hvp(cube, &x, &[Dual::new(1.0, 0.0)].into())?.data()[0].tangent, 6.0);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`grad`], and a `v` whose shape differs from that of the input.
#[track_caller]
pub fn hvp<T: Real, F>(function: F, x: &Tensor<T>, v: &Tensor<T>) -> Result<Tensor<T>, Error>
where
    F: for<'t> Fn(Var<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let [gradient] = grad(|[x]| function(x), [&seeded(x, v)?])?;
    Ok(halves(&gradient)?.1)
}

/// The Hessian of a scalar function, of shape `[input shape.., input shape..]`. Costs one [`hvp`] per input element.
///
/// ```
/// use autodiff::transform::hessian;
///
/// let h = hessian(|x| x.index(0, 0).square() * x.index(0, 1), &[3.0, 5.0].into())?;
/// assert_eq!(h, [[10.0, 6.0], [6.0, 0.0]].into());
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`grad`].
#[track_caller]
pub fn hessian<T: Real, F>(function: F, x: &Tensor<T>) -> Result<Tensor<T>, Error>
where
    F: for<'t> Fn(Var<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let shape: Shape = x.shape().iter().chain(x.shape().iter()).copied().collect();
    let mut entries = memory::room_for(&shape)?;
    for index in 0..x.data().len() {
        entries.extend_from_slice(hvp(&function, x, &unit(x, index)?)?.data());
    }
    Tensor::new(shape, entries)
}
