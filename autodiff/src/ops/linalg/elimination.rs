//! Gaussian elimination with row exchanges.

use nalgebra::{DVector, LU};

use super::dense::{is_plain, values};
use super::triangular::{Triangle, Triangular};
use crate::kernel::with_scratch;
use crate::scalar::Real;

/// What elimination finds besides the factors.
pub(super) struct Outcome {
    /// The first column without a pivot, if the matrix is singular.
    singular: Option<usize>,
    /// 1 or −1: the determinant of the row exchanges.
    pub(super) sign: f64,
}

impl Outcome {
    /// A reason to refuse the matrix, if it is singular.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.singular {
            Some(column) => Err(format!("is singular: its column {column} depends on those before")),
            None => Ok(()),
        }
    }
}

/// Replaces a matrix `A` by the factors of its rows in another order, `L U`: `U` on and above the diagonal, `L` below it, with
/// ones on its own. Row `i` of `L U` is row `order[i]` of `A`.
pub(super) fn eliminate<T: Real>(matrix: &mut [T], order: &mut [T]) -> Outcome {
    let side = order.len();
    let Some(values) = values(matrix, side) else {
        matrix.fill(T::from_f64(f64::NAN));
        order.iter_mut().enumerate().for_each(|(i, order)| *order = T::from_f64(i as f64));
        return Outcome { singular: None, sign: f64::NAN };
    };
    let (exchanges, lower, upper) = LU::new(values).unpack();
    let mut rows = DVector::from_fn(side, |i, _| i as f64);
    exchanges.permute_rows(&mut rows);
    order.iter_mut().zip(&rows).for_each(|(order, &row)| *order = T::from_f64(row));
    if is_plain(matrix) {
        for (k, x) in matrix.iter_mut().enumerate() {
            let at = (k / side, k % side);
            *x = T::from_f64(if at.1 < at.0 { lower[at] } else { upper[at] });
        }
    } else {
        permute(matrix, order, false);
        eliminate_in_order(matrix, side);
    }
    Outcome { singular: (0..side).find(|&i| upper[(i, i)] == 0.0), sign: exchanges.determinant() }
}

/// The elimination itself, of rows that are in order.
fn eliminate_in_order<T: Real>(matrix: &mut [T], side: usize) {
    for k in 0..side {
        let (above, below) = matrix.split_at_mut((k + 1) * side);
        let pivots = &above[k * side..];
        // Without a pivot, all below it is 0.
        for row in below.chunks_mut(side).filter(|_| pivots[k] != T::ZERO) {
            let factor = row[k] / pivots[k];
            row[k] = factor;
            row[k + 1..].iter_mut().zip(&pivots[k + 1..]).for_each(|(x, &pivot)| *x -= factor * pivot);
        }
    }
}

/// Puts row `order[i]` in place of row `i`, or back.
fn permute<T: Real>(matrix: &mut [T], order: &[T], back: bool) {
    let columns = matrix.len() / order.len().max(1);
    with_scratch(matrix.len(), |rows| {
        rows.copy_from_slice(matrix);
        for (i, row) in order.iter().enumerate() {
            let row = row.to_f64() as usize;
            let (from, to) = if back { (i, row) } else { (row, i) };
            matrix[to * columns..][..columns].copy_from_slice(&rows[from * columns..][..columns]);
        }
    });
}

/// The factors of a matrix, as [`eliminate`] leaves them.
#[derive(Clone, Copy)]
pub(super) struct Factors<'a, T> {
    pub(super) matrix: &'a [T],
    pub(super) order: &'a [T],
}

impl<T: Real> Factors<'_, T> {
    fn triangle(&self, triangle: Triangle) -> Triangular<'_, T> {
        Triangular::new(self.matrix, self.order.len(), triangle)
    }

    /// Replaces `b`, in rows of `columns`, by the solution of `A X = B`.
    pub(super) fn solve(&self, b: &mut [T], columns: usize) {
        permute(b, self.order, false);
        self.triangle(Triangle::UnitLower).solve(b, columns);
        self.triangle(Triangle::Upper).solve(b, columns);
    }

    /// Replaces `b`, in rows of `columns`, by the solution of `Aᵀ X = B`.
    pub(super) fn solve_transposed(&self, b: &mut [T], columns: usize) {
        self.triangle(Triangle::Upper).t().solve(b, columns);
        self.triangle(Triangle::UnitLower).t().solve(b, columns);
        permute(b, self.order, true);
    }
}

/// Writes the identity to a matrix of this many rows.
pub(super) fn identity<T: Real>(matrix: &mut [T], side: usize) {
    matrix.fill(T::ZERO);
    matrix.iter_mut().step_by(side + 1).for_each(|x| *x = T::ONE);
}
