//! Loops over several views at a time: dense slices, whole where the views are contiguous, gathered in blocks where not.

use crate::array::{BLOCK, Cursor, Layout, Shape, View, ViewMut};
use crate::kernel::add_each;
use crate::scalar::Real;

/// Calls `visit(first, inputs)` with contiguous slices that together cover the views; `first` is the row-major index of
/// their first element.
///
/// # Panics
/// If the shapes of the views differ; use [`Inputs::broadcast`](crate::op::Inputs::broadcast) to broadcast inputs to one
/// shape.
#[track_caller]
pub fn for_each_block<T: Real, const N: usize>(inputs: [View<'_, T>; N], mut visit: impl FnMut(usize, [&[T]; N])) {
    expect_one_shape(&inputs, None);
    match all_dense(&inputs) {
        Some(slices) => visit(0, slices),
        // The traversal is compiled once for all closures.
        None => gathered(inputs, &mut |first, slices, _| visit(first, slices)),
    }
}

/// Calls `visit(first, inputs, sums)` with contiguous slices that together cover the views; what it adds to `sums` is added
/// to `grad`. Terms that fall on the same element of `grad` are summed in the [`Accumulator`](Real::Accumulator).
///
/// # Panics
/// If the shapes of the views and `grad` differ, as [`for_each_block`].
#[track_caller]
pub fn accumulate<T: Real, const N: usize>(
    inputs: [View<'_, T>; N],
    grad: ViewMut<'_, T>,
    mut visit: impl FnMut(usize, [&[T]; N], &mut [T]),
) {
    accumulate_or_write(inputs, grad, |first, inputs, sums, fresh| {
        if !fresh || N == 0 {
            if fresh {
                sums.fill(T::ZERO);
            }
            return visit(first, inputs, sums);
        }
        // Zeros are written where they are added to next, while they are in the cache.
        for (k, sums) in sums.chunks_mut(ZEROS).enumerate() {
            let start = k * ZEROS;
            sums.fill(T::ZERO);
            visit(first + start, inputs.map(|input| &input[start..start + sums.len()]), sums);
        }
    });
}

/// Elements of a fresh gradient that are set to zero at a time.
const ZEROS: usize = 2048;

/// As [`accumulate`]; if the last argument of `visit` is true, it must write `sums` instead of adding to them.
#[track_caller]
pub(crate) fn accumulate_or_write<T: Real, const N: usize>(
    inputs: [View<'_, T>; N],
    mut grad: ViewMut<'_, T>,
    mut visit: impl FnMut(usize, [&[T]; N], &mut [T], bool),
) {
    expect_one_shape(&inputs, Some(grad.layout));
    if let (Some(range), Some(slices)) = (grad.layout.dense_range(), all_dense(&inputs)) {
        let fresh = grad.claim();
        return visit(0, slices, &mut grad.data[range], fresh);
    }
    accumulate_by(inputs, grad, &mut visit);
}

/// Called for each block with its first index, the inputs, the sums to add to, and whether to write them instead.
type VisitSums<'v, T, const N: usize> = &'v mut dyn FnMut(usize, [&[T]; N], &mut [T], bool);

/// Called for each block with its first index, the inputs, and its length.
type VisitBlocks<'v, T, const N: usize> = &'v mut dyn FnMut(usize, [&[T]; N], usize);

/// As [`accumulate_or_write`], for views of equal shape.
fn accumulate_by<T: Real, const N: usize>(
    inputs: [View<'_, T>; N],
    mut grad: ViewMut<'_, T>,
    visit: VisitSums<'_, T, N>,
) {
    let size = grad.layout.shape().size();
    match grad.layout.dense_range() {
        Some(range) => {
            let fresh = grad.claim();
            let sums = &mut grad.data[range];
            gathered(inputs, &mut |first, slices, length| visit(first, slices, &mut sums[first..][..length], fresh));
        }
        None => grad.sums(|sums| {
            let mut block = |first: usize, slices: [&[T]; N], length: usize| {
                sums.visit(length, &mut |which, sums| {
                    visit(first + which.start, slices.map(|slice| &slice[which.clone()]), sums, false);
                });
            };
            if N == 0 {
                (0..size).step_by(BLOCK).for_each(|first| block(first, [&[]; N], BLOCK.min(size - first)));
            } else {
                gathered(inputs, &mut block);
            }
        }),
    }
}

/// Checks that views traversed together have equal shapes; otherwise one would be read past its end, or elements of another
/// left out.
#[track_caller]
fn expect_one_shape<T: Real, const N: usize>(inputs: &[View<'_, T>; N], grad: Option<&Layout>) {
    let Some(first) = inputs.first().map(View::shape) else { return };
    let agrees = |shape: &Shape| std::ptr::eq(shape, first) || shape == first;
    let all = inputs[1..].iter().all(|input| agrees(input.shape())) && grad.is_none_or(|grad| agrees(grad.shape()));
    let shapes = || inputs.iter().map(View::shape).chain(grad.map(Layout::shape)).collect::<Vec<_>>();
    assert!(all, "views that are walked together must have one shape, not {:?}", shapes());
}

fn all_dense<'a, T: Real, const N: usize>(inputs: &[View<'a, T>; N]) -> Option<[&'a [T]; N]> {
    let mut slices: [&[T]; N] = [&[]; N];
    for (slice, input) in slices.iter_mut().zip(inputs) {
        *slice = input.dense()?;
    }
    Some(slices)
}

/// As [`for_each_block`], with every block at most [`BLOCK`] long; also passes the block's length.
fn gathered<T: Real, const N: usize>(inputs: [View<'_, T>; N], visit: VisitBlocks<'_, T, N>) {
    let size = inputs.first().map_or(0, |input| input.shape().size());
    let mut sources = inputs.map(|input| (input.dense(), Cursor::new(input.layout)));
    let mut buffers = [[T::ZERO; BLOCK]; N];
    for first in (0..size).step_by(BLOCK) {
        let length = BLOCK.min(size - first);
        for ((input, (dense, cursor)), buffer) in inputs.iter().zip(&mut sources).zip(&mut buffers) {
            if dense.is_none() {
                cursor.gather(input.data, &mut buffer[..length]);
            }
        }
        let mut slices: [&[T]; N] = [&[]; N];
        for ((slice, (dense, _)), buffer) in slices.iter_mut().zip(&sources).zip(&buffers) {
            *slice = match dense {
                Some(data) => &data[first..first + length],
                None => &buffer[..length],
            };
        }
        visit(first, slices, length);
    }
}

impl<T: Real> ViewMut<'_, T> {
    /// Adds the elements of `amounts`, which has the view's shape.
    pub(crate) fn add_view(self, amounts: View<'_, T>) {
        match amounts.dense() {
            Some(amounts) => self.add(amounts),
            None => accumulate([amounts], self, |_, [amounts], sums| add_each(amounts, sums)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(extents: &[usize]) -> Layout {
        Layout::dense(Shape::new(extents))
    }

    #[test]
    #[should_panic(expected = "must have one shape, not [[2, 3], [3]]")]
    fn views_of_different_shapes_are_not_walked_together() {
        let (data, wide, narrow) = ([1.0; 6], dense(&[2, 3]), dense(&[3]));
        for_each_block([View::over(&data, &wide), View::over(&data, &narrow)], |_, _| ());
    }

    #[test]
    #[should_panic(expected = "must have one shape, not [[3], [3, 2]]")]
    fn nor_is_a_gradient_of_another_shape() {
        let (data, mut sums, row, wide) = ([1.0; 6], [0.0; 6], dense(&[3]), dense(&[2, 3]));
        let strided = wide.transpose(0, 1).unwrap();
        accumulate([View::over(&data, &row)], ViewMut::over(&mut sums, &strided), |_, _, _| ());
    }

    #[test]
    #[should_panic(expected = "5 numbers for a view of shape [3, 2]")]
    fn a_gradient_takes_as_many_numbers_as_it_has_elements() {
        let (mut sums, wide) = ([0.0; 6], dense(&[2, 3]));
        let strided = wide.transpose(0, 1).unwrap();
        ViewMut::over(&mut sums, &strided).add(&[1.0; 5]);
    }
}
