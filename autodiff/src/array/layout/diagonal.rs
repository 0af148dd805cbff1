//! The diagonal of matrices.

use super::{Layout, Strides};
use crate::array::Shape;
use crate::error::Mismatch;

impl Layout {
    /// The diagonal of each matrix `[.., m, n]`: `[.., min(m, n)]`. A step along it is one along both axes.
    ///
    /// # Errors
    /// If there are fewer than two axes.
    pub fn diagonal(&self) -> Result<Layout, Mismatch> {
        let ([.., rows, columns], [.., down, across]) = (&self.shape[..], &self.strides[..]) else {
            return Err(Mismatch::new("a matrix has two axes"));
        };
        let (batch, length) = (self.shape.rank() - 2, *rows.min(columns));
        // The step to a second element, which is within the memory if there is one.
        let step = if length > 1 { down + across } else { 0 };
        let shape: Shape = self.shape[..batch].iter().copied().chain([length]).collect();
        let strides: Strides = self.strides[..batch].iter().copied().chain([step]).collect();
        Ok(Layout::new(shape, strides, self.offset))
    }
}
