//! Systems of linear equations.

use super::dense::{narrow, refuse_matrix, saved, with_widened};
use super::elimination::{Factors, eliminate};
use super::systems::Systems;
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The solutions `X` of `A X = B` for matrices `A`, `[.., n, n]`, and right sides `B`, `[.., n, k]` or `[n]`.
#[derive(Clone, Copy, Debug)]
pub struct Solve {}

impl<T: Real> Op<T> for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [left, right] = expect_inputs(inputs)?;
        Ok(Systems::new(left, right)?.shape())
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    /// The triangular factors of each matrix, and the order of its rows.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        match Systems::new(inputs[0], inputs[1]) {
            Ok(systems) => saved(&systems.batch, systems.side.saturating_mul(systems.side.saturating_add(1))),
            Err(_) => 0,
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let (left, right) = (inputs.view(0), inputs.view(1));
        let Ok(systems) = Systems::new(left.shape(), right.shape()) else { return };
        let (side, square) = (systems.side, systems.square());
        if side == 0 {
            return;
        }
        with_scratch(saved.len(), |factors: &mut [T::Accumulator]| {
            with_widened(left, |left| {
                let each = left.chunks(square).zip(factors.chunks_mut(square + side));
                for (index, (matrix, factors)) in each.enumerate() {
                    let (factors, order) = factors.split_at_mut(square);
                    factors.copy_from_slice(matrix);
                    if let Err(reason) = eliminate(factors, order).check() {
                        return refuse_matrix(&systems.batch, index, &reason);
                    }
                }
                narrow(factors, saved);
                with_scratch(output.len(), |solutions: &mut [T::Accumulator]| {
                    systems.load(right, solutions);
                    for (index, solution) in systems.each(solutions) {
                        let (matrix, order) = factors[index * (square + side)..][..square + side].split_at(square);
                        Factors { matrix, order }.solve(solution, systems.columns);
                    }
                    narrow(solutions, output);
                });
            });
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (left, right) = (at.inputs.view(0), at.inputs.view(1));
        let Ok(systems) = Systems::new(left.shape(), right.shape()) else { return };
        let (side, square) = (systems.side, systems.square());
        with_scratch(at.saved.len(), |factors: &mut [T::Accumulator]| {
            factors.iter_mut().zip(at.saved).for_each(|(to, from)| *to = from.widen());
            let solve = |index: usize, y: &mut [T::Accumulator]| {
                let (matrix, order) = factors[index * (square + side)..][..square + side].split_at(square);
                Factors { matrix, order }.solve_transposed(y, systems.columns);
            };
            systems.pull(at, cotangent, grads, solve, |_, _| true);
        });
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The solution `X` of `A X = B` for square matrices `A`, this value: `[.., n, n]` and `[.., n, k]` give `[.., n, k]`, and a
    /// vector `[n]` is a column. Batch axes broadcast; a matrix that serves several right sides is factored once.
    ///
    /// The gradient is `B̄ = A⁻ᵀ X̄` and `Ā = −B̄ Xᵀ` (Giles 2008, "Collected matrix derivative results for forward and reverse
    /// mode algorithmic differentiation"). A singular matrix is an error, stored on the tape; one that rounding alone keeps from
    /// it is not.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let a = t.variable(&[[0.0, 2.0], [4.0, 1.0]].into());
    /// let b = t.variable(&[2.0, 9.0].into());
    /// assert_eq!(a.solve(b).value()?, [2.0, 1.0].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn solve(self, right: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Solve {}, [self, right])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "solve", draw: |choices| Case::new(Solve {}, super::systems::draw(choices)) }];

#[cfg(test)]
mod tests {
    use crate::{Error, Mode, Params, Tape, Tensor, check};

    fn solution(a: Tensor<f64>, b: Tensor<f64>) -> Result<Tensor<f64>, Error> {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        t.input(&a).solve(t.input(&b)).value()
    }

    #[test]
    fn a_singular_matrix_is_named_and_one_that_is_no_number_is_not() {
        let ones = Tensor::from_fn([2, 3, 3], |k| if k < 9 && k % 4 == 0 { 2.0 } else { 1.0 });
        let message = solution(ones, [1.0, 2.0, 3.0].into()).unwrap_err().to_string();
        let reason =
            "solve: matrix 1 of the batch is singular: its column 1 depends on those before: [2, 3, 3] × [3] at ";
        assert!(message.starts_with(reason), "{message}");
        let nan = solution([[f64::NAN, 0.0], [2.0, 1.0]].into(), [1.0, 2.0].into()).unwrap();
        assert!(nan.data().iter().all(|x| x.is_nan()));
    }

    #[test]
    fn rows_are_exchanged_and_batches_broadcast() {
        let a = Tensor::from_fn([2, 1, 3, 3], |k| {
            [0.0, 2.0, 1.0, 1.0, 0.0, 0.5, 3.0, 1.0, 0.0, 0.2][k % 10] + 0.1 * k as f64
        });
        let b = Tensor::from_fn([4, 3, 2], |k| (k % 7) as f64 - 3.0);
        check::function(|[a, b]| a.solve(b), [a, b]).unwrap().assert();
    }
}
