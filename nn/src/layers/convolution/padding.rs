//! What stands around a value before windows are laid over it.

use autodiff::{Real, Var};

use crate::invalid::invalid_input;

/// What a convolution adds around its input, along each of its `N` axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const N: usize> {
    /// So many zeros before and after.
    Zeros([usize; N]),
    /// Zeros, as many as make the output's extent that of the input divided by the stride, rounded up; where their number
    /// is odd, the last stands behind (as in PyTorch and TensorFlow).
    Same,
    /// This number of places from the opposite end, before and after, at most the axis' extent: the axis is a circle.
    Circular([usize; N]),
}

impl<const N: usize> Padding<N> {
    /// Zeros before and after along an axis of this extent, for windows that reach so far.
    pub(super) fn zeros(self, axis: usize, extent: usize, stride: usize, reach: usize) -> [usize; 2] {
        match self {
            Padding::Zeros(zeros) => [zeros[axis]; 2],
            Padding::Circular(_) => [0; 2],
            Padding::Same => {
                // Saturated, they are more than fits, which the operation says.
                let last = extent.div_ceil(stride.max(1)).saturating_sub(1).saturating_mul(stride);
                let total = last.saturating_add(reach).saturating_add(1).saturating_sub(extent);
                [total / 2, total - total / 2]
            }
        }
    }

    /// `x` with the places from the opposite ends around it.
    #[track_caller]
    pub(super) fn wrap<'t, T: Real>(self, x: Var<'t, T>) -> Var<'t, T> {
        let Padding::Circular(places) = self else { return x };
        let mut y = x;
        for (axis, places) in places.into_iter().enumerate() {
            let Ok(shape) = y.shape() else { return y };
            let extent = shape.get(2 + axis).copied().unwrap_or(0);
            if places > extent {
                let reason =
                    format!("circular padding by 0..{places} of an axis of extent {extent}: must be within it");
                return invalid_input("pad", reason, y);
            }
            let ends = [y.narrow(2 + axis, extent - places..extent), y, y.narrow(2 + axis, 0..places)];
            y = y.recording().concatenate(ends, 2 + axis);
        }
        y
    }
}
