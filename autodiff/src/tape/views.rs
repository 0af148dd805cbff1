//! Views of a [`Var`]: nodes that share the place of their base, in both arenas.

use std::ops::{Bound, Range, RangeBounds};
use std::panic::Location;

use super::{POISON, Var};
use crate::array::{Axis, Extents, Layout, Shape};
use crate::error::Mismatch;
use crate::scalar::Real;

/// # Views
///
/// None of them moves data, and none has backward code: a consumer adds its cotangent through the layout.
impl<'t, T: Real> Var<'t, T> {
    /// The same value, through which no gradient flows.
    #[track_caller]
    #[must_use]
    pub fn detach(self) -> Var<'t, T> {
        self.view("detach", false, |layout| Ok(layout.clone()))
    }

    /// Axes reordered: axis `i` of the result is axis `axes[i]` of this value.
    #[track_caller]
    #[must_use]
    pub fn permute(self, axes: &[impl Into<Axis> + Copy]) -> Var<'t, T> {
        self.view("permute", true, |layout| layout.permute(axes))
    }

    /// Two axes swapped.
    #[track_caller]
    #[must_use]
    pub fn transpose(self, first: impl Into<Axis>, second: impl Into<Axis>) -> Var<'t, T> {
        self.view("transpose", true, |layout| layout.transpose(first, second))
    }

    /// The matrix transposed: the last two axes swapped.
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Var<'t, T> {
        self.view("t", true, |layout| match layout.shape().rank() {
            rank if rank >= 2 => layout.transpose(rank - 2, rank - 1),
            _ => Err(Mismatch::new("a matrix has two axes")),
        })
    }

    /// Stretched to `shape` by numpy's rule; the gradient is summed over the stretched axes.
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var<'t, T> {
        let shape = shape.into();
        self.view("broadcast_to", true, |layout| layout.broadcast_to(&shape))
    }

    /// The places `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow(self, axis: impl Into<Axis>, range: Range<usize>) -> Var<'t, T> {
        self.view("narrow", true, |layout| layout.narrow(axis, range.start, range.end, 1))
    }

    /// Every `step`-th of the places `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow_by(self, axis: impl Into<Axis>, range: Range<usize>, step: usize) -> Var<'t, T> {
        self.view("narrow_by", true, |layout| layout.narrow(axis, range.start, range.end, step))
    }

    /// Place `index` along `axis`, which is removed.
    #[track_caller]
    #[must_use]
    pub fn index(self, axis: impl Into<Axis>, index: usize) -> Var<'t, T> {
        self.view("index", true, |layout| layout.index(axis, index))
    }

    /// Windows of `size` places along `axis`, which may overlap: the axis counts them, a new last axis counts their places.
    /// Windows start `stride` apart, their places are `dilation` apart. Reduced over the new axis, this is pooling.
    #[track_caller]
    #[must_use]
    pub fn unfold(self, axis: impl Into<Axis>, size: usize, stride: usize, dilation: usize) -> Var<'t, T> {
        self.view("unfold", true, |layout| layout.unfold(axis, size, stride, dilation))
    }

    /// An axis of extent 1 inserted before `axis`.
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: impl Into<Axis>) -> Var<'t, T> {
        self.view("unsqueeze", true, |layout| layout.unsqueeze(axis))
    }

    /// `axis`, of extent 1, removed.
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: impl Into<Axis>) -> Var<'t, T> {
        self.view("squeeze", true, |layout| layout.squeeze(axis))
    }

    /// The same elements in row-major order under another shape, in which one extent may be −1: it is what the others leave.
    /// A view where the layout allows, else a copy.
    #[track_caller]
    #[must_use]
    pub fn reshape(self, extents: impl Into<Extents>) -> Var<'t, T> {
        let extents = extents.into();
        self.reshape_to("reshape", |shape| extents.of_size(shape.size()))
    }

    /// The axes of this range joined into one: `flatten(1..)` makes `[samples, channels, height, width]`
    /// `[samples, channels · height · width]`. A view where the layout allows, else a copy.
    #[track_caller]
    #[must_use]
    pub fn flatten(self, axes: impl RangeBounds<usize>) -> Var<'t, T> {
        let bounds = (axes.start_bound().cloned(), axes.end_bound().cloned());
        self.reshape_to("flatten", |shape| {
            let start = match bounds.0 {
                Bound::Included(first) => Some(first),
                Bound::Excluded(before) => before.checked_add(1),
                Bound::Unbounded => Some(0),
            };
            let end = match bounds.1 {
                Bound::Included(last) => last.checked_add(1),
                Bound::Excluded(end) => Some(end),
                Bound::Unbounded => Some(shape.rank()),
            };
            let (Some(start), Some(end)) = (start, end.filter(|&end| end <= shape.rank())) else {
                return Err(Mismatch::new(format!("the axes are 0..{}", shape.rank())));
            };
            let Some(joined) = shape.get(start..end) else {
                return Err(Mismatch::new(format!("axes {start}..{end} are no range of the axes 0..{}", shape.rank())));
            };
            let extent = joined.iter().product();
            Ok(shape[..start].iter().copied().chain([extent]).chain(shape[end..].iter().copied()).collect())
        })
    }

    /// `axis` split into several, of these extents, of which one may be −1: it is what the others leave. A view where the
    /// layout allows, else a copy.
    #[track_caller]
    #[must_use]
    pub fn split_axis(self, axis: impl Into<Axis>, extents: impl Into<Extents>) -> Var<'t, T> {
        let (axis, extents) = (axis.into(), extents.into());
        self.reshape_to("split_axis", |shape| {
            let axis = shape.check_axis(axis)?;
            let parts = extents.of_size(shape[axis])?;
            Ok([&shape[..axis], &parts[..], &shape[axis + 1..]].concat().into_iter().collect())
        })
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The number of `axis` from the front, of an operation that is about to be recorded. Where there is no such axis, that is
    /// its mistake, and a number that it refuses.
    #[track_caller]
    pub(crate) fn axis(self, op: &'static str, axis: impl Into<Axis>) -> usize {
        let axis = axis.into();
        if let Axis::FromStart(axis) = axis {
            return axis;
        }
        let checked = match self.recording.graph.borrow().nodes.get(self.id as usize) {
            Some(node) => node.layout.shape().check_axis(axis),
            None => return usize::MAX,
        };
        checked.unwrap_or_else(|mismatch| {
            self.recording.refuse(op, mismatch, &[self.id], Location::caller());
            usize::MAX
        })
    }

    /// The number from the front of a new axis, which is `axis` of the result.
    pub(crate) fn new_axis(self, axis: impl Into<Axis>) -> usize {
        let rank =
            self.recording.graph.borrow().nodes.get(self.id as usize).map_or(0, |node| node.layout.shape().rank());
        axis.into().within(rank + 1).unwrap_or(usize::MAX)
    }

    /// A part of what this value's operation kept for backward, from `start`, through which no gradient flows.
    #[track_caller]
    pub(crate) fn saved(self, start: usize, shape: Shape) -> Var<'t, T> {
        if self.id == POISON {
            return self;
        }
        let pushed = self.recording.graph.borrow_mut().push_saved(self.id, start, shape, Location::caller());
        self.recording.pushed("saved", pushed, Location::caller())
    }

    /// The same elements under the shape that `of` makes of this one.
    #[track_caller]
    fn reshape_to(self, op: &'static str, of: impl FnOnce(&Shape) -> Result<Shape, Mismatch>) -> Var<'t, T> {
        if self.id == POISON {
            return self;
        }
        let location = Location::caller();
        let derived = {
            let graph = self.recording.graph.borrow();
            let layout = &graph.nodes[self.id as usize].layout;
            of(layout.shape()).and_then(|shape| Ok((layout.reshape(&shape)?.is_some(), shape)))
        };
        match derived {
            Ok((is_view, shape)) => {
                let source = if is_view { self } else { self.contiguous() };
                source.view(op, true, |layout| {
                    layout.reshape(&shape)?.ok_or_else(|| Mismatch::new("a dense value has every shape"))
                })
            }
            Err(mismatch) => self.recording.refuse(op, mismatch, &[self.id], location),
        }
    }

    #[track_caller]
    fn view(
        self,
        name: &'static str,
        keeps_gradient: bool,
        derive: impl FnOnce(&Layout) -> Result<Layout, Mismatch>,
    ) -> Var<'t, T> {
        let location = Location::caller();
        if self.id == POISON {
            return self;
        }
        let derived = derive(&self.recording.graph.borrow().nodes[self.id as usize].layout);
        match derived {
            Ok(layout) => {
                let pushed = self.recording.graph.borrow_mut().push_view(self.id, layout, keeps_gradient, location);
                self.recording.pushed(name, pushed, location)
            }
            Err(mismatch) => self.recording.refuse(name, mismatch, &[self.id], location),
        }
    }
}
