//! Views of a [`Var`]: nodes that share their base's memory in both arenas.

use std::ops::{Bound, Range, RangeBounds};
use std::panic::Location;

use super::{Detach, POISON, Var};
use crate::array::{Axis, Extents, Layout, Shape};
use crate::error::Mismatch;
use crate::scalar::Real;

/// # Views
///
/// Views move no data and have no pullback: a consumer adds its cotangent through the view's strides.
impl<'t, T: Real> Var<'t, T> {
    /// The same value without gradient, and in dual numbers without tangents, as PyTorch's `detach` and JAX's
    /// `stop_gradient`.
    #[track_caller]
    #[must_use]
    pub fn detach(self) -> Var<'t, T> {
        // A view shares its base's memory, where tangents stand beside the values.
        let constant = if T::HAS_TANGENTS { self.recording().apply(Detach, [self]) } else { self };
        constant.view("detach", false, |layout| Ok(layout.clone()))
    }

    /// Reorders axes: axis `i` of the result is axis `axes[i]` of this value.
    #[track_caller]
    #[must_use]
    pub fn permute(self, axes: &[impl Into<Axis> + Copy]) -> Var<'t, T> {
        self.view("permute", true, |layout| layout.permute(axes))
    }

    /// Swaps two axes.
    #[track_caller]
    #[must_use]
    pub fn transpose(self, first: impl Into<Axis>, second: impl Into<Axis>) -> Var<'t, T> {
        self.view("transpose", true, |layout| layout.transpose(first, second))
    }

    /// Transposes matrices: swaps the last two axes.
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Var<'t, T> {
        self.view("t", true, |layout| match layout.shape().rank() {
            rank if rank >= 2 => layout.transpose(rank - 2, rank - 1),
            _ => Err(Mismatch::new("a matrix has two axes")),
        })
    }

    /// The diagonal of each matrix: `[.., m, n]` gives `[.., min(m, n)]`. [`diag`](Var::diag) makes a matrix of a diagonal.
    #[track_caller]
    #[must_use]
    pub fn diagonal(self) -> Var<'t, T> {
        self.view("diagonal", true, Layout::diagonal)
    }

    /// Broadcasts to `shape` by numpy's rule; the gradient is summed over the broadcast axes.
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var<'t, T> {
        let shape = shape.into();
        self.view("broadcast_to", true, |layout| layout.broadcast_to(&shape))
    }

    /// The elements with indices `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow(self, axis: impl Into<Axis>, range: Range<usize>) -> Var<'t, T> {
        self.view("narrow", true, |layout| layout.narrow(axis, range.start, range.end, 1))
    }

    /// Every `step`-th of the elements with indices `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow_by(self, axis: impl Into<Axis>, range: Range<usize>, step: usize) -> Var<'t, T> {
        self.view("narrow_by", true, |layout| layout.narrow(axis, range.start, range.end, step))
    }

    /// The slice at `index` along `axis`, which is removed.
    #[track_caller]
    #[must_use]
    pub fn index(self, axis: impl Into<Axis>, index: usize) -> Var<'t, T> {
        self.view("index", true, |layout| layout.index(axis, index))
    }

    /// Windows of `size` elements along `axis`, `stride` apart, with elements `dilation` apart; windows may overlap. `axis`
    /// becomes the index of the window, a new last axis the index within it, as in PyTorch's `unfold`. Pooling is a
    /// reduction over the new axis.
    #[track_caller]
    #[must_use]
    pub fn unfold(self, axis: impl Into<Axis>, size: usize, stride: usize, dilation: usize) -> Var<'t, T> {
        self.view("unfold", true, |layout| layout.unfold(axis, size, stride, dilation))
    }

    /// Inserts an axis of extent 1 before `axis`.
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: impl Into<Axis>) -> Var<'t, T> {
        self.view("unsqueeze", true, |layout| layout.unsqueeze(axis))
    }

    /// Removes `axis`, which must have extent 1.
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: impl Into<Axis>) -> Var<'t, T> {
        self.view("squeeze", true, |layout| layout.squeeze(axis))
    }

    /// The same elements in row-major order in another shape. One extent may be −1: it is inferred from the others. A view
    /// if the strides allow it, otherwise a copy.
    #[track_caller]
    #[must_use]
    pub fn reshape(self, extents: impl Into<Extents>) -> Var<'t, T> {
        let extents = extents.into();
        self.reshape_to("reshape", |shape| extents.of_size(shape.size()))
    }

    /// Joins a range of axes into one: `flatten(1..)` turns `[samples, channels, height, width]` into
    /// `[samples, channels · height · width]`. A view if the strides allow it, otherwise a copy.
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

    /// Splits `axis` into axes of these extents. One extent may be −1: it is inferred from the others. A view if the strides
    /// allow it, otherwise a copy.
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
    /// The index of `axis` from the first, for an operation about to be recorded. If there is no such axis, stores that as a
    /// mistake of the operation and returns an index that its shape rule rejects.
    #[track_caller]
    pub(crate) fn axis(self, op: &'static str, axis: impl Into<Axis>) -> usize {
        let axis = axis.into();
        if let Axis::FromStart(axis) = axis {
            return axis;
        }
        if self.id == POISON {
            return usize::MAX;
        }
        let checked = self.recording.graph.borrow().nodes.shape(self.id as usize).check_axis(axis);
        checked.unwrap_or_else(|mismatch| {
            self.recording.refuse(op, mismatch, &[self.id], Location::caller());
            usize::MAX
        })
    }

    /// The index from the first of a new axis, which is `axis` of the result.
    pub(crate) fn new_axis(self, axis: impl Into<Axis>) -> usize {
        let rank = match self.id {
            POISON => 0,
            id => self.recording.graph.borrow().nodes.shape(id as usize).rank(),
        };
        axis.into().within(rank + 1).unwrap_or(usize::MAX)
    }

    /// The same elements in the shape that `derive` computes from this one.
    #[track_caller]
    fn reshape_to(self, op: &'static str, derive: impl FnOnce(&Shape) -> Result<Shape, Mismatch>) -> Var<'t, T> {
        if self.id == POISON {
            return self;
        }
        let location = Location::caller();
        let derived = {
            let graph = self.recording.graph.borrow();
            let layout = graph.nodes.layout(self.id as usize);
            derive(layout.shape()).and_then(|shape| Ok((layout.reshape(&shape)?.is_some(), shape)))
        };
        match derived {
            Ok((is_view, shape)) => {
                let source = if is_view { self } else { self.contiguous() };
                source.view(op, true, |layout| {
                    layout.reshape(&shape)?.ok_or_else(|| Mismatch::new("a contiguous value can have any shape"))
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
        let derived = derive(self.recording.graph.borrow().nodes.layout(self.id as usize));
        match derived {
            Ok(layout) => {
                let pushed = self.recording.graph.borrow_mut().push_view(self.id, layout, keeps_gradient, location);
                self.recording.pushed(name, pushed, location)
            }
            Err(mismatch) => self.recording.refuse(name, mismatch, &[self.id], location),
        }
    }
}
