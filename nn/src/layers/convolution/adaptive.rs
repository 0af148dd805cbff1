//! Pooling to a given extent.

use autodiff::{Real, Var, keepdim};

use smallvec::SmallVec;

use super::pool::Pooling;
use super::window::extents;
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{Check, at_least_one};

/// Pooling over all axes after the channels.
///
/// # Shapes
/// Input `[samples, channels, ..]`, output `[samples, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct GlobalPool(pub Pooling);

impl<T: Real> Module<T> for GlobalPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if x.shape().is_ok_and(|shape| shape.rank() < 2) {
            return invalid_input("global_pool", "the input must be [samples, channels, ..]", x);
        }
        let axes: SmallVec<[usize; 4]> = (2..x.shape().map_or(2, |shape| shape.rank())).collect();
        match self.0 {
            Pooling::Max => x.max(&axes[..]),
            Pooling::Average => x.mean(&axes[..]),
        }
    }
}

/// The largest output size of an [`AdaptivePool`]: every window is a recorded operation of its own.
const LARGEST: usize = 1 << 16;

/// Pooling to a given output size over `N` axes, whatever the extents of the input. Window `i` of `n` covers
/// `⌊i·extent/n⌋` up to `⌈(i + 1)·extent/n⌉`, as in PyTorch; windows overlap if the extent is not a multiple of `n`.
///
/// # Shapes
/// Input `[samples, channels, ..]` with `N` further axes, output `[samples, channels, output_size..]`.
///
/// # Errors
/// Recorded on the tape: another number of axes; an output size of 0, or above 65,536.
#[derive(Clone, Copy, Debug)]
pub struct AdaptivePool<const N: usize> {
    /// What a window is reduced to.
    pub pooling: Pooling,
    /// The extents of the output.
    pub output_size: [usize; N],
}

impl<const N: usize> AdaptivePool<N> {
    fn check<T: Real>(&self, x: Var<'_, T>) -> Check {
        extents::<T, N>("the input", "[samples, channels, ..]", x)?;
        at_least_one("output_size", &self.output_size)?;
        match self.output_size.iter().find(|&&size| size > LARGEST) {
            Some(size) => Err(format!("output_size is {size}: must be at most {LARGEST}")),
            None => Ok(()),
        }
    }
}

/// `⌊i·extent/n⌋`, for extents whose product with `i` overflows too.
fn start(extent: usize, i: usize, n: usize) -> usize {
    extent / n * i + extent % n * i / n
}

impl<T: Real, const N: usize> Module<T> for AdaptivePool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if let Err(reason) = self.check(x) {
            return invalid_input("adaptive_pool", reason, x);
        }
        // A window is a product of ranges, so the axes can be pooled one after the other.
        let mut y = x;
        for (axis, size) in self.output_size.into_iter().enumerate() {
            let (axis, extent) = (2 + axis, shape[2 + axis]);
            let mut windows = Vec::new();
            for i in 0..size {
                let window = y.narrow(axis, start(extent, i, size)..extent - start(extent, size - i - 1, size));
                windows.push(match self.pooling {
                    Pooling::Max => window.max(keepdim(axis)),
                    Pooling::Average => window.mean(keepdim(axis)),
                });
            }
            y = y.recording().concatenate(windows, axis);
        }
        y
    }
}
