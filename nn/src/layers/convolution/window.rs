//! What convolutions and pooling over one axis or two share: checks of windows, and the step to the two axes of the
//! operations.

use autodiff::{ParamId, Real, Recording, Scope, Var};

use crate::invalid::invalid_input;
use crate::settings::{Check, at_least_one, divides, require};

/// Reports channels that do not divide into `groups`.
pub(super) fn check_groups<T: Real>(scope: &mut Scope<'_, T>, channels_in: usize, channels_out: usize, groups: usize) {
    let checked = divides("input channels", channels_in, groups);
    if let Err(reason) = checked.and_then(|()| divides("output channels", channels_out, groups)) {
        scope.fail("weight", reason);
    }
}

/// Whether extents, strides and dilations are at least 1, and the dilated kernel is a number.
pub(super) fn check_window<const N: usize>(kernel: [usize; N], stride: [usize; N], dilation: [usize; N]) -> Check {
    at_least_one("kernel", &kernel)?;
    at_least_one("stride", &stride)?;
    at_least_one("dilation", &dilation)?;
    let counted = kernel.iter().zip(&dilation).all(|(kernel, dilation)| dilation.checked_mul(kernel - 1).is_some());
    let requirement = format_args!("such that a kernel of {kernel:?} can be counted");
    require("dilation", format_args!("{dilation:?}"), counted, requirement)
}

/// The extents after `[samples, channels]`, or after the first two of a weight; an error unless there are `N`.
pub(super) fn extents<T: Real, const N: usize>(what: &str, axes: &str, x: Var<'_, T>) -> Result<[usize; N], String> {
    let shape = x.shape().unwrap_or_default();
    let extents = shape.get(2..).and_then(|extents| extents.try_into().ok());
    extents.ok_or_else(|| format!("{what} must be {axes} with {N} {} after", if N == 1 { "axis" } else { "axes" }))
}

/// The name of an operation over `N` axes.
pub(super) fn name<const N: usize>(one: &'static str, two: &'static str) -> &'static str {
    if N == 1 { one } else { two }
}

/// One number for each of the two axes of the operations; with one axis, `outer` is the other's.
pub(super) fn two<const N: usize, V: Copy>(values: [V; N], outer: V) -> [V; 2] {
    match values[..] {
        [first, second] => [first, second],
        [only] => [outer, only],
        _ => [outer; 2],
    }
}

/// A bias on a recording.
#[track_caller]
#[allow(clippy::manual_map, reason = "a closure would hide the caller's line")]
pub(super) fn record<'t, T: Real>(bias: Option<ParamId>, recording: &'t Recording<'t, T>) -> Option<Var<'t, T>> {
    match bias {
        Some(bias) => Some(recording.param(bias)),
        None => None,
    }
}

/// With one axis, adds an axis of extent 1 before it: the operations work over two.
#[track_caller]
pub(super) fn with_two_axes<T: Real, const N: usize>(x: Var<'_, T>) -> Var<'_, T> {
    if N == 1 { x.unsqueeze(2) } else { x }
}

/// Undoes [`with_two_axes`] and adds a bias, `[channels]`, along axis 1. Errors name the operation.
#[track_caller]
pub(super) fn finish<'t, T: Real, const N: usize>(
    operation: &'static str,
    y: Var<'t, T>,
    bias: Option<Var<'t, T>>,
) -> Var<'t, T> {
    let y = if N == 1 { y.squeeze(2) } else { y };
    let Some(mut bias) = bias else { return y };
    if let (Ok(shape), Ok(found)) = (y.shape(), bias.shape())
        && found[..] != shape[1..2]
    {
        return invalid_input(operation, format!("the bias is {found}: must be [{}]", shape[1]), y);
    }
    for _ in 0..N {
        bias = bias.unsqueeze(1);
    }
    y + bias
}
