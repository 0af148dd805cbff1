//! Division of a step among threads.

use std::ops::Range;

use autodiff::{Error, ParamVec, Real};
use smallvec::SmallVec;

use super::blocks::BLOCK;

/// The most entries of a part: enough that handing one to another thread, which may have to be woken, pays.
const ENTRIES: usize = 64 * BLOCK;

/// A slice of each buffer of a rule.
pub(super) type Buffers<'s, T> = SmallVec<[&'s mut [T]; 3]>;

/// A range of the flat vectors, with what a step changes there.
#[derive(Debug)]
pub(super) struct Part<'s, T> {
    pub(super) range: Range<usize>,
    values: &'s mut [T],
    buffers: Buffers<'s, T>,
}

impl<'s, T: Real> Part<'s, T> {
    pub(super) fn whole(values: &'s mut [T], buffers: &'s mut [ParamVec<T>]) -> Self {
        Part { range: 0..values.len(), values, buffers: buffers.iter_mut().map(ParamVec::flat_mut).collect() }
    }

    /// Values and buffers of a block, given by its range of the flat vectors.
    pub(super) fn block(&mut self, block: Range<usize>) -> (&mut [T], Buffers<'_, T>) {
        let own = block.start - self.range.start..block.end - self.range.start;
        let buffers = self.buffers.iter_mut().map(|buffer| &mut buffer[own.clone()]).collect();
        (&mut self.values[own], buffers)
    }

    /// Calls `work` for parts of this one, on all threads if there are many entries. How it is divided depends on its length
    /// alone.
    pub(super) fn divide(self, work: &(impl Fn(Self) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        if self.range.len() <= ENTRIES {
            return work(self);
        }
        let (left, right) = self.halves();
        let (left, right) = rayon::join(|| left.divide(work), || right.divide(work));
        left.and(right)
    }

    fn halves(self) -> (Self, Self) {
        let half = (self.range.len() / 2).next_multiple_of(BLOCK);
        let middle = self.range.start + half;
        let (first, second) = self.values.split_at_mut(half);
        let (left, right) = self.buffers.into_iter().map(|buffer| buffer.split_at_mut(half)).unzip();
        (
            Part { range: self.range.start..middle, values: first, buffers: left },
            Part { range: middle..self.range.end, values: second, buffers: right },
        )
    }
}
