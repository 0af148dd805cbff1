//! Derivatives of functions and models, to any order: gradients, directional derivatives, Jacobians, Hessians.
//!
//! Functions are closures on [`Var`]s. What needs forward mode takes closures on duals; a closure that only uses methods
//! of `Var` is written the same way for both. Higher orders come by nesting: with `T = Dual<f64>`, [`hvp`] differentiates
//! once more.

use std::panic::Location;

use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Mode, Recording, Tape, Var};

/// The gradient of a scalar function of `N` values, by reverse mode.
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
/// What goes wrong on the tape; a function whose value is no scalar.
#[track_caller]
pub fn grad<T: Real, F, const N: usize>(function: F, inputs: [&Tensor<T>; N]) -> Result<[Tensor<T>; N], Error>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    Ok(value_and_grad(function, inputs)?.1)
}

/// The value and the gradient of a scalar function of `N` values.
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

/// The value of a function, and `Jᵀu` for each of its inputs.
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
/// What goes wrong on the tape; a cotangent of another shape than the value.
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

/// Value and gradients; a value that the result does not depend on has gradient zero.
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

/// `x + v ε`.
///
/// # Errors
/// Shapes that differ; what does not fit into memory.
fn seeded<T: Real>(x: &Tensor<T>, v: &Tensor<T>) -> Result<Tensor<Dual<T>>, Error> {
    if x.shape() != v.shape() {
        let reason = format!("the direction has shape {}, the input {}", v.shape(), x.shape());
        return Err(Error::InvalidInput { what: "directional derivative", reason });
    }
    Tensor::try_from_fn(x.shape(), |k| Dual::new(x.data()[k], v.data()[k]))
}

fn halves<T: Real>(tensor: &Tensor<Dual<T>>) -> Result<(Tensor<T>, Tensor<T>), Error> {
    let part = |of: fn(Dual<T>) -> T| Tensor::try_from_fn(tensor.shape(), |k| of(tensor.data()[k]));
    Ok((part(|x| x.value)?, part(|x| x.tangent)?))
}

/// The value of a function and its derivative `J v` along `v`, by forward mode.
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
/// What goes wrong on the tape; a direction of another shape than the input.
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

/// The Jacobian: extents of the value, then those of the input. Column by column in forward mode where the input is the
/// smaller, else row by row in reverse mode.
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
/// What goes wrong on the tape.
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

fn unit<T: Real>(like: &Tensor<T>, index: usize) -> Result<Tensor<T>, Error> {
    Tensor::try_from_fn(like.shape(), |k| if k == index { T::ONE } else { T::ZERO })
}

/// As a dual whose derivatives are zero.
fn lifted<T: Real>(x: &Tensor<T>) -> Result<Tensor<Dual<T>>, Error> {
    Tensor::try_from_fn(x.shape(), |k| Dual::new(x.data()[k], T::ZERO))
}

/// The Hessian of a scalar function times `v`, by reverse mode over duals: the cost of a few gradients.
///
/// ```
/// use autodiff::{Dual, Real, Var, transform::hvp};
///
/// fn cube<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
///     (x * x * x).sum(..)
/// }
///
/// assert_eq!(hvp(cube, &[2.0, 5.0].into(), &[1.0, 0.0].into())?.data(), &[12.0, 0.0]);
/// // Once more: the third derivative, 6, along a dual direction.
/// let x = [Dual::new(2.0, 1.0)].into();
/// assert_eq!(hvp(cube, &x, &[Dual::new(1.0, 0.0)].into())?.data()[0].tangent, 6.0);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`grad`] and [`jvp`].
#[track_caller]
pub fn hvp<T: Real, F>(function: F, x: &Tensor<T>, v: &Tensor<T>) -> Result<Tensor<T>, Error>
where
    F: for<'t> Fn(Var<'t, Dual<T>>) -> Var<'t, Dual<T>>,
{
    let [gradient] = grad(|[x]| function(x), [&seeded(x, v)?])?;
    Ok(halves(&gradient)?.1)
}

/// The Hessian of a scalar function: the extents of the input twice.
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

/// The gradient of a model's loss and its Hessian times `direction`, both flat, in the order of [`Params::flat`].
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
/// What goes wrong on the tape; a direction of another length than the parameters.
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

/// The Hessian of a model's loss with respect to all parameters, a square matrix in the order of [`Params::flat`]. Its
/// cost is a few gradients for each parameter: for small models.
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
