//! A slice with a layout, passed to kernels as contiguous slices.
//!
//! Kernels work on contiguous slices only. A contiguous view is passed as it is; otherwise blocks are gathered into a stack
//! buffer, and gradients are scattered back the same way: stride 0 sums over a broadcast axis, swapped strides transpose.
//! So no operation needs a second code path for strided data.

use crate::array::{BLOCK, Cursor, Layout, Shape, Sums};
use crate::kernel::{MatrixMut, MatrixRef};
use crate::scalar::Real;

/// An input of an operation: read-only, in any layout.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    data: &'a [T],
    layout: &'a Layout,
}

/// The gradient of an input: added to, in the layout of the input.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    data: &'a mut [T],
    layout: &'a Layout,
}

impl<'a, T: Real> View<'a, T> {
    /// A view of `data` with this layout; `None` if the layout exceeds `data`.
    pub fn new(data: &'a [T], layout: &'a Layout) -> Option<Self> {
        layout.reach().is_some_and(|reach| reach <= data.len()).then_some(View { data, layout })
    }

    /// As [`View::new`], for a layout that is known to lie within `data`.
    pub(crate) fn over(data: &'a [T], layout: &'a Layout) -> Self {
        debug_assert!(layout.reach().is_some_and(|reach| reach <= data.len()), "{layout:?} leaves its data");
        View { data, layout }
    }

    /// The shape.
    pub fn shape(&self) -> &'a Shape {
        self.layout.shape()
    }

    /// The layout, from which other views of the same data can be derived.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The same data through a layout derived from [`View::layout`].
    pub(crate) fn through<'b>(&self, layout: &'b Layout) -> View<'b, T>
    where
        'a: 'b,
    {
        View::over(self.data, layout)
    }

    /// The elements as a slice, if they are contiguous in row-major order.
    pub fn dense(&self) -> Option<&'a [T]> {
        self.data.get(self.layout.dense_range()?)
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let data = self.data;
        self.layout.offsets().map(move |offset| data[offset])
    }

    /// The element at an offset given by [`Layout::offsets`] of a layout derived from this view's.
    ///
    /// # Panics
    /// If the offset is outside the data.
    #[inline(always)]
    pub fn at(&self, offset: usize) -> T {
        self.data[offset]
    }

    /// Copies the elements to `output` in row-major order.
    ///
    /// # Panics
    /// If the length of `output` is not the size of the view.
    #[track_caller]
    pub fn copy_to(&self, output: &mut [T]) {
        expect_size(output.len(), self.layout);
        match self.dense() {
            Some(data) => output.copy_from_slice(data),
            None => Cursor::new(self.layout).gather(self.data, output),
        }
    }

    /// The last two axes as a matrix, at `start` elements past the first.
    pub(crate) fn matrix(&self, start: usize) -> Option<MatrixRef<'a, T>> {
        let (shape, strides) = last_two(self.layout)?;
        MatrixRef::new(self.data.get(self.layout.offset() + start..)?, shape, strides)
    }
}

impl<'a, T: Real> ViewMut<'a, T> {
    /// A view of `data` with this layout; `None` if the layout exceeds `data`.
    pub fn new(data: &'a mut [T], layout: &'a Layout) -> Option<Self> {
        layout.reach().is_some_and(|reach| reach <= data.len()).then_some(ViewMut { data, layout })
    }

    /// As [`ViewMut::new`], for a layout that is known to lie within `data`.
    pub(crate) fn over(data: &'a mut [T], layout: &'a Layout) -> Self {
        debug_assert!(layout.reach().is_some_and(|reach| reach <= data.len()), "{layout:?} leaves its data");
        ViewMut { data, layout }
    }

    /// The layout, from which other views of the same data can be derived.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The same data through a layout derived from [`ViewMut::layout`].
    pub(crate) fn through<'b>(&'b mut self, layout: &'b Layout) -> ViewMut<'b, T> {
        ViewMut::over(self.data, layout)
    }

