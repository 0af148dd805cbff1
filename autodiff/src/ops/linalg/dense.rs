//! Matrices as slices in row-major order.

use nalgebra::{DMatrix, SymmetricEigen};

use super::batch::stacked;
use crate::array::{Shape, View};
use crate::error::Mismatch;
use crate::kernel::{multiply, with_scratch};
use crate::op::refuse;
use crate::scalar::Real;

/// `c = a·b` or `c += a·b` for `[m, k] × [k, n]`; a matrix whose flag is set is stored transposed.
pub(super) fn product<T: Real>(
    [m, k, n]: [usize; 3],
    (a, at): (&[T], bool),
    (b, bt): (&[T], bool),
    c: &mut [T],
    accumulate: bool,
) {
    let strides = |transposed: bool, [rows, columns]: [usize; 2]| if transposed { [1, rows] } else { [columns, 1] };
    multiply([m, k, n], (a, strides(at, [m, k])), (b, strides(bt, [k, n])), (c, accumulate));
}

/// Writes `(M + Mᵀ)/2` to `to`.
pub(super) fn symmetric_part<T: Real>(matrix: &[T], side: usize, to: &mut [T]) {
    let half = T::from_f64(0.5);
    for i in 0..side {
        for j in 0..side {
            to[i * side + j] = half * matrix[i * side + j] + half * matrix[j * side + i];
        }
    }
}

/// Writes the transpose of a matrix of this many columns to `to`.
pub(super) fn transpose<T: Real>(matrix: &[T], columns: usize, to: &mut [T]) {
    let rows = matrix.len() / columns.max(1);
    for (i, row) in matrix.chunks(columns.max(1)).enumerate() {
        row.iter().enumerate().for_each(|(j, &x)| to[j * rows + i] = x);
    }
}

/// Halves the diagonal and clears what is above it: of a symmetric matrix, the half whose sum with its transpose it is.
pub(super) fn lower_half<T: Real>(matrix: &mut [T], side: usize) {
    for (i, row) in matrix.chunks_mut(side.max(1)).enumerate() {
        row[i] = T::from_f64(0.5) * row[i];
        row[i + 1..].fill(T::ZERO);
    }
}

/// Whether no number carries a tangent.
pub(super) fn is_plain<T: Real>(numbers: &[T]) -> bool {
    !T::HAS_TANGENTS || numbers.iter().all(|&x| (x - T::from_f64(x.to_f64())).is_zero())
}

/// The number of steps that correct tangents. Each is right to one more order at least. Plain numbers have none, and a step
/// would only add rounding errors.
pub(super) fn corrections<T: Real>(numbers: &[T]) -> usize {
    if is_plain(numbers) { 0 } else { 3 }
}

/// The values of a matrix of this many columns; `None` if one is infinite or NaN: no decomposition ends there.
pub(super) fn values<T: Real>(matrix: &[T], columns: usize) -> Option<DMatrix<f64>> {
    let rows = matrix.len() / columns.max(1);
    let values = DMatrix::from_fn(rows, columns, |i, j| matrix[i * columns + j].to_f64());
    values.iter().all(|x| x.is_finite()).then_some(values)
}

/// The values divided by the largest, which is the second result, so that no square of one overflows.
pub(super) fn scaled_values<T: Real>(matrix: &[T], columns: usize) -> Option<(DMatrix<f64>, f64)> {
    let values = values(matrix, columns)?;
    let largest = values.amax();
    let scale = if largest > 0.0 { largest } else { 1.0 };
    Some((values / scale, scale))
}

/// The eigenvalues of a symmetric matrix, in ascending order, and its eigenvectors, as columns; `None` if the iteration does not end.
pub(super) fn eigen(matrix: DMatrix<f64>) -> Option<(Vec<f64>, DMatrix<f64>)> {
    let side = matrix.nrows();
    let SymmetricEigen { eigenvalues, eigenvectors } =
        SymmetricEigen::try_new(matrix, f64::EPSILON, side.saturating_mul(100))?;
    let mut order: Vec<usize> = (0..side).collect();
    order.sort_by(|&i, &j| eigenvalues[i].total_cmp(&eigenvalues[j]));
    Some((order.iter().map(|&from| eigenvalues[from]).collect(), eigenvectors.select_columns(&order)))
}

/// `1 − MᵀM` for `[rows, columns]`: how far the columns are from orthonormal.
pub(super) fn defect<T: Real>(matrix: &[T], [rows, columns]: [usize; 2], to: &mut [T]) {
    product([columns, rows, columns], (matrix, true), (matrix, false), to, false);
    for (k, x) in to.iter_mut().enumerate() {
        *x = if k / columns == k % columns { T::ONE } else { T::ZERO } - *x;
    }
}

/// Whether rounding alone tells two values of a decomposition apart, of which `largest` is the largest of `count`.
pub(super) fn are_tied<T: Real>(one: T, other: T, largest: f64, count: usize) -> bool {
    (one.to_f64() - other.to_f64()).abs() <= count as f64 * f64::EPSILON * largest
}

/// The largest absolute value.
pub(super) fn largest<T: Real>(numbers: &[T]) -> f64 {
    numbers.iter().fold(0.0, |largest, x| x.to_f64().abs().max(largest))
}

/// Writes numbers without tangents.
pub(super) fn write<T: Real>(from: &DMatrix<f64>, to: &mut [T]) {
    let columns = from.ncols();
    to.iter_mut().enumerate().for_each(|(k, to)| *to = T::from_f64(from[(k / columns, k % columns)]));
}

/// Writes the elements, as they are accumulated.
pub(super) fn widen<T: Real>(from: View<'_, T>, to: &mut [T::Accumulator]) {
    to.iter_mut().zip(from.iter()).for_each(|(to, x)| *to = x.widen());
}

/// Rounds accumulators.
pub(super) fn narrow<T: Real>(from: &[T::Accumulator], to: &mut [T]) {
    to.iter_mut().zip(from).for_each(|(to, &x)| *to = T::narrow(x));
}

/// Calls `work` with the elements of all arrays, as they are accumulated.
pub(super) fn with_widened<T: Real>(from: View<'_, T>, work: impl FnOnce(&mut [T::Accumulator])) {
    with_scratch(from.shape().size(), |wide: &mut [T::Accumulator]| {
        widen(from, wide);
        work(wide);
    });
}

/// Refuses the matrix with this row-major index in a batch: "matrix 3 of the batch is singular".
pub(super) fn refuse_matrix(batch: &Shape, index: usize, reason: &str) {
    let which = match batch.unravel_index(index)[..] {
        [] => "the matrix".to_owned(),
        [index] => format!("matrix {index} of the batch"),
        ref index => format!("matrix {index:?} of the batch"),
    };
    refuse(Mismatch::new(format!("{which} {reason}")));
}

/// The number of numbers saved for a batch, this many for each matrix.
pub(super) fn saved(batch: &Shape, each: usize) -> usize {
    stacked(batch, [each]).checked_size().unwrap_or(usize::MAX)
}
