//! Reverse mode: gradients and vector-Jacobian products.

use std::panic::Location;

use crate::array::Tensor;
use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Mode, Tape, Var};

/// The gradients of a scalar function with respect to its `N` inputs, by reverse mode.
///
/// ```
/// use autodiff::transform::grad;
///
/// let [dx, dy] = grad(|[x, y]| (x * x * y).sum(..), [&[3.0, 1.0].into(), &[2.0, 5.0].into()])?;
/// assert_eq!((dx.data(), dy.data()), (&[12.0, 10.0][..], &[9.0, 1.0][..]));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the function on the tape; a value that is not a scalar.
#[track_caller]
pub fn grad<T: Real, F, const N: usize>(function: F, inputs: [&Tensor<T>; N]) -> Result<[Tensor<T>; N], Error>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    Ok(value_and_grad(function, inputs)?.1)
}

/// The value and the gradients of a scalar function of `N` inputs.
///
/// ```
/// use autodiff::transform::value_and_grad;
///
/// let (value, [slope]) = value_and_grad(|[x]| x.exp(), [&0.0.into()])?;
/// assert_eq!((value, slope.data()), (1.0, &[1.0][..]));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<T: Real, F, const N: usize>(
    function: F,
    inputs: [&Tensor<T>; N],
) -> Result<(T, [Tensor<T>; N]), Error>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    let (value, gradients) = pull(function, inputs, None)?;
    Ok((value.data().first().copied().unwrap_or(T::ZERO), gradients))
}

/// Vector-Jacobian product: the value of a function, and `Jᵀu` for each of its inputs, where `u` is the cotangent.
///
/// ```
/// use autodiff::transform::vjp;
///
/// let (_, [pulled]) = vjp(|[x]| x.square(), [&[1.0, 2.0].into()], &[10.0, 1.0].into())?;
/// assert_eq!(pulled.data(), &[20.0, 4.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the function on the tape; a cotangent whose shape differs from that of the value.
#[track_caller]
pub fn vjp<T: Real, F, const N: usize>(
    function: F,
    inputs: [&Tensor<T>; N],
    cotangent: &Tensor<T>,
) -> Result<(Tensor<T>, [Tensor<T>; N]), Error>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    pull(function, inputs, Some(cotangent))
}

/// Value and gradients; the gradient is zero for an input that the value does not depend on.
#[track_caller]
fn pull<T: Real, F, const N: usize>(
    function: F,
    inputs: [&Tensor<T>; N],
    cotangent: Option<&Tensor<T>>,
) -> Result<(Tensor<T>, [Tensor<T>; N]), Error>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let caller = Location::caller();
    let leaves = inputs.map(|input| t.variable_at(input, caller));
    let output = function(leaves);
    let mut grads = params.try_gradients()?;
    match cotangent {
        Some(cotangent) => output.backward_with(cotangent, &mut grads)?,
        None => output.backward(&mut grads)?,
    }
    let mut failed = None;
    let gradients = std::array::from_fn(|k| {
        let gradient = match grads.of(leaves[k]) {
            Err(Error::NoGradient { .. }) => Tensor::try_from_fn(inputs[k].shape(), |_| T::ZERO),
            found => found,
        };
        gradient.unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Tensor::scalar(T::ZERO)
        })
    });
    let value = output.value()?;
    failed.map_or(Ok((value, gradients)), Err)
}
