//! Every built-in operation with a way to draw cases: what the laws in `tests/` sweep.
//!
//! An operation's entry stands beside its rule, in its family's file; a test compares this list with the sources.

use std::fmt::Debug;

use smallvec::SmallVec;

use crate::dual::Dual;
use crate::op::Op;
use crate::ops;
use crate::real::Real;
use crate::shape::Shape;

/// An operation and a way to draw cases of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The operation's name, as [`Op::name`] gives it.
    pub name: &'static str,
    /// Draws attributes and the shapes and values of the inputs.
    pub draw: fn(&mut Choices<'_>) -> Case,
}

/// One application of an operation: attributes and inputs.
#[derive(Debug)]
pub struct Case {
    /// The operation.
    pub op: Box<dyn AnyScalar>,
    /// What each input is drawn from.
    pub inputs: Vec<Sample>,
}

/// The shape of an input, and where its values come from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The extents.
    pub shape: Shape,
    /// The values.
    pub domain: Domain,
}

/// Values that an operation can be tried at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// Between the first two numbers, at least 0.05 away from each number of the list: the operation's kinks.
    Between(f64, f64, &'static [f64]),
    /// No two equal: multiples of 0.1 shifted by a fraction, so that inputs of different shift never tie.
    Distinct(f64),
    /// Whole numbers below the bound.
    Index(usize),
    /// Zeros and ones.
    Mask,
}

/// An operation that works in every scalar.
pub trait AnyScalar: Debug + Send + Sync {
    /// For `f32`.
    fn single(&self) -> Box<dyn Op<f32>>;
    /// For `f64`.
    fn double(&self) -> Box<dyn Op<f64>>;
    /// For first derivatives.
    fn dual(&self) -> Box<dyn Op<Dual<f64>>>;
    /// For second derivatives.
    fn second(&self) -> Box<dyn Op<Dual<Dual<f64>>>>;
}

impl<O> AnyScalar for O
where
    O: Op<f32> + Op<f64> + Op<Dual<f64>> + Op<Dual<Dual<f64>>> + Clone + Sync,
{
    fn single(&self) -> Box<dyn Op<f32>> {
        Box::new(self.clone())
    }
    fn double(&self) -> Box<dyn Op<f64>> {
        Box::new(self.clone())
    }
    fn dual(&self) -> Box<dyn Op<Dual<f64>>> {
        Box::new(self.clone())
    }
    fn second(&self) -> Box<dyn Op<Dual<Dual<f64>>>> {
        Box::new(self.clone())
    }
}

/// All built-in operations, family by family.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    ops::FAMILIES.iter().flat_map(|family| family.iter())
}

impl Case {
    /// The case of `op` at these inputs.
    pub fn new(op: impl AnyScalar + 'static, inputs: impl Into<Vec<Sample>>) -> Self {
        Case { op: Box::new(op), inputs: inputs.into() }
    }
}

impl Domain {
    /// Values at large: of either sign, none near zero.
    pub const REAL: Domain = Domain::Between(-2.0, 2.0, &[0.0]);

    /// Values of this shape.
    pub fn of(self, shape: impl Into<Shape>) -> Sample {
        Sample { shape: shape.into(), domain: self }
    }

    /// The value at row-major place `k` among `size`, made from a uniform number in [0, 1).
    pub fn value<T: Real>(self, uniform: f64, k: usize, size: usize) -> T {
        T::from_f64(match self {
            Domain::Between(low, high, kinks) => {
                let x = low + uniform * (high - low);
                let near = kinks.iter().find(|&&kink| (x - kink).abs() < 0.05);
                near.map_or(x, |kink| if x < *kink || *kink >= high { kink - 0.05 } else { kink + 0.05 })
            }
            // A stride prime to the size visits every place once, in an order that looks shuffled.
            Domain::Distinct(shift) => {
                let stride = [7, 5, 3, 2, 1].into_iter().find(|&s| !size.is_multiple_of(s)).unwrap_or(1);
                let place = (k as u128 * stride as u128 + 3) % size.max(1) as u128;
                0.1 * (place as f64 + shift) - 0.1 * (size / 2) as f64
            }
            Domain::Index(bound) => (uniform * bound as f64).floor(),
            Domain::Mask => (uniform * 2.0).floor(),
        })
    }
}

/// Numbers that cases are drawn from. Zeros, and the end of the list, mean the simplest choice, so that a property
/// test which shrinks the list shrinks the case.
#[derive(Debug)]
pub struct Choices<'a> {
    numbers: &'a [u32],
}

impl<'a> Choices<'a> {
    /// Draws from these numbers in order.
    pub fn new(numbers: &'a [u32]) -> Self {
        Choices { numbers }
    }

    /// A number below `bound`, 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let Some((&number, rest)) = self.numbers.split_first() else { return 0 };
        self.numbers = rest;
        number as usize % bound.max(1)
    }

    /// Yes or no.
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

    /// A shape of `least..=most` axes; of `least` where that is the larger.
    pub fn shape(&mut self, least: usize, most: usize) -> Shape {
        let rank = least + self.below(most.saturating_sub(least).saturating_add(1));
        (0..rank).map(|_| self.extent()).collect()
    }

    /// A shape of `least..=most` axes without extent 0.
    pub fn full_shape(&mut self, least: usize, most: usize) -> Shape {
        let shape = self.shape(least, most);
        shape.iter().map(|&extent| extent.max(1)).collect()
    }

    /// A shape that broadcasts with `shape`, to it: axes dropped in front, extents set to 1.
    pub fn narrower(&mut self, shape: &Shape) -> Shape {
        let dropped = if self.flag() { self.below(shape.rank() + 1) } else { 0 };
        let kept: SmallVec<[usize; 4]> = shape[dropped..].into();
        kept.into_iter().map(|extent| if self.below(4) == 3 { 1 } else { extent }).collect()
    }

    /// Distinct axes of a shape of this rank, ascending, perhaps none.
    pub fn axes(&mut self, rank: usize) -> SmallVec<[usize; 4]> {
        (0..rank).filter(|_| !self.flag()).collect()
    }
}
