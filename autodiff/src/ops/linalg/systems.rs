//! Batches of systems of linear equations.

use super::batch::{matrices, square, stacked};
use super::dense::{narrow, product, widen};
use crate::array::{Layout, Shape, View};
use crate::error::Mismatch;
use crate::kernel::with_scratch;
use crate::op::{Frame, InputGrads};
use crate::scalar::Real;

/// Systems `A X = B` of `[.., n, n]` and `[.., n, k]`, or a vector `[n]`, with broadcast batch axes.
pub(super) struct Systems {
    /// The batch axes of the matrices `A`.
    pub(super) batch: Shape,
    /// The indices of the matrices, broadcast to the batch axes of the solutions.
    matrices: Layout,
    /// The number of equations of a system.
    pub(super) side: usize,
    /// The number of right sides of a system.
    pub(super) columns: usize,
    /// The shape of `X`: for a vector, with an axis of extent 1 after it.
    solution: Shape,
    right_is_vector: bool,
}

impl Systems {
    pub(super) fn new(left: &Shape, right: &Shape) -> Result<Self, Mismatch> {
        let (batch, side) = square(left, "can be solved with")?;
        let right_is_vector = right.rank() == 1;
        let column = if right_is_vector { right.insert(1, 1) } else { right.clone() };
        let (batch_right, [rows, columns]) = matrices(&column)?;
        if rows != side {
            return Err(Mismatch::new(format!("the right side must have {side} rows, as the matrix has")));
        }
        let both = batch.broadcast(&batch_right);
        let both = both.ok_or_else(|| Mismatch::new("batch dimensions do not broadcast"))?;
        let solution = stacked(&both, [side, columns]);
        if solution.checked_size().is_none() {
            return Err(Mismatch::new(format!("{solution} has more elements than can be counted")));
        }
        let matrices = Layout::dense(batch.clone()).broadcast_to(&both)?;
        Ok(Systems { batch, matrices, side, columns, solution, right_is_vector })
    }

    /// The shape of the solutions.
    pub(super) fn shape(&self) -> Shape {
        if self.right_is_vector { self.solution.without(self.solution.rank() - 1) } else { self.solution.clone() }
    }

    /// The number of elements of a matrix `A`.
    pub(super) fn square(&self) -> usize {
        self.side * self.side
    }

    /// The row-major index of the matrix of each solution, and its elements.
    pub(super) fn each<'x, T>(
        &'x self,
        solutions: &'x mut [T],
    ) -> impl Iterator<Item = (usize, &'x mut [T])> + use<'x, T> {
        let size = self.side * self.columns;
        self.matrices.offsets().zip(solutions.chunks_mut(size.max(1)))
    }

    /// The layout of a right side, broadcast to the solution's shape.
    fn stretched(&self, right: &Layout) -> Result<Layout, Mismatch> {
        let column = if self.right_is_vector { right.unsqueeze(1)? } else { right.clone() };
        column.broadcast_to(&self.solution)
    }

    /// Copies the right sides, one for each solution.
    pub(super) fn load<T: Real>(&self, right: View<'_, T>, to: &mut [T::Accumulator]) {
        if let Ok(layout) = self.stretched(right.layout()) {
            widen(right.through(&layout), to);
        }
    }

    /// The pullback: `B̄ = Y`, which `solve` puts in place of the cotangent of one solution with the matrix of this index, where
    /// `Aᵀ Y = X̄`; and of `Ā = −Y Xᵀ` the elements for which `keeps(row, column)`.
    pub(super) fn pull<T: Real>(
        &self,
        at: Frame<'_, T>,
        cotangent: &[T],
        grads: &mut InputGrads<'_, T>,
        solve: impl Fn(usize, &mut [T::Accumulator]),
        keeps: impl Fn(usize, usize) -> bool,
    ) {
        let ([side, columns], square) = ([self.side, self.columns], self.square());
        with_scratch(cotangent.len(), |y: &mut [T::Accumulator]| {
            y.iter_mut().zip(cotangent).for_each(|(y, x)| *y = x.widen());
            self.each(y).for_each(|(index, y)| solve(index, y));
            if let Some(mut grad) = grads.view(1)
                && let Ok(layout) = self.stretched(grad.layout())
            {
                with_scratch(cotangent.len(), |amounts| {
                    narrow(y, amounts);
                    grad.through(&layout).add(amounts);
                });
            }
            let Some(grad) = grads.view(0) else { return };
            let (size, solutions) = (grad.layout().shape().size(), at.output.chunks((side * columns).max(1)));
            with_scratch(size + side * columns, |scratch: &mut [T::Accumulator]| {
                let (total, wide) = scratch.split_at_mut(size);
                for ((index, y), x) in self.each(y).zip(solutions) {
                    wide.iter_mut().zip(x).for_each(|(wide, x)| *wide = -x.widen());
                    let total = &mut total[index * square..][..square];
                    product([side, columns, side], (y, false), (wide, true), total, true);
                }
                with_scratch(size, |amounts| {
                    narrow(total, amounts);
                    let elements = amounts.iter_mut().enumerate();
                    elements.filter(|&(k, _)| !keeps(k / side % side, k % side)).for_each(|(_, x)| *x = T::ZERO);
                    grad.add(amounts);
                });
            });
        });
    }
}

/// Well-conditioned systems, either side of which may be broadcast.
#[cfg(feature = "catalogue")]
pub(super) fn draw(choices: &mut crate::catalogue::Choices<'_>) -> [crate::catalogue::Sample; 2] {
    use crate::catalogue::Domain;
    let (side, columns) = (choices.extent().min(4), choices.extent());
    let batch = choices.shape(0, 2);
    let (left, right) = match choices.below(4) {
        0 => (batch.clone(), stacked(&batch, [side, columns])),
        1 => (choices.narrower(&batch), stacked(&batch, [side, columns])),
        2 => (batch.clone(), stacked(&choices.narrower(&batch), [side, columns])),
        _ => (batch, Shape::new(&[side])),
    };
    [Domain::Dominant(side).sample(stacked(&left, [side, side])), Domain::REAL.sample(right)]
}
