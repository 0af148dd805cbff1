//! Traverses the elements of a layout.

use std::ops::Range;

use smallvec::SmallVec;

use crate::array::Layout;
use crate::kernel::{dispatch, reduce};
use crate::scalar::Real;

/// Runs of at least this length use a loop compiled for wider instructions.
const LONG: usize = 32;

impl Layout {
    /// The offsets of the elements in memory, in row-major order.
    pub fn offsets(&self) -> impl Iterator<Item = usize> + use<> {
        let mut cursor = Cursor::new(self);
        let mut remaining = self.shape().size();
        std::iter::from_fn(move || {
            remaining = remaining.checked_sub(1)?;
            let (offset, _, _) = cursor.advance(1);
            Some(offset)
        })
    }
}

/// An axis of a cursor: its extent, its stride and the index along it.
pub(crate) type CursorAxis = (usize, usize, usize);

/// A position in a layout, moved in row-major order by runs along the innermost axis.
pub(crate) struct Cursor {
    /// Outer to inner; axes that are contiguous with each other are joined.
    pub(crate) axes: SmallVec<[CursorAxis; 4]>,
    pub(crate) offset: usize,
}

impl Cursor {
    pub(crate) fn new(layout: &Layout) -> Self {
        let mut axes: SmallVec<[CursorAxis; 4]> = SmallVec::new();
        for (&extent, &stride) in layout.shape().iter().zip(layout.strides()) {
            match axes.last_mut() {
                _ if extent == 1 => {}
                Some(outer) if stride.checked_mul(extent) == Some(outer.1) => {
                    *outer = (outer.0.saturating_mul(extent), stride, 0);
                }
                _ => axes.push((extent, stride, 0)),
            }
        }
        Cursor::over(axes, layout.offset())
    }

    pub(crate) fn over(mut axes: SmallVec<[CursorAxis; 4]>, offset: usize) -> Self {
        if axes.is_empty() {
            axes.push((1, 0, 0));
        }
        Cursor { axes, offset }
    }

    /// Advances by at most `limit` elements along the innermost axis; returns (offset, stride, length) of that run.
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

    /// Calls `visit(range, offset, stride)` for each run of the next `length` elements.
    #[inline(always)]
    pub(crate) fn for_each_run(&mut self, length: usize, mut visit: impl FnMut(Range<usize>, usize, usize)) {
        let mut done = 0;
        while done < length {
            let (offset, stride, run) = self.advance(length - done);
            visit(done..done + run, offset, stride);
            done += run;
        }
    }

    /// Reads the next elements.
    pub(crate) fn gather<T: Real>(&mut self, data: &[T], output: &mut [T]) {
        self.for_each_run(output.len(), |which, offset, stride| {
            let run = &mut output[which];
            match stride {
                0 => run.fill(data[offset]),
                1 => run.copy_from_slice(&data[offset..offset + run.len()]),
                _ => run.iter_mut().zip(data[offset..].iter().step_by(stride)).for_each(|(y, &x)| *y = x),
            }
        });
    }

    /// Adds `amounts` to the next elements, by `add(element, amount)`.
    pub(crate) fn scatter_add<T: Real, S>(
        &mut self,
        amounts: &[T],
        sums: &mut [S],
        add: impl Fn(&mut S, T::Accumulator),
    ) {
        self.for_each_run(amounts.len(), |which, offset, stride| {
            let (run, sums) = (&amounts[which], &mut sums[offset..]);
            match stride {
                0 => add(&mut sums[0], reduce::sum(run)),
                1 if run.len() >= LONG => {
                    dispatch(|| sums.iter_mut().zip(run).for_each(|(sum, &amount)| add(sum, amount.widen())));
                }
                1 => sums.iter_mut().zip(run).for_each(|(sum, &amount)| add(sum, amount.widen())),
                _ => sums.iter_mut().step_by(stride).zip(run).for_each(|(sum, &amount)| add(sum, amount.widen())),
            }
        });
    }

    /// Whether runs are long and contiguous.
    pub(crate) fn has_rows(&self) -> bool {
        self.axes.last().is_some_and(|&(extent, stride, _)| stride == 1 && extent >= LONG)
    }
}
