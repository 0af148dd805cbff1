//! A slice with a layout, passed to kernels as contiguous slices.
//!
//! Kernels work on contiguous slices only. A contiguous view is passed as it is; otherwise blocks are gathered into a stack
//! buffer, and gradients are scattered back the same way: stride 0 sums over a broadcast axis, swapped strides transpose.
//! So no operation needs a second code path for strided data.

use crate::array::{Cursor, Layout, Shape, Sums};
use crate::kernel::{MatrixMut, MatrixRef, add_each, copy_each, with_scratch};
use crate::scalar::Real;

/// An input of an operation: read-only, in any layout.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    pub(super) data: &'a [T],
    pub(super) layout: &'a Layout,
}

/// The gradient of an input: added to, in the layout of the input.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    pub(super) data: &'a mut [T],
    pub(super) layout: &'a Layout,
    /// If it refers to `true`, nothing has been added yet: whatever `data` holds counts as zeros.
    fresh: Option<&'a mut bool>,
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
            Some(data) => copy_each(data, output),
            None => Cursor::new(self.layout).gather(self.data, output),
        }
    }

    /// Calls `work` with the elements in row-major order, copied if they are not contiguous.
    pub(crate) fn with_dense(&self, work: impl FnOnce(&[T])) {
        match self.dense() {
            Some(data) => work(data),
            None => with_scratch(self.shape().size(), |copy| {
                self.copy_to(copy);
                work(copy);
            }),
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
        layout.reach().is_some_and(|reach| reach <= data.len()).then_some(ViewMut { data, layout, fresh: None })
    }

    /// As [`ViewMut::new`], for a layout that is known to lie within `data`.
    pub(crate) fn over(data: &'a mut [T], layout: &'a Layout) -> Self {
        debug_assert!(layout.reach().is_some_and(|reach| reach <= data.len()), "{layout:?} leaves its data");
        ViewMut { data, layout, fresh: None }
    }

    /// As [`ViewMut::over`], of memory that counts as zeros while `fresh`. The first addition clears that.
    pub(crate) fn over_fresh(data: &'a mut [T], layout: &'a Layout, fresh: &'a mut bool) -> Self {
        ViewMut { fresh: Some(fresh), ..ViewMut::over(data, layout) }
    }

    /// Whether the caller may write every element instead of adding to it. Otherwise sets what is fresh to zero.
    pub(crate) fn claim(&mut self) -> bool {
        let fresh = self.fresh.take().is_some_and(std::mem::take);
        let whole = fresh && self.layout.is_permutation_of(self.data.len());
        if fresh && !whole {
            self.data.fill(T::ZERO);
        }
        whole
    }

    /// Sets what is fresh to zero, so that it can be added to.
    pub(super) fn settle(&mut self) {
        if self.fresh.take().is_some_and(std::mem::take) {
            self.data.fill(T::ZERO);
        }
    }

    /// The layout, from which other views of the same data can be derived.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The same data through a layout derived from [`ViewMut::layout`].
    pub(crate) fn through<'b>(&'b mut self, layout: &'b Layout) -> ViewMut<'b, T> {
        ViewMut { data: self.data, layout, fresh: self.fresh.as_deref_mut() }
    }

    /// Adds to the element at an offset given by [`Layout::offsets`] of a layout derived from this view's.
    ///
    /// # Panics
    /// If the offset is outside the data.
    #[inline(always)]
    pub fn add_at(&mut self, offset: usize, amount: T) {
        self.settle();
        self.data[offset] += amount;
    }

    /// Adds `amounts`, which are in row-major order.
    ///
    /// # Panics
    /// If their number is not the size of the view.
    #[track_caller]
    pub fn add(mut self, amounts: &[T]) {
        expect_size(amounts.len(), self.layout);
        match self.layout.dense_range() {
            Some(range) if self.claim() => copy_each(amounts, &mut self.data[range]),
            Some(range) => add_each(amounts, &mut self.data[range]),
            None => self.sums(|sums| sums.add(amounts)),
        }
    }

    /// Calls `add` with a contiguous slice to add to, or to write if the second argument is true, and adds that to this view.
    pub(crate) fn add_into(mut self, add: impl FnOnce(&mut [T], bool)) {
        match self.layout.dense_range() {
            Some(range) => {
                let fresh = self.claim();
                add(&mut self.data[range], fresh);
            }
            None => with_scratch(self.layout.shape().size(), |terms| {
                add(terms, true);
                self.add(terms);
            }),
        }
    }

    /// Calls `fill` with the sums that meet in each element.
    pub(super) fn sums(mut self, fill: impl FnOnce(&mut Sums<'_, T>)) {
        self.settle();
        Sums::with(self.data, self.layout, fill);
    }

    /// The last two axes as a matrix, at `start` elements past the first.
    pub(crate) fn matrix(&mut self, start: usize) -> Option<MatrixMut<'_, T>> {
        self.settle();
        let (shape, strides) = last_two(self.layout)?;
        MatrixMut::new(self.data.get_mut(self.layout.offset() + start..)?, shape, strides)
    }
}

fn last_two(layout: &Layout) -> Option<([usize; 2], [usize; 2])> {
    let (shape, strides) = (layout.shape(), layout.strides());
    let first = shape.rank().checked_sub(2)?;
    Some(([shape[first], shape[first + 1]], [strides[first], strides[first + 1]]))
}

#[track_caller]
fn expect_size(length: usize, layout: &Layout) {
    assert!(length == layout.shape().size(), "{length} numbers for a view of shape {}", layout.shape());
}
