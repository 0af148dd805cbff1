//! What surrounds the input of a convolution.

use autodiff::{Real, Var};

use crate::invalid::invalid_input;

/// The padding of a convolution, along each of its `N` axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const N: usize> {
    /// This number of zeros on each side.
    Zeros([usize; N]),
    /// As many zeros as make the output's extent that of the input divided by the stride, rounded up. If their number is
    /// odd, one more is after the input than before it (as in PyTorch and TensorFlow).
    Same,
    /// This number of elements from the opposite end on each side, at most the axis's extent: the axis is a circle.
    Circular([usize; N]),
}

impl<const N: usize> Padding<N> {
    /// Zeros before and after along an axis of this extent, for a dilated kernel of extent `reach + 1`.
    pub(super) fn zeros(self, axis: usize, extent: usize, stride: usize, reach: usize) -> [usize; 2] {
        match self {
            Padding::Zeros(zeros) => [zeros[axis]; 2],
            Padding::Circular(_) => [0; 2],
            Padding::Same => {
                // Where this saturates, the padded extent overflows, which the operation reports.
                let last = extent.div_ceil(stride.max(1)).saturating_sub(1).saturating_mul(stride);
                let total = last.saturating_add(reach).saturating_add(1).saturating_sub(extent);
                [total / 2, total - total / 2]
            }
        }
    }

    /// `x` between the elements of circular padding.
    #[track_caller]
    pub(super) fn wrap<'t, T: Real>(self, x: Var<'t, T>) -> Var<'t, T> {
        let Padding::Circular(counts) = self else { return x };
        let mut y = x;
        for (axis, count) in counts.into_iter().enumerate() {
            let Ok(shape) = y.shape() else { return y };
            let extent = shape.get(2 + axis).copied().unwrap_or(0);
            if count > extent {
                let reason = format!("circular padding by 0..{count} of an axis of extent {extent}: must be within it");
                return invalid_input("pad", reason, y);
            }
            let ends = [y.narrow(2 + axis, extent - count..extent), y, y.narrow(2 + axis, 0..count)];
            y = y.recording().concatenate(ends, 2 + axis);
        }
        y
    }
}
