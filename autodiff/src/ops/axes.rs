//! The axes of a reduction, and the groups of elements that it reduces.

use std::ops::RangeFull;

use smallvec::SmallVec;

use crate::array::{Axis, Layout, Shape, View};
#[cfg(feature = "catalogue")]
use crate::catalogue::Choices;
use crate::error::Mismatch;
use crate::kernel::{for_each_part, lines_per_part, with_scratch};
use crate::scalar::Real;
use crate::tape::Var;

/// The axes of a reduction: `..` for all, an index, or an array of indices; negative indices count from the last axis.
/// Reduced axes are removed from the shape, unless [`keepdim`] keeps them with extent 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// `None` for all axes.
    list: Option<SmallVec<[Axis; 4]>>,
    keepdim: bool,
}

/// Reduces over `axes`, keeping them in the result with extent 1.
pub fn keepdim(axes: impl Into<Axes>) -> Axes {
    Axes { keepdim: true, ..axes.into() }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Self {
        Axes { list: None, keepdim: false }
    }
}

impl<A: Into<Axis> + Copy> From<&[A]> for Axes {
    fn from(axes: &[A]) -> Self {
        Axes { list: Some(axes.iter().map(|&axis| axis.into()).collect()), keepdim: false }
    }
}

impl<A: Into<Axis> + Copy, const N: usize> From<[A; N]> for Axes {
    fn from(axes: [A; N]) -> Self {
        Axes::from(&axes[..])
    }
}

/// One axis.
macro_rules! from_axis {
    ($($axis:ident)*) => {$(
        impl From<$axis> for Axes {
            fn from(axis: $axis) -> Self {
                Axes::from([axis])
            }
        }
    )*};
}

from_axis!(Axis usize isize i32);

impl Axes {
    /// Whether the axis with this index, of `rank`, is reduced.
    pub(super) fn contains(&self, axis: usize, rank: usize) -> bool {
        let named = |list: &SmallVec<[Axis; 4]>| list.iter().any(|named| named.within(rank) == Some(axis));
        self.list.as_ref().is_none_or(named)
    }

    /// The shape after a reduction over these axes.
    pub(super) fn reduce(&self, shape: &Shape) -> Result<Shape, Mismatch> {
        for (position, &axis) in self.list.iter().flatten().enumerate() {
            let number = shape.check_axis(axis)?;
            let earlier = self.list.iter().flatten().take(position);
            if earlier.filter_map(|axis| axis.within(shape.rank())).any(|earlier| earlier == number) {
                return Err(Mismatch::new(format!("axis {axis} is named twice")));
            }
        }
        if self.keepdim {
            return Ok(self.with_extent_one(shape));
        }
        Ok((0..shape.rank()).filter(|&axis| !self.contains(axis, shape.rank())).map(|axis| shape[axis]).collect())
    }

    /// `input`, which broadcasts to the shape of `x`, as one element for each group; `None` if it differs within a group.
    pub(super) fn of_groups<'t, T: Real>(&self, x: Var<'t, T>, input: Var<'t, T>) -> Option<Var<'t, T>> {
        let (shape, own) = (x.shape().ok()?, input.shape().ok()?);
        let (kept, groups) = (self.with_extent_one(&shape), self.reduce(&shape).ok()?);
        let fits = kept.broadcast(&own).as_ref() == Some(&kept);
        fits.then(|| input.broadcast_to(kept).reshape(groups))
    }

    fn with_extent_one(&self, shape: &Shape) -> Shape {
        shape
            .iter()
            .enumerate()
            .map(|(axis, &extent)| if self.contains(axis, shape.rank()) { 1 } else { extent })
            .collect()
    }

    /// The number of elements that are reduced to one.
    pub(super) fn count(&self, shape: &Shape) -> usize {
        shape
            .iter()
            .enumerate()
            .filter(|&(axis, _)| self.contains(axis, shape.rank()))
            .map(|(_, extent)| extent)
            .product()
    }

    /// The contiguous result broadcast to the input's shape: stride 0 along the reduced axes, so reading through this layout
    /// repeats the result and adding through it sums.
    pub(super) fn spread(&self, shape: &Shape) -> Layout {
        let reduced = Layout::dense(self.with_extent_one(shape));
        reduced.broadcast_to(shape).unwrap_or(reduced)
    }

