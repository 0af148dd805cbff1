//! Substitution.

use crate::scalar::Real;

/// The triangle of a square matrix that is used; what lies outside of it is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// The elements on and below the diagonal.
    Lower,
    /// The elements on and above the diagonal.
    Upper,
    /// The elements below the diagonal, with ones on it.
    UnitLower,
    /// The elements above the diagonal, with ones on it.
    UnitUpper,
}

impl Triangle {
    /// Whether the diagonal is that of the matrix.
    pub(super) fn has_diagonal(self) -> bool {
        matches!(self, Triangle::Lower | Triangle::Upper)
    }

    /// Whether an element is read.
    pub(super) fn contains(self, row: usize, column: usize) -> bool {
        match self {
            Triangle::Lower => column <= row,
            Triangle::Upper => column >= row,
            Triangle::UnitLower => column < row,
            Triangle::UnitUpper => column > row,
        }
    }
}

/// A triangular matrix.
#[derive(Clone, Copy)]
pub(super) struct Triangular<'a, T> {
    data: &'a [T],
    side: usize,
    triangle: Triangle,
    /// Strides of rows and columns.
    strides: [usize; 2],
}

impl<'a, T: Real> Triangular<'a, T> {
    pub(super) fn new(data: &'a [T], side: usize, triangle: Triangle) -> Self {
        Triangular { data, side, triangle, strides: [side, 1] }
    }

    pub(super) fn t(self) -> Self {
        let triangle = match self.triangle {
            Triangle::Lower => Triangle::Upper,
            Triangle::Upper => Triangle::Lower,
            Triangle::UnitLower => Triangle::UnitUpper,
            Triangle::UnitUpper => Triangle::UnitLower,
        };
        let [row, column] = self.strides;
        Triangular { triangle, strides: [column, row], ..self }
    }

    fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.strides[0] + j * self.strides[1]]
    }

    /// Replaces `b`, in rows of `columns`, by the solution of `A X = B`, by substitution.
    pub(super) fn solve(&self, b: &mut [T], columns: usize) {
        if columns == 0 {
            return;
        }
        let forward = matches!(self.triangle, Triangle::Lower | Triangle::UnitLower);
        for step in 0..self.side {
            let i = if forward { step } else { self.side - 1 - step };
            let (before, rest) = b.split_at_mut(i * columns);
            let (row, after) = rest.split_at_mut(columns);
            let (solved, first) = if forward { (&*before, 0) } else { (&*after, i + 1) };
            for (j, solved) in solved.chunks(columns).enumerate() {
                let factor = self.at(i, first + j);
                row.iter_mut().zip(solved).for_each(|(x, &solved)| *x -= factor * solved);
            }
            if self.triangle.has_diagonal() {
                let pivot = self.at(i, i);
                row.iter_mut().for_each(|x| *x = *x / pivot);
            }
        }
    }
}