    /// Adds to the element at an offset given by [`Layout::offsets`] of a layout derived from this view's.
    ///
    /// # Panics
    /// If the offset is outside the data.
    #[inline(always)]
    pub fn add_at(&mut self, offset: usize, amount: T) {
        self.data[offset] += amount;
    }

    /// Adds `amounts`, which are in row-major order.
    ///
    /// # Panics
    /// If their number is not the size of the view.
    #[track_caller]
    pub fn add(self, amounts: &[T]) {
        expect_size(amounts.len(), self.layout);
        match self.layout.dense_range() {
            Some(range) => add_each(amounts, &mut self.data[range]),
            None => Sums::with(self.data, self.layout, |sums| sums.add(amounts)),
        }
    }

    /// Adds the elements of `amounts`, which has the view's shape.
    pub(crate) fn add_view(self, amounts: View<'_, T>) {
        match amounts.dense() {
            Some(amounts) => self.add(amounts),
            None => accumulate([amounts], self, |_, [amounts], sums| add_each(amounts, sums)),
        }
    }

    /// The last two axes as a matrix, at `start` elements past the first.
    pub(crate) fn matrix(&mut self, start: usize) -> Option<MatrixMut<'_, T>> {
        let (shape, strides) = last_two(self.layout)?;
        MatrixMut::new(self.data.get_mut(self.layout.offset() + start..)?, shape, strides)
    }
}

fn last_two(layout: &Layout) -> Option<([usize; 2], [usize; 2])> {
    let (shape, strides) = (layout.shape(), layout.strides());
    let first = shape.rank().checked_sub(2)?;
    Some(([shape[first], shape[first + 1]], [strides[first], strides[first + 1]]))
}

fn add_each<T: Real>(amounts: &[T], sums: &mut [T]) {
    sums.iter_mut().zip(amounts).for_each(|(sum, &amount)| *sum += amount);
}

/// Calls `visit(first, inputs)` with contiguous slices that together cover the views; `first` is the row-major index of
/// their first element.
///
/// # Panics
/// If the shapes of the views differ; use [`Inputs::broadcast`](crate::op::Inputs::broadcast) to broadcast inputs to one
/// shape.
#[track_caller]
pub fn for_each_block<T: Real, const N: usize>(inputs: [View<'_, T>; N], mut visit: impl FnMut(usize, [&[T]; N])) {
    expect_one_shape(&inputs, None);
    // The traversal is compiled once for all closures.
    let visit: &mut dyn FnMut(usize, [&[T]; N]) = &mut visit;
    match all_dense(&inputs) {
        Some(slices) => visit(0, slices),
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
    expect_one_shape(&inputs, Some(grad.layout));
    accumulate_by(inputs, grad, &mut visit);
}

/// Called for each block with its first index, the inputs, and the sums to add to.
type VisitSums<'v, T, const N: usize> = &'v mut dyn FnMut(usize, [&[T]; N], &mut [T]);

/// Called for each block with its first index, the inputs, and its length.
type VisitBlocks<'v, T, const N: usize> = &'v mut dyn FnMut(usize, [&[T]; N], usize);

/// As [`accumulate`], for views of equal shape.
fn accumulate_by<T: Real, const N: usize>(
    inputs: [View<'_, T>; N],
    ViewMut { data, layout }: ViewMut<'_, T>,
    visit: VisitSums<'_, T, N>,
) {
    let size = layout.shape().size();
    match (layout.dense_range(), all_dense(&inputs)) {
        (Some(range), Some(slices)) => visit(0, slices, &mut data[range]),
        (Some(range), None) => {
            let sums = &mut data[range];
            gathered(inputs, &mut |first, slices, length| visit(first, slices, &mut sums[first..first + length]));
        }
        (None, _) => Sums::with(data, layout, |sums| {
            let mut block = |first: usize, slices: [&[T]; N], length: usize| {
                sums.visit(length, &mut |which, sums| {
                    visit(first + which.start, slices.map(|slice| &slice[which.clone()]), sums);
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

#[track_caller]
fn expect_size(length: usize, layout: &Layout) {
    assert!(length == layout.shape().size(), "{length} numbers for a view of shape {}", layout.shape());
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