    /// The groups of elements that are each reduced to one.
    pub(super) fn groups(&self, layout: &Layout) -> Groups {
        let (kept, reduced) = layout.split(|axis| self.contains(axis, layout.shape().rank()));
        Groups { kept, reduced }
    }
}

/// The elements of a layout in groups, in the order of the result.
pub(super) struct Groups {
    kept: Layout,
    reduced: Layout,
}

impl Groups {
    /// The offset of each group.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        self.kept.offsets()
    }

    /// The offsets of the elements of the group at offset `start`, in row-major order.
    pub(super) fn members(&self, start: usize) -> impl Iterator<Item = usize> + use<> {
        self.reduced.offsets().map(move |offset| start + offset)
    }
}

/// For every line along `axis`: the offsets of its elements in `layout`, and in the contiguous layout of the same shape.
pub(super) fn lines(
    axis: usize,
    layout: &Layout,
) -> impl Iterator<Item = (impl Offsets + use<>, impl Offsets + use<>)> + use<> {
    let dense = Layout::dense(layout.shape().clone());
    let axes = Axes::from(axis);
    let starts = axes.groups(layout).starts().zip(axes.groups(&dense).starts());
    let (from, to) = (layout.line(axis), dense.line(axis));
    // No lines if they have no elements.
    starts.take(layout.shape().size()).map(move |(i, o)| (from.offsets(i), to.offsets(o)))
}

/// Copies `x` to `data` and calls `change` with each line along `axis` as a slice, on all threads if there are many.
pub(super) fn map_lines<T: Real>(axis: usize, x: View<'_, T>, data: &mut [T], change: impl Fn(&mut [T]) + Sync) {
    if data.is_empty() {
        return;
    }
    x.copy_to(data);
    let shape = x.shape();
    let lines = [shape[axis], shape[axis + 1..].iter().product()];
    let block = lines[0] * lines[1];
    let blocks = lines_per_part(data.len() / block, data.len());
    for_each_part(data, blocks * block, |_, data| change_lines(lines, data, &change));
}

/// As [`map_lines`], one line after the other, in row-major order.
pub(super) fn map_lines_in_order<T: Real>(axis: usize, x: View<'_, T>, data: &mut [T], change: impl FnMut(&mut [T])) {
    if data.is_empty() {
        return;
    }
    x.copy_to(data);
    let shape = x.shape();
    change_lines([shape[axis], shape[axis + 1..].iter().product()], data, change);
}

/// Changes lines of `extent` elements, `inner` apart.
fn change_lines<T: Real>([extent, inner]: [usize; 2], data: &mut [T], mut change: impl FnMut(&mut [T])) {
    /// Number of lines copied to contiguous memory at a time: those that share a cache line.
    const TILE: usize = 16;
    if inner == 1 {
        return data.chunks_exact_mut(extent).for_each(change);
    }
    // More than the extent apart: at a power of two they would map to the same cache set.
    let apart = extent + TILE;
    with_scratch(apart * TILE.min(inner), |lines| {
        for part in data.chunks_exact_mut(extent * inner) {
            for first in (0..inner).step_by(TILE) {
                let columns = first..inner.min(first + TILE);
                for (k, row) in part.chunks_exact(inner).enumerate() {
                    let column = lines[k..].iter_mut().step_by(apart);
                    column.zip(&row[columns.clone()]).for_each(|(copy, &x)| *copy = x);
                }
                lines.chunks_exact_mut(apart).take(columns.len()).for_each(|line| change(&mut line[..extent]));
                for (k, row) in part.chunks_exact_mut(inner).enumerate() {
                    let column = lines[k..].iter().step_by(apart);
                    row[columns.clone()].iter_mut().zip(column).for_each(|(y, &copy)| *y = copy);
                }
            }
        }
    });
}

/// Offsets that can be iterated repeatedly, and in reverse.
pub(super) trait Offsets: DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone {}

impl<I: DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone> Offsets for I {}

#[cfg(feature = "catalogue")]
impl Axes {
    /// Random axes, kept or removed: for the catalogue.
    pub(super) fn draw(choices: &mut Choices<'_>, rank: usize) -> Axes {
        let signed = |axis: usize, negative: bool| if negative { axis as isize - rank as isize } else { axis as isize };
        let list = choices.flag().then(|| choices.axes(rank));
        let negative = choices.below(4) == 3;
        let list = list.map(|axes| axes.into_iter().map(|axis| signed(axis, negative).into()).collect());
        Axes { list, keepdim: choices.flag() }
    }
}
