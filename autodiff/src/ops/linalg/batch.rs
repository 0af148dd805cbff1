//! Matrices with batch axes in front.

use crate::array::Shape;
use crate::error::Mismatch;

/// The batch axes of a shape, and the extents of its matrices.
pub(super) fn matrices(shape: &Shape) -> Result<(Shape, [usize; 2]), Mismatch> {
    match shape[..] {
        [ref batch @ .., rows, columns] => Ok((Shape::new(batch), [rows, columns])),
        _ => Err(Mismatch::new("a matrix has two axes")),
    }
}

/// The batch axes of a shape, and the side of its matrices, which must be square: `what` is what only such a matrix has.
pub(super) fn square(shape: &Shape, what: &str) -> Result<(Shape, usize), Mismatch> {
    match matrices(shape)? {
        (batch, [rows, columns]) if rows == columns => Ok((batch, rows)),
        _ => Err(Mismatch::new(format!("only a square matrix {what}"))),
    }
}

/// The shape of a batch of arrays with these extents.
pub(super) fn stacked(batch: &Shape, extents: impl IntoIterator<Item = usize>) -> Shape {
    batch.iter().copied().chain(extents).collect()
}

/// Batch axes for a few matrices: a decomposition takes as long as many elementwise operations.
#[cfg(feature = "catalogue")]
pub(super) fn batch_axes(choices: &mut crate::catalogue::Choices<'_>) -> Shape {
    choices.shape(0, 2).iter().map(|&extent| extent.min(2)).collect()
}

/// A batch of square matrices, well conditioned, that all decompositions accept.
#[cfg(feature = "catalogue")]
pub(super) fn dominant(choices: &mut crate::catalogue::Choices<'_>) -> crate::catalogue::Sample {
    let side = choices.extent().min(4);
    let batch = batch_axes(choices);
    crate::catalogue::Domain::Dominant(side).sample(stacked(&batch, [side, side]))
}

/// A batch of matrices of these extents, with full rank and singular values far apart.
#[cfg(feature = "catalogue")]
pub(super) fn rectangular(
    choices: &mut crate::catalogue::Choices<'_>,
    [rows, columns]: [usize; 2],
) -> crate::catalogue::Sample {
    let batch = batch_axes(choices);
    crate::catalogue::Domain::Dominant(columns).sample(stacked(&batch, [rows, columns]))
}
