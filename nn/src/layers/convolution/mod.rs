//! Convolution, its transpose, and pooling, over one axis or several behind `[samples, channels, ..]`.

mod conv;
mod padding;
mod pool;
mod transposed;

use autodiff::{Real, Scope};

pub use conv::{Conv, Conv1d, Conv2d, ConvSettings};
pub use padding::Padding;
pub use pool::{AdaptivePool, GlobalPool, Pool, Pooling};
pub use transposed::{ConvTranspose, ConvTranspose1d, ConvTranspose2d, TransposedSettings};

use crate::settings::{Check, at_least_one, divides, require};

/// Reports channels that do not divide into `groups`.
fn check_groups<T: Real>(scope: &mut Scope<'_, T>, channels_in: usize, channels_out: usize, groups: usize) {
    let checked = divides("input channels", channels_in, groups);
    if let Err(reason) = checked.and_then(|()| divides("output channels", channels_out, groups)) {
        scope.fail("weight", reason);
    }
}

/// Whether windows can be laid; windows may reach this far past their first place.
fn check_windows<const N: usize>(kernel: [usize; N], stride: [usize; N], dilation: [usize; N]) -> Check {
    at_least_one("kernel", &kernel)?;
    at_least_one("stride", &stride)?;
    at_least_one("dilation", &dilation)?;
    let fits = kernel.iter().zip(&dilation).all(|(kernel, dilation)| dilation.checked_mul(kernel - 1).is_some());
    let requirement = format_args!("such that a kernel of {kernel:?} can be counted");
    require("dilation", format_args!("{dilation:?}"), fits, requirement)
}

/// What errors of a layer over `N` axes name.
fn name<const N: usize>(of_one: &'static str, of_two: &'static str) -> &'static str {
    if N == 1 { of_one } else { of_two }
}

/// One number for each of the two axes that the operations work on; with one axis, `outer` stands for the other.
fn two<const N: usize, V: Copy>(values: [V; N], outer: V) -> [V; 2] {
    match values[..] {
        [first, second] => [first, second],
        [only] => [outer, only],
        _ => [outer; 2],
    }
}

#[cfg(test)]
mod tests;
