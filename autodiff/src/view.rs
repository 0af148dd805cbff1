//! A slice with a layout: the only place that walks strides.
//!
//! Kernels see dense slices and nothing else. Where a view is dense it is passed on whole; where it is not, blocks
//! of it are gathered into a buffer on the stack, and gradients are added back the same way: stride 0 sums what a
//! broadcast spread, swapped strides transpose. So no operation has a second code path for strided data.

use smallvec::SmallVec;

use crate::kernel::{MatrixMut, MatrixRef, reduce};
use crate::layout::Layout;
use crate::real::Real;
use crate::shape::Shape;

/// Elements gathered at a time from a view that is not dense.
const BLOCK: usize = 256;

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
    /// `data` seen through `layout`, or nothing where that leaves `data`.
    pub fn new(data: &'a [T], layout: &'a Layout) -> Option<Self> {
        layout.reach().is_some_and(|reach| reach <= data.len()).then_some(View { data, layout })
    }

    /// As [`View::new`], for a layout that is known to lie within `data`.
    pub(crate) fn over(data: &'a [T], layout: &'a Layout) -> Self {
        debug_assert!(layout.reach().is_some_and(|reach| reach <= data.len()), "{layout:?} leaves its data");
        View { data, layout }
    }

    /// The extents.
    pub fn shape(&self) -> &'a Shape {
        self.layout.shape()
    }

    /// The layout, to derive another view of the same data from.
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

    /// The elements in row-major order, if they lie so in memory.
    pub fn dense(&self) -> Option<&'a [T]> {
        self.data.get(self.layout.dense_range()?)
    }

    /// The elements in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let data = self.data;
        offsets(self.layout).map(move |offset| data[offset])
    }

    /// The element at an offset given by [`offsets`] of a layout derived from this view's.
    ///
    /// # Panics
    /// At an offset outside the data, as a slice does.
    #[inline(always)]
    pub fn at(&self, offset: usize) -> T {
        self.data[offset]
    }

    /// Writes the elements in row-major order; `output` has the view's size.
    ///
    /// # Panics
    /// At an output of another length, as [`slice::copy_from_slice`] does.
    pub fn copy_to(&self, output: &mut [T]) {
        assert_eq!(output.len(), self.layout.shape().size(), "the output's length, left, and the view's size");
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
    /// `data` seen through `layout`, or nothing where that leaves `data`.
    pub fn new(data: &'a mut [T], layout: &'a Layout) -> Option<Self> {
        layout.reach().is_some_and(|reach| reach <= data.len()).then_some(ViewMut { data, layout })
    }

    /// As [`ViewMut::new`], for a layout that is known to lie within `data`.
    pub(crate) fn over(data: &'a mut [T], layout: &'a Layout) -> Self {
        debug_assert!(layout.reach().is_some_and(|reach| reach <= data.len()), "{layout:?} leaves its data");
        ViewMut { data, layout }
    }

    /// The layout, to derive another view of the same data from.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The same data through a layout derived from [`ViewMut::layout`].
    pub(crate) fn through<'b>(&'b mut self, layout: &'b Layout) -> ViewMut<'b, T> {
        ViewMut::over(self.data, layout)
    }

    /// Adds to the element at an offset given by [`offsets`] of a layout derived from this view's.
    ///
    /// # Panics
    /// At an offset outside the data, as a slice does.
    #[inline(always)]
    pub fn add_at(&mut self, offset: usize, amount: T) {
        self.data[offset] += amount;
    }

    /// Adds `amounts`, in row-major order; it has the view's size.
    ///
    /// # Panics
    /// At amounts of another length.
    pub fn add(self, amounts: &[T]) {
        assert_eq!(amounts.len(), self.layout.shape().size(), "the amounts' length, left, and the view's size");
        accumulate([], self, |first, [], sums| {
            let amounts = &amounts[first..first + sums.len()];
            sums.iter_mut().zip(amounts).for_each(|(sum, &amount)| *sum += amount);
        });
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

/// Calls `visit(first, inputs)` with dense slices that together cover the views, which have one shape; `first` is
/// the row-major place of the slices' first element.
///
/// # Panics
/// Where the views differ in size.
pub fn for_each_block<T: Real, const N: usize>(inputs: [View<'_, T>; N], mut visit: impl FnMut(usize, [&[T]; N])) {
    match all_dense(&inputs) {
        Some(slices) => {
            slices.iter().for_each(|slice| assert_one_size(slices[0].len(), slice.len()));
            visit(0, slices);
        }
        None => gathered(inputs, |first, slices, _| visit(first, slices)),
    }
}

/// Calls `visit(first, inputs, sums)` with dense slices that together cover the views; it adds to `sums`, which
/// then stand in `grad`. All have one shape.
///
/// # Panics
/// Where the views differ in size.
pub fn accumulate<T: Real, const N: usize>(
    inputs: [View<'_, T>; N],
    grad: ViewMut<'_, T>,
    mut visit: impl FnMut(usize, [&[T]; N], &mut [T]),
) {
    let ViewMut { data, layout } = grad;
    let dense = layout.dense_range();
    if let (Some(slices), Some(range)) = (all_dense(&inputs), dense.clone()) {
        if let Some(sums) = data.get_mut(range) {
            slices.iter().for_each(|slice| assert_one_size(sums.len(), slice.len()));
            visit(0, slices, sums);
        }
        return;
    }
    inputs.iter().for_each(|input| assert_one_size(layout.shape().size(), input.shape().size()));
    let mut cursor = Cursor::new(layout);
    let mut buffer = [T::ZERO; BLOCK];
    let mut block = |first: usize, slices: [&[T]; N], length: usize| match &dense {
        Some(range) => {
            let start = range.start + first;
            visit(first, slices, &mut data[start..start + length]);
        }
        None => {
            let sums = &mut buffer[..length];
            sums.fill(T::ZERO);
            visit(first, slices, sums);
            cursor.scatter_add(sums, data);
        }
    };
    if N == 0 {
        let size = layout.shape().size();
        for first in (0..size).step_by(BLOCK) {
            block(first, [&[]; N], BLOCK.min(size - first));
        }
    } else {
        gathered(inputs, block);
    }
}

/// Views that are walked together and differ in size are an author's mistake in an operation, as an index past the end is.
#[inline]
fn assert_one_size(first: usize, other: usize) {
    assert_eq!(first, other, "views of different sizes are walked together");
}

fn all_dense<'a, T: Real, const N: usize>(inputs: &[View<'a, T>; N]) -> Option<[&'a [T]; N]> {
    let mut slices: [&[T]; N] = [&[]; N];
    for (slice, input) in slices.iter_mut().zip(inputs) {
        *slice = input.dense()?;
    }
    Some(slices)
}

/// As [`for_each_block`], with every block at most [`BLOCK`] long; also hands the block's length.
fn gathered<T: Real, const N: usize>(inputs: [View<'_, T>; N], mut visit: impl FnMut(usize, [&[T]; N], usize)) {
    let size = inputs.first().map_or(0, |input| input.shape().size());
    inputs.iter().for_each(|input| assert_one_size(size, input.shape().size()));
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

/// The places of a layout's elements in memory, in row-major order.
pub fn offsets(layout: &Layout) -> impl Iterator<Item = usize> + use<> {
    let mut cursor = Cursor::new(layout);
    let mut remaining = layout.shape().size();
    std::iter::from_fn(move || {
        remaining = remaining.checked_sub(1)?;
        let (offset, _, _) = cursor.advance(1);
        Some(offset)
    })
}

/// A place in a layout, walked in row-major order by runs along the innermost axis.
struct Cursor {
    /// Outer to inner (extent, stride, index), with axes that lie densely within one another joined.
    axes: SmallVec<[(usize, usize, usize); 4]>,
    offset: usize,
}

impl Cursor {
    fn new(layout: &Layout) -> Self {
        let mut axes: SmallVec<[(usize, usize, usize); 4]> = SmallVec::new();
        for (&extent, &stride) in layout.shape().iter().zip(layout.strides()) {
            match axes.last_mut() {
                _ if extent == 1 => {}
                Some(outer) if stride.checked_mul(extent) == Some(outer.1) => {
                    *outer = (outer.0.saturating_mul(extent), stride, 0);
                }
                _ => axes.push((extent, stride, 0)),
            }
        }
        if axes.is_empty() {
            axes.push((1, 0, 0));
        }
        Cursor { axes, offset: layout.offset() }
    }

    /// Moves on by at most `limit` elements along the innermost axis: (offset, stride, length) of that run.
    fn advance(&mut self, limit: usize) -> (usize, usize, usize) {
        let start = self.offset;
        let innermost = self.axes.len() - 1;
        let (extent, stride, index) = &mut self.axes[innermost];
        let length = limit.min(*extent - *index);
        *index += length;
        self.offset += length * *stride;
        let run = (start, *stride, length);
        for axis in (0..=innermost).rev() {
            let (extent, stride, index) = self.axes[axis];
            if index < extent {
                break;
            }
            self.axes[axis].2 = 0;
            self.offset -= extent * stride;
            if axis > 0 {
                self.axes[axis - 1].2 += 1;
                self.offset += self.axes[axis - 1].1;
            }
        }
        run
    }

    fn gather<T: Real>(&mut self, data: &[T], mut output: &mut [T]) {
        while !output.is_empty() {
            let (offset, stride, length) = self.advance(output.len());
            let (run, rest) = output.split_at_mut(length);
            match stride {
                0 => run.fill(data[offset]),
                1 => run.copy_from_slice(&data[offset..offset + length]),
                _ => run.iter_mut().zip(data[offset..].iter().step_by(stride)).for_each(|(y, &x)| *y = x),
            }
            output = rest;
        }
    }

    fn scatter_add<T: Real>(&mut self, mut amounts: &[T], data: &mut [T]) {
        while !amounts.is_empty() {
            let (offset, stride, length) = self.advance(amounts.len());
            let (run, rest) = amounts.split_at(length);
            let places = &mut data[offset..];
            match stride {
                0 => places[0] += reduce::sum(run),
                1 => places.iter_mut().zip(run).for_each(|(sum, &amount)| *sum += amount),
                _ => places.iter_mut().step_by(stride).zip(run).for_each(|(sum, &amount)| *sum += amount),
            }
            amounts = rest;
        }
    }
}
