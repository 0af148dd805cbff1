//! Draws a case from a list of numbers.

use smallvec::SmallVec;

use crate::array::Shape;

/// A list of numbers that determines a case. Zeros, and the end of the list, mean the simplest choice, so that a property
/// test that shrinks the list shrinks the case.
#[derive(Debug)]
pub struct Choices<'a> {
    numbers: &'a [u32],
}

impl<'a> Choices<'a> {
    /// Draws from these numbers in order.
    pub fn new(numbers: &'a [u32]) -> Self {
        Choices { numbers }
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let Some((&number, rest)) = self.numbers.split_first() else { return 0 };
        self.numbers = rest;
        number as usize % bound.max(1)
    }

    /// A boolean.
    pub fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// An extent: mostly small and unequal, one in seven 1, one in fourteen 0.
    pub fn extent(&mut self) -> usize {
        [2, 3, 4, 5, 1, 3, 2, 5, 7, 4, 1, 2, 3, 0][self.below(14)]
    }

    /// An extent that is not 0.
    pub fn positive(&mut self) -> usize {
        self.extent().max(1)
    }

    /// A shape with `least..=most` axes; with `least` axes if `least` is larger.
    pub fn shape(&mut self, least: usize, most: usize) -> Shape {
        let rank = least + self.below(most.saturating_sub(least).saturating_add(1));
        (0..rank).map(|_| self.extent()).collect()
    }

    /// A shape of `least..=most` axes without extent 0.
    pub fn full_shape(&mut self, least: usize, most: usize) -> Shape {
        let shape = self.shape(least, most);
        shape.iter().map(|&extent| extent.max(1)).collect()
    }

    /// A shape that broadcasts to `shape`: leading axes dropped, extents set to 1.
    pub fn narrower(&mut self, shape: &Shape) -> Shape {
        let dropped = if self.flag() { self.below(shape.rank() + 1) } else { 0 };
        let kept: SmallVec<[usize; 4]> = shape[dropped..].into();
        kept.into_iter().map(|extent| if self.below(4) == 3 { 1 } else { extent }).collect()
    }

    /// Distinct axes of a shape of this rank, in ascending order; possibly none.
    pub fn axes(&mut self, rank: usize) -> SmallVec<[usize; 4]> {
        (0..rank).filter(|_| !self.flag()).collect()
    }
}
