//! An arena lent in part: all but what is being written, in safe code.

use std::ops::Range;

use crate::kernel::{Lanes, PerLane};

/// An arena to read, but for a part that is lent to somebody else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lent<'a, T> {
    below: &'a [T],
    above: &'a [T],
    /// Where `above` begins.
    end: usize,
}

impl<'a, T> Lent<'a, T> {
    /// The whole arena.
    pub(crate) fn whole(arena: &'a [T]) -> Self {
        Lent { below: arena, above: &[], end: arena.len() }
    }

    /// Lends `part` for writing and the rest for reading.
    pub(crate) fn around(arena: &'a mut [T], part: Range<usize>) -> (&'a mut [T], Self) {
        let (below, rest) = arena.split_at_mut(part.start);
        let (lent, above) = rest.split_at_mut(part.len());
        (lent, Lent { below, above, end: part.end })
    }

    pub(crate) fn get(self, start: usize, length: usize) -> &'a [T] {
        match start.checked_sub(self.end) {
            Some(start) => &self.above[start..start + length],
            None => &self.below[start..start + length],
        }
    }
}

/// As [`Lent`], to be written.
#[derive(Debug)]
pub(crate) struct LentMut<'a, T> {
    below: &'a mut [T],
    above: &'a mut [T],
    end: usize,
}

impl<'a, T> LentMut<'a, T> {
    pub(crate) fn whole(arena: &'a mut [T]) -> Self {
        let end = arena.len();
        LentMut { below: arena, above: &mut [], end }
    }

    /// Lends `part` and, apart from it, the rest.
    pub(crate) fn around(arena: &'a mut [T], part: Range<usize>) -> (&'a mut [T], Self) {
        let (below, rest) = arena.split_at_mut(part.start);
        let (lent, above) = rest.split_at_mut(part.len());
        (lent, LentMut { below, above, end: part.end })
    }

    pub(crate) fn get(&mut self, start: usize, length: usize) -> &mut [T] {
        match start.checked_sub(self.end) {
            Some(start) => &mut self.above[start..start + length],
            None => &mut self.below[start..start + length],
        }
    }
}

/// Lends several arrays of an arena, all of one size, and apart from them the rest to read.
#[derive(Debug)]
pub(crate) struct LentSeveral<'a, T> {
    /// What is between the arrays, each with where it begins.
    rest: PerLane<(usize, &'a [T])>,
}

impl<'a, T> LentSeveral<'a, T> {
    /// Lends `size` elements at each of these offsets, which grow in the order of `sorted`; `None` for those without one.
    pub(crate) fn around(
        arena: &'a mut [T],
        offsets: &[Option<usize>],
        sorted: &[usize],
        size: usize,
    ) -> (Lanes<'a, T>, Self) {
        let mut lanes: Lanes<'a, T> = offsets.iter().map(|_| None).collect();
        let (mut rest, mut left, mut end) = (PerLane::new(), arena, 0);
        for &lane in sorted {
            let Some(offset) = offsets[lane] else { continue };
            let (below, others) = left.split_at_mut(offset - end);
            let (own, above) = others.split_at_mut(size);
            rest.push((end, &*below));
            lanes[lane] = Some(own);
            (left, end) = (above, offset + size);
        }
        rest.push((end, &*left));
        (lanes, LentSeveral { rest })
    }

    /// What lies at `start`, outside of what is lent.
    pub(crate) fn get(&self, start: usize, length: usize) -> &'a [T] {
        let after = self.rest.partition_point(|&(begin, _)| begin <= start);
        let (begin, slice) = self.rest[after - 1];
        &slice[start - begin..][..length]
    }
}
