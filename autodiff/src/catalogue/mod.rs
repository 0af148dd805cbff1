//! Test cases of the built-in operations, swept by the tests in `tests/laws`.
//!
//! Each operation has an [`Entry`] in its family's file of `ops/`; [`ops::entries`](crate::ops::entries) lists them, and a
//! test compares that list with the sources.

mod choices;

pub use choices::Choices;

use crate::array::Shape;
use crate::op::AnyScalar;
use crate::scalar::Real;

/// An operation and a way to draw cases of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The operation's name, as [`Op::name`](crate::op::Op::name) gives it.
    pub name: &'static str,
    /// Draws attributes and the shapes and values of the inputs.
    pub draw: fn(&mut Choices<'_>) -> Case,
}

/// One application of an operation: its attributes and inputs.
#[derive(Debug)]
pub struct Case {
    /// The operation.
    pub op: Box<dyn AnyScalar>,
    /// The shape and domain of each input.
    pub inputs: Vec<Sample>,
}

/// The shape of an input and the domain of its values.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The extents.
    pub shape: Shape,
    /// The values.
    pub domain: Domain,
}

/// The domain of an input's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// Between the first two numbers, at least 0.05 away from each number of the list: the operation's kinks.
    Between(f64, f64, &'static [f64]),
    /// Pairwise distinct: multiples of 0.1 plus this fraction of 0.1, so that inputs of different fractions never tie.
    Distinct(f64),
    /// Whole numbers below the bound.
    Index(usize),
    /// Zeros and ones.
    Mask,
    /// Matrices of this many columns: 3, 6, 9, … on the diagonal and numbers within ±0.25 beside it. Square ones of up to four
    /// columns are well conditioned, have positive definite symmetric parts with eigenvalues far apart, and stay so while a
    /// checker moves them.
    Dominant(usize),
}

impl Case {
    /// The case of `op` with these inputs.
    pub fn new(op: impl AnyScalar + 'static, inputs: impl Into<Vec<Sample>>) -> Self {
        Case { op: Box::new(op), inputs: inputs.into() }
    }
}

impl Domain {
    /// Real numbers of either sign, none near zero.
    pub const REAL: Domain = Domain::Between(-2.0, 2.0, &[0.0]);

    /// An input of this shape with values in the domain.
    pub fn sample(self, shape: impl Into<Shape>) -> Sample {
        Sample { shape: shape.into(), domain: self }
    }

    /// The value at row-major index `k` of `size`, from a uniform number in [0, 1).
    pub fn value<T: Real>(self, uniform: f64, k: usize, size: usize) -> T {
        T::from_f64(match self {
            Domain::Between(low, high, kinks) => {
                let x = low + uniform * (high - low);
                let near = kinks.iter().find(|&&kink| (x - kink).abs() < 0.05);
                near.map_or(x, |kink| if x < *kink || *kink >= high { kink - 0.05 } else { kink + 0.05 })
            }
            // A stride coprime to the size visits every index once, in an order that looks shuffled.
            Domain::Distinct(shift) => {
                let stride = [7, 5, 3, 2, 1].into_iter().find(|&s| !size.is_multiple_of(s)).unwrap_or(1);
                let shuffled = (k as u128 * stride as u128 + 3) % size.max(1) as u128;
                0.1 * (shuffled as f64 + shift) - 0.1 * (size / 2) as f64
            }
            Domain::Index(bound) => (uniform * bound as f64).floor(),
            Domain::Mask => (uniform * 2.0).floor(),
            Domain::Dominant(columns) => {
                let side = columns.max(1);
                let (row, column) = (k / side % side, k % side);
                let diagonal = if row == column { 3.0 * (row + 1) as f64 } else { 0.0 };
                diagonal + 0.5 * uniform - 0.25
            }
        })
    }
}
