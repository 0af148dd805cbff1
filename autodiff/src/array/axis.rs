//! [`Axis`]: an axis of an array, counted from either end.

use std::fmt;

use super::Shape;
use crate::error::Mismatch;

/// An axis of an array, made from an integer. As in numpy, 0 is the outermost axis and −1 the innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Counted from the outermost axis, which is 0.
    FromStart(usize),
    /// Counted from the innermost axis, which is 1.
    FromEnd(usize),
}

impl Axis {
    /// The index from the outermost of `rank` axes; `None` if it is out of range.
    pub fn within(self, rank: usize) -> Option<usize> {
        match self {
            Axis::FromStart(axis) => (axis < rank).then_some(axis),
            Axis::FromEnd(axis) => rank.checked_sub(axis).filter(|&axis| axis < rank),
        }
    }
}

impl Shape {
    /// The index of `axis` from the outermost axis.
    ///
    /// # Errors
    /// If it is out of range.
    pub fn check_axis(&self, axis: impl Into<Axis>) -> Result<usize, Mismatch> {
        let (axis, rank) = (axis.into(), self.rank());
        axis.within(rank).ok_or_else(|| {
            let there_are = match (rank, axis) {
                (0, _) => "a scalar has no axes".to_owned(),
                (_, Axis::FromStart(_)) => format!("axes are 0..{rank}"),
                (_, Axis::FromEnd(_)) => format!("axes are -{rank}..{rank}"),
            };
            Mismatch::new(format!("axis {axis} is out of range ({there_are})"))
        })
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axis::FromStart(axis) => write!(f, "{axis}"),
            Axis::FromEnd(axis) => write!(f, "-{axis}"),
        }
    }
}

impl From<usize> for Axis {
    fn from(axis: usize) -> Self {
        Axis::FromStart(axis)
    }
}

impl From<isize> for Axis {
    fn from(axis: isize) -> Self {
        if axis < 0 { Axis::FromEnd(axis.unsigned_abs()) } else { Axis::FromStart(axis.unsigned_abs()) }
    }
}

impl From<i32> for Axis {
    fn from(axis: i32) -> Self {
        Axis::from(axis as isize)
    }
}
