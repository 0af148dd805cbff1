//! Strided layouts. Deriving one (transpose, narrow, broadcast) moves no data and needs no pullback.

mod diagonal;
mod line;
mod permutation;
mod reshape;

use std::ops::Range;

use smallvec::SmallVec;

use crate::array::{Axis, Shape};
use crate::error::Mismatch;
use line::Line;

/// Strides in elements, one per axis.
pub(crate) type Strides = SmallVec<[usize; 4]>;

/// A strided view: shape, strides and offset, in elements, into the memory of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    strides: Strides,
    offset: usize,
    /// The range of memory, if the elements are contiguous in row-major order. Cached, because every run needs it.
    dense: Option<Range<usize>>,
}

impl Layout {
    /// The contiguous row-major layout, which every owned value has.
    pub fn dense(shape: Shape) -> Self {
        let strides = shape.dense_strides();
        let dense = Some(0..shape.size());
        Layout { shape, strides, offset: 0, dense }
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Distance between neighbors along each axis, in elements; 0 for a broadcast axis.
    pub fn strides(&self) -> &[usize] {
        &self.strides
    }

    /// Offset of the first element.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The range of memory, if the elements are contiguous in row-major order.
    #[inline]
    pub fn dense_range(&self) -> Option<Range<usize>> {
        self.dense.clone()
    }

    /// A layout with any strides.
    fn new(shape: Shape, strides: Strides, offset: usize) -> Self {
        // Without elements, the offset could exceed the memory.
        let offset = if shape.contains(&0) { 0 } else { offset };
        // The end of an invalid layout saturates and so is outside every slice.
        let dense = is_contiguous(&shape, &strides).then(|| offset..offset.saturating_add(shape.size()));
        Layout { shape, strides, offset, dense }
    }

    /// Reorders axes: axis `i` of the result is axis `axes[i]` of this layout.
    ///
    /// # Errors
    /// If `axes` is not a permutation of the axes.
    pub fn permute(&self, axes: &[impl Into<Axis> + Copy]) -> Result<Layout, Mismatch> {
        let rank = self.shape.rank();
        let mut seen: SmallVec<[bool; 8]> = SmallVec::from_elem(false, rank);
        let mut first = |axis: Axis| axis.within(rank).filter(|&axis| !std::mem::replace(&mut seen[axis], true));
        let order = axes.iter().map(|&axis| first(axis.into())).collect::<Option<SmallVec<[usize; 8]>>>();
        let Some(order) = order.filter(|order| order.len() == rank) else {
            let asked: Vec<String> = axes.iter().map(|&axis| axis.into().to_string()).collect();
            return Err(Mismatch::new(format!("axes [{}] are not a permutation of the axes", asked.join(", "))));
        };
        let shape = order.iter().map(|&axis| self.shape[axis]).collect();
        let strides = order.iter().map(|&axis| self.strides[axis]).collect();
        Ok(Layout::new(shape, strides, self.offset))
    }

    /// Swaps two axes.
    ///
    /// # Errors
    /// If an axis is out of range.
    pub fn transpose(&self, first: impl Into<Axis>, second: impl Into<Axis>) -> Result<Layout, Mismatch> {
        let (first, second) = (self.shape.check_axis(first)?, self.shape.check_axis(second)?);
        let mut axes: SmallVec<[usize; 8]> = (0..self.shape.rank()).collect();
        axes.swap(first, second);
        self.permute(&axes)
    }

    /// Broadcasts to `shape` by numpy's rule; broadcast axes get stride 0.
    ///
    /// # Errors
    /// If this shape does not broadcast to `shape`, or its size exceeds `usize`.
    pub fn broadcast_to(&self, shape: &Shape) -> Result<Layout, Mismatch> {
        if self.shape == *shape {
            return Ok(self.clone());
        }
        if shape.checked_size().is_none() {
            return Err(Mismatch::new(format!("{shape} has more elements than can be counted")));
        }
        let fails = || Mismatch::new(format!("does not broadcast to {shape}"));
        let lead = shape.rank().checked_sub(self.shape.rank()).ok_or_else(fails)?;
        let mut strides = Strides::from_elem(0, lead);
        for (axis, &extent) in self.shape.iter().enumerate() {
            match shape[lead + axis] {
                wanted if wanted == extent => strides.push(self.strides[axis]),
                _ if extent == 1 => strides.push(0),
                _ => return Err(fails()),
            }
        }
        Ok(Layout::new(shape.clone(), strides, self.offset))
    }

    /// Every `step`-th of the elements with indices `start..end` along `axis`.
    ///
    /// # Errors
    /// If the axis or the indices are out of range, or `step` is 0.
    pub fn narrow(&self, axis: impl Into<Axis>, start: usize, end: usize, step: usize) -> Result<Layout, Mismatch> {
        let axis = self.shape.check_axis(axis)?;
        let extent = self.shape[axis];
        if step == 0 || start > end || end > extent {
            let asked = format!("{start}..{end} step {step}");
            return Err(Mismatch::new(format!("range {asked} does not fit axis {axis} of extent {extent}")));
        }
        let length = (end - start).div_ceil(step);
        let mut strides = self.strides.clone();
        let skipped = if length > 0 { start * strides[axis] } else { 0 };
        strides[axis] = between(length, strides[axis], step);
        Ok(Layout::new(self.shape.with(axis, length), strides, self.offset + skipped))
    }

    /// The slice at `index` along `axis`, which is removed.
    ///
    /// # Errors
    /// If the axis or the index is out of range.
    pub fn index(&self, axis: impl Into<Axis>, index: usize) -> Result<Layout, Mismatch> {
        let axis = self.shape.check_axis(axis)?;
        let extent = self.shape[axis];
        if index >= extent {
            return Err(Mismatch::new(format!("index {index} is out of range (axis {axis} has extent {extent})")));
        }
        self.narrow(axis, index, index + 1, 1)?.squeeze(axis)
    }

    /// Windows of `size` elements along `axis`, `stride` apart, with elements `dilation` apart; windows may overlap. `axis`
    /// becomes the index of the window, a new last axis the index within it.
    ///
    /// # Errors
    /// If the axis is out of range, no window fits, or `stride` or `dilation` is 0.
    pub fn unfold(
        &self,
        axis: impl Into<Axis>,
        size: usize,
        stride: usize,
        dilation: usize,
    ) -> Result<Layout, Mismatch> {
        let axis = self.shape.check_axis(axis)?;
        let extent = self.shape[axis];
        let reach = size.checked_sub(1).and_then(|steps| steps.checked_mul(dilation));
        let count = match reach {
            Some(reach) if reach < extent && stride > 0 && dilation > 0 => (extent - reach - 1) / stride + 1,
            _ => {
                let asked = format!("of size {size}, stride {stride}, dilation {dilation}");
                return Err(Mismatch::new(format!("no window {asked} fits axis {axis} of extent {extent}")));
            }
        };
        let (mut strides, rank) = (self.strides.clone(), self.shape.rank());
        let shape = self.shape.with(axis, count).insert(rank, size);
        if shape.checked_size().is_none() {
            return Err(Mismatch::new(format!("{shape} has more elements than can be counted")));
        }
        strides.push(between(size, strides[axis], dilation));
        strides[axis] = between(count, strides[axis], stride);
        Ok(Layout::new(shape, strides, self.offset))
    }

    /// The least length of memory that contains all elements: one more than the largest offset, 0 without elements. `None` if
    /// it exceeds `usize`.
    pub(crate) fn reach(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        let last =
            |end: usize, (&extent, &stride): (&usize, &usize)| end.checked_add((extent - 1).checked_mul(stride)?);
        self.shape.iter().zip(&self.strides).try_fold(self.offset, last)?.checked_add(1)
    }

    /// Splits the axes into those for which `chosen` is false and those for which it is true. The offset of an element is the
    /// sum of its offsets in the two layouts.
    pub(crate) fn split(&self, chosen: impl Fn(usize) -> bool) -> (Layout, Layout) {
        let part = |side: bool, offset: usize| {
            let axes = || (0..self.shape.rank()).filter(|&axis| chosen(axis) == side);
            let strides = axes().map(|axis| self.strides[axis]).collect();
            Layout::new(axes().map(|axis| self.shape[axis]).collect(), strides, offset)
        };
        (part(false, self.offset), part(true, 0))
    }

    /// The elements along `axis`, which must be in range.
    pub(crate) fn line(&self, axis: usize) -> Line {
        Line { extent: self.shape[axis], stride: self.strides[axis] }
    }

    /// Inserts an axis of extent 1, which is `axis` of the result.
    ///
    /// # Errors
    /// If `axis` is out of range.
    pub fn unsqueeze(&self, axis: impl Into<Axis>) -> Result<Layout, Mismatch> {
        let (axis, rank) = (axis.into(), self.shape.rank());
        let Some(axis) = axis.within(rank + 1) else {
            return Err(Mismatch::new(format!("new axis {axis} is out of range (there are {rank} axes)")));
        };
        let mut strides = self.strides.clone();
        strides.insert(axis, 0);
        Ok(Layout::new(self.shape.insert(axis, 1), strides, self.offset))
    }

    /// Removes `axis`, which must have extent 1.
    ///
    /// # Errors
    /// If the axis is out of range, or its extent is not 1.
    pub fn squeeze(&self, axis: impl Into<Axis>) -> Result<Layout, Mismatch> {
        let axis = self.shape.check_axis(axis)?;
        if self.shape[axis] != 1 {
            let extent = self.shape[axis];
            return Err(Mismatch::new(format!("axis {axis} has extent {extent}, only 1 can be squeezed")));
        }
        let mut strides = self.strides.clone();
        strides.remove(axis);
        Ok(Layout::new(self.shape.without(axis), strides, self.offset))
    }
}

/// The stride of an axis of this extent after keeping every `step`-th element. With at most one element left, the stride is
/// never used, and `step` may be any number.
fn between(extent: usize, stride: usize, step: usize) -> usize {
    if extent > 1 { stride * step } else { stride }
}

/// Whether these strides are contiguous in row-major order; those of axes of extent 1 do not matter.
fn is_contiguous(shape: &Shape, strides: &[usize]) -> bool {
    let mut expected = 1;
    for (&extent, &stride) in shape.iter().zip(strides).rev() {
        if extent != 1 && stride != expected {
            return shape.size() == 0;
        }
        expected = expected.saturating_mul(extent);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(extents: &[usize]) -> Layout {
        Layout::dense(Shape::new(extents))
    }

    #[test]
    fn a_narrowed_layout_keeps_its_elements() {
        let narrowed = dense(&[5, 7]).narrow(1, 2, 7, 2).unwrap();
        assert_eq!((narrowed.shape().to_vec(), narrowed.offset()), (vec![5, 3], 2));
        assert!(narrowed.dense_range().is_none());
        assert!(dense(&[5, 7]).narrow(1, 2, 8, 1).is_err());
    }

    #[test]
    fn steps_past_every_element_leave_the_first() {
        let layout = dense(&[5, 7]);
        let narrowed = layout.narrow(0, 1, 5, usize::MAX).unwrap();
        assert_eq!((narrowed.shape().to_vec(), narrowed.offset(), narrowed.reach()), (vec![1, 7], 7, Some(14)));
        let windows = layout.unfold(1, 1, usize::MAX, usize::MAX).unwrap();
        assert_eq!((windows.shape().to_vec(), windows.reach()), (vec![5, 1, 1], Some(29)));
        assert!(layout.unfold(1, 2, 1, usize::MAX).is_err() && layout.unfold(1, usize::MAX, 1, 1).is_err());
    }

    #[test]
    fn a_layout_of_more_than_can_be_counted_reaches_nowhere() {
        let large = 1 << 40;
        assert_eq!(dense(&[large, large]).reach(), None);
        assert_eq!((dense(&[large, large, 0]).reach(), dense(&[]).reach()), (Some(0), Some(1)));
    }

    #[test]
    fn extent_one_and_extent_zero_are_dense() {
        assert_eq!(dense(&[3, 1]).transpose(0, 1).unwrap().dense_range(), Some(0..3));
        assert_eq!(dense(&[0, 4]).transpose(0, 1).unwrap().dense_range(), Some(0..0));
    }
}
