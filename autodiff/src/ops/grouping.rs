//! Views as contiguous arrays whose groups lie along one axis.

use smallvec::SmallVec;

use super::axes::Axes;
use crate::array::{Layout, View, ViewMut};
use crate::kernel::{Grouped, with_scratch};
use crate::scalar::Real;

/// Groups of elements that must be copied become columns if they have fewer elements than this, otherwise rows.
const SHORT: usize = 32;

/// The elements of a layout in groups.
pub(super) struct Grouping {
    pub(super) grouped: Grouped,
    /// The axes in an order in which the groups lie along one; `None` if they already do.
    order: Option<SmallVec<[usize; 4]>>,
}

impl Grouping {
    /// The groups along `axes`, in the order of the reduction's result.
    pub(super) fn new(axes: &Axes, layout: &Layout) -> Self {
        let shape = layout.shape();
        let (kept, reduced): (SmallVec<[usize; 4]>, SmallVec<[usize; 4]>) =
            (0..shape.rank()).partition(|&axis| !axes.contains(axis, shape.rank()));
        // Beside an extent of 0, the others may be of any size.
        let size = |axes: &[usize]| axes.iter().fold(1_usize, |size, &axis| size.saturating_mul(shape[axis]));
        let neighbors = kept.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let (rows, columns) = ((1, size(&reduced)), (size(&reduced), 1));
        let (copied, short) = (layout.dense_range().is_none(), size(&reduced) < SHORT);
        let ((before, after), order) = match kept.first() {
            None => (rows, None),
            Some(_) if copied && short => (columns, Some(reduced.iter().chain(&kept).copied().collect())),
            Some(&first) if neighbors => ((size(&reduced[..first]), size(&reduced[first..])), None),
            Some(_) => (rows, Some(kept.iter().chain(&reduced).copied().collect())),
        };
        Grouping { grouped: Grouped { before, groups: size(&kept), after }, order }
    }

    /// The same elements in an order in which the groups lie along one axis.
    fn arrange(&self, layout: &Layout) -> Layout {
        let permuted = self.order.as_ref().and_then(|order| layout.permute(&order[..]).ok());
        permuted.unwrap_or_else(|| layout.clone())
    }

    /// Calls `work` with views as contiguous arrays.
    pub(super) fn with<T: Real, const A: usize>(&self, views: [View<'_, T>; A], work: impl FnOnce([&[T]; A])) {
        let layouts = views.map(|view| self.arrange(view.layout()));
        let arranged: [View<'_, T>; A] = std::array::from_fn(|a| views[a].through(&layouts[a]));
        let copied = arranged.map(|view| if view.dense().is_some() { 0 } else { view.shape().size() });
        with_scratch(copied.iter().sum(), |scratch| {
            let mut rest = scratch;
            let mut slices: [&[T]; A] = [&[]; A];
            for ((slice, view), length) in slices.iter_mut().zip(&arranged).zip(copied) {
                let (copy, others) = rest.split_at_mut(length);
                rest = others;
                *slice = match view.dense() {
                    Some(data) => data,
                    None => {
                        view.copy_to(copy);
                        copy
                    }
                };
            }
            work(slices);
        });
    }

    /// Writes `value(numbers of the group, element)` for each element of a view, in row-major order.
    pub(super) fn write<T: Real, const P: usize>(
        &self,
        output: &mut [T],
        numbers: [&[T]; P],
        x: View<'_, T>,
        value: impl Fn([T; P], T) -> T + Sync,
    ) {
        let dense = Layout::dense(x.shape().clone());
        let mut fresh = true;
        let output = ViewMut::over_fresh(output, &dense, &mut fresh);
        self.add(output, numbers, [x], |numbers, [x]| value(numbers, x));
    }

    /// Adds `term(numbers of the group, elements)` to each element of a gradient.
    pub(super) fn add<T: Real, const A: usize, const P: usize>(
        &self,
        mut grad: ViewMut<'_, T>,
        numbers: [&[T]; P],
        views: [View<'_, T>; A],
        term: impl Fn([T; P], [T; A]) -> T + Sync,
    ) {
        let layout = self.arrange(grad.layout());
        let grouped = self.grouped;
        self.with(views, |arrays| {
            grad.through(&layout).add_into(|sums, fresh| match fresh {
                true => grouped.map(numbers, arrays, sums, term, |to, term| *to = term),
                false => grouped.map(numbers, arrays, sums, term, |to, term| *to += term),
            });
        });
    }
}
