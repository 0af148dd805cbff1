//! Division of a step among threads.

use std::ops::Range;

use autodiff::op::for_each_part;
use autodiff::{Error, Real};
use smallvec::SmallVec;

use super::blocks::BLOCK;

/// The fewest entries of a part, enough that handing one to another thread pays.
const ENTRIES: usize = 16 * BLOCK;

/// The most parts.
const PARTS: usize = 8;

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
    /// A range of all parameters, and the buffers of that range.
    pub(super) fn new(range: &Range<usize>, params: &'s mut [T], buffers: &'s mut [Vec<T>]) -> Self {
        let values = &mut params[range.clone()];
        Part { range: range.clone(), values, buffers: buffers.iter_mut().map(Vec::as_mut_slice).collect() }
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
        let entries = self.range.len().div_ceil(PARTS).next_multiple_of(BLOCK).max(ENTRIES);
        let mut parts = SmallVec::<[(Option<Self>, Result<(), Error>); PARTS]>::new();
        let mut rest = self;
        while rest.range.len() > entries {
            let (first, others) = rest.split_at(entries);
            parts.push((Some(first), Ok(())));
            rest = others;
        }
        parts.push((Some(rest), Ok(())));
        for_each_part(&mut parts, 1, |_, parts| {
            for (part, outcome) in parts {
                *outcome = part.take().map_or(Ok(()), work);
            }
        });
        parts.into_iter().try_for_each(|(_, outcome)| outcome)
    }

    fn split_at(self, entries: usize) -> (Self, Self) {
        let middle = self.range.start + entries;
        let (first, second) = self.values.split_at_mut(entries);
        let (left, right) = self.buffers.into_iter().map(|buffer| buffer.split_at_mut(entries)).unzip();
        (
            Part { range: self.range.start..middle, values: first, buffers: left },
            Part { range: middle..self.range.end, values: second, buffers: right },
        )
    }
}
