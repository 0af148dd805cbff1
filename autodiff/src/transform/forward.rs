//! Forward mode in dual numbers, and Jacobians, which take the cheaper of the two modes.

use super::vjp;
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Mode, Tape, Var};

/// `x + v ε`.
///
/// # Errors
/// If the shapes differ, or the result does not fit into memory.
pub(super) fn seeded<T: Real>(x: &Tensor<T>, v: &Tensor<T>) -> Result<Tensor<Dual<T>>, Error> {
    if x.shape() != v.shape() {
        let reason = format!("the direction has shape {}, the input {}", v.shape(), x.shape());
        return Err(Error::InvalidInput { what: "directional derivative", reason });
    }
    Tensor::try_from_fn(x.shape(), |k| Dual::new(x.data()[k], v.data()[k]))
}

/// The values and the tangents.
pub(super) fn halves<T: Real>(tensor: &Tensor<Dual<T>>) -> Result<(Tensor<T>, Tensor<T>), Error> {
    let half = |select: fn(Dual<T>) -> T| Tensor::try_from_fn(tensor.shape(), |k| select(tensor.data()[k]));
    Ok((half(|x| x.value)?, half(|x| x.tangent)?))
}

/// Jacobian-vector product: the value of a function and its directional derivative `J v`, by forward mode.
///
/// ```
/// use autodiff::transform::jvp;
///
/// let (value, slope) = jvp(|x| x.sin(), &0.0.into(), &2.0.into())?;
/// assert_eq!((value.data(), slope.data()), (&[0.0][..], &[2.0][..]));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the function on the tape; a direction whose shape differs from that of the input.
#[track_caller]
pub fn jvp<T: Real, F>(function: F, x: &Tensor<T>, v: &Tensor<T>) -> Result<(Tensor<T>, Tensor<T>), Error>
where
    F: for<'t> Fn(Var<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    halves(&function(t.input(&seeded(x, v)?)).value()?)
}

/// The Jacobian, of shape `[value shape.., input shape..]`. Computed by columns in forward mode if the input is not larger
/// than the value, otherwise by rows in reverse mode.
///
/// ```
/// use autodiff::transform::jacobian;
///
/// let j = jacobian(|x| x.index(0, 0) * x, &[3.0, 5.0].into())?;
/// assert_eq!(j, [[6.0, 0.0], [5.0, 3.0]].into());
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the function on the tape.
#[track_caller]
pub fn jacobian<T: Real, F>(function: F, x: &Tensor<T>) -> Result<Tensor<T>, Error>
where
    F: for<'t> Fn(Var<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let (value, _) = jvp(&function, x, &Tensor::try_from_fn(x.shape(), |_| T::ZERO)?)?;
    let (rows, columns) = (value.data().len(), x.data().len());
    let shape: Shape = value.shape().iter().chain(x.shape().iter()).copied().collect();
    let mut entries = Tensor::try_from_fn(&shape, |_| T::ZERO)?.into_vec();
    if columns <= rows {
        for column in 0..columns {
            let (_, tangent) = jvp(&function, x, &unit(x, column)?)?;
            tangent.data().iter().enumerate().for_each(|(row, &t)| entries[row * columns + column] = t);
        }
    } else {
        for (row, entries) in entries.chunks_mut(columns).enumerate() {
            let (_, [gradient]) = vjp(|[x]| function(x), [&lifted(x)?], &lifted(&unit(&value, row)?)?)?;
            entries.copy_from_slice(halves(&gradient)?.0.data());
        }
    }
    Tensor::new(shape, entries)
}

/// One at row-major index `index`, zero elsewhere, in the shape of `like`.
pub(super) fn unit<T: Real>(like: &Tensor<T>, index: usize) -> Result<Tensor<T>, Error> {
    Tensor::try_from_fn(like.shape(), |k| if k == index { T::ONE } else { T::ZERO })
}

/// Dual numbers with zero tangents.
pub(super) fn lifted<T: Real>(x: &Tensor<T>) -> Result<Tensor<Dual<T>>, Error> {
    Tensor::try_from_fn(x.shape(), |k| Dual::new(x.data()[k], T::ZERO))
}
