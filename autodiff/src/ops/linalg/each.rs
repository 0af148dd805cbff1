//! A rule for each matrix of a batch.

use super::batch::matrices;
use super::dense::{refuse_matrix, widen};
use crate::array::{View, ViewMut};
use crate::kernel::with_scratch;
use crate::op::Frame;
use crate::scalar::Real;

/// One of the matrices of a batch, and where its result goes.
pub(super) struct Matrix<'m, T: Real> {
    pub(super) extents: [usize; 2],
    /// Its elements, as they are accumulated.
    pub(super) elements: &'m mut [T::Accumulator],
    pub(super) output: &'m mut [T],
    pub(super) saved: &'m mut [T],
    /// Numbers to work in, whatever they are.
    pub(super) scratch: &'m mut [T::Accumulator],
}

/// Calls `work` for each matrix of a batch, with as many numbers to work in as `scratch` says for its extents. A matrix for which it
/// gives a reason is refused, and those after it are not visited.
pub(super) fn for_each_matrix<T: Real>(
    batch: View<'_, T>,
    (output, saved): (&mut [T], &mut [T]),
    scratch: impl FnOnce([usize; 2]) -> usize,
    mut work: impl FnMut(Matrix<'_, T>) -> Result<(), String>,
) {
    let Ok((axes, extents @ [rows, columns])) = matrices(batch.shape()) else { return };
    if output.is_empty() {
        return;
    }
    let (count, size) = (axes.size(), rows * columns);
    let (of_output, of_saved) = (output.len() / count, saved.len() / count);
    with_scratch(count * size + scratch(extents), |wide: &mut [T::Accumulator]| {
        let (elements, scratch) = wide.split_at_mut(count * size);
        widen(batch, elements);
        for index in 0..count {
            let matrix = Matrix {
                extents,
                elements: &mut elements[index * size..][..size],
                output: &mut output[index * of_output..][..of_output],
                saved: &mut saved[index * of_saved..][..of_saved],
                scratch,
            };
            if let Err(reason) = work(matrix) {
                return refuse_matrix(&axes, index, &reason);
            }
        }
    });
}

/// What belongs to one of the matrices of a batch in the pullback.
pub(super) struct Pull<'m, T: Real> {
    pub(super) extents: [usize; 2],
    /// Its index in the batch, in row-major order.
    pub(super) index: usize,
    pub(super) output: &'m [T],
    pub(super) saved: &'m [T],
    pub(super) cotangent: &'m [T],
    /// Where its gradient must be written.
    pub(super) gradient: &'m mut [T],
    /// Numbers to work in, whatever they are.
    pub(super) scratch: &'m mut [T::Accumulator],
}

/// Calls `work` for each matrix of a batch, with as many numbers to work in as `scratch` says for its extents, and adds the gradients.
pub(super) fn pull_each_matrix<T: Real>(
    at: Frame<'_, T>,
    cotangent: &[T],
    grad: ViewMut<'_, T>,
    scratch: impl FnOnce([usize; 2]) -> usize,
    mut work: impl FnMut(Pull<'_, T>),
) {
    let Ok((axes, extents @ [rows, columns])) = matrices(grad.layout().shape()) else { return };
    let (count, size) = (axes.size(), rows * columns);
    if count * size == 0 {
        return;
    }
    let [of_output, of_saved, of_cotangent] = [at.output, at.saved, cotangent].map(|all| all.len() / count);
    with_scratch(count * size, |total: &mut [T]| {
        with_scratch(scratch(extents), |scratch: &mut [T::Accumulator]| {
            for (index, gradient) in total.chunks_mut(size).enumerate() {
                let output = &at.output[index * of_output..][..of_output];
                let saved = &at.saved[index * of_saved..][..of_saved];
                let cotangent = &cotangent[index * of_cotangent..][..of_cotangent];
                work(Pull { extents, index, output, saved, cotangent, gradient, scratch });
            }
        });
        grad.add(total);
    });
}
