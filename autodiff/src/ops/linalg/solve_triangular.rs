//! Systems of linear equations with a triangular matrix.

use super::dense::{narrow, refuse_matrix, with_widened};
use super::systems::Systems;
use super::triangular::{Triangle, Triangular};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The solutions `X` of `A X = B` for triangular matrices `A`, `[.., n, n]`, and right sides `B`, `[.., n, k]` or `[n]`.
#[derive(Clone, Copy, Debug)]
pub struct SolveTriangular {
    /// The triangle of `A` that is used.
    pub triangle: Triangle,
}

impl<T: Real> Op<T> for SolveTriangular {
    fn name(&self) -> &'static str {
        "solve_triangular"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [left, right] = expect_inputs(inputs)?;
        Ok(Systems::new(left, right)?.shape())
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0]).and_output()
    }
    /// By substitution, in dual numbers too.
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (left, right) = (inputs.view(0), inputs.view(1));
        let Ok(systems) = Systems::new(left.shape(), right.shape()) else { return };
        let (side, square) = (systems.side, systems.square().max(1));
        with_widened(left, |left| {
            for (index, matrix) in left.chunks(square).enumerate().filter(|_| self.triangle.has_diagonal()) {
                if let Some(row) = (0..side).find(|&i| matrix[i * side + i] == T::Accumulator::ZERO) {
                    let reason = format!("is singular: element {row} of its diagonal is 0");
                    return refuse_matrix(&systems.batch, index, &reason);
                }
            }
            with_scratch(output.len(), |solutions: &mut [T::Accumulator]| {
                systems.load(right, solutions);
                for (index, solution) in systems.each(solutions) {
                    let matrix = &left[index * square..][..square];
                    Triangular::new(matrix, side, self.triangle).solve(solution, systems.columns);
                }
                narrow(solutions, output);
            });
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (left, right) = (at.inputs.view(0), at.inputs.view(1));
        let Ok(systems) = Systems::new(left.shape(), right.shape()) else { return };
        let (side, square) = (systems.side, systems.square());
        with_widened(left, |left| {
            let solve = |index: usize, y: &mut [T::Accumulator]| {
                let matrix = &left[index * square..][..square];
                Triangular::new(matrix, side, self.triangle).t().solve(y, systems.columns);
            };
            systems.pull(at, cotangent, grads, solve, |row, column| self.triangle.contains(row, column));
        });
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The solution `X` of `A X = B` for triangular matrices `A`, this value: `[.., n, n]` and `[.., n, k]` give `[.., n, k]`, and
    /// a vector `[n]` is a column. Batch axes broadcast. Only the `triangle` of `A` is read; for a system with `Aᵀ`, take the
    /// other triangle of [`t()`](Var::t).
    ///
    /// The gradient is `B̄ = A⁻ᵀ X̄`, and by `A` the triangle of `−B̄ Xᵀ` (Giles 2008, "Collected matrix derivative results for
    /// forward and reverse mode algorithmic differentiation"). A zero on the diagonal is an error.
    ///
    /// ```
    /// use autodiff::ops::Triangle;
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let l = t.variable(&[[2.0, 0.0], [1.0, 4.0]].into());
    /// let b = t.variable(&[2.0, 9.0].into());
    /// assert_eq!(l.solve_triangular(b, Triangle::Lower).value()?, [1.0, 2.0].into());
    /// assert_eq!(l.t().solve_triangular(b, Triangle::Upper).value()?, [-0.125, 2.25].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn solve_triangular(self, right: Var<'t, T>, triangle: Triangle) -> Var<'t, T> {
        self.recording().apply(SolveTriangular { triangle }, [self, right])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "solve_triangular",
    draw: |choices| {
        use Triangle::{Lower, UnitLower, UnitUpper, Upper};
        let triangle = [Lower, Upper, UnitLower, UnitUpper][choices.below(4)];
        Case::new(SolveTriangular { triangle }, super::systems::draw(choices))
    },
}];

#[cfg(test)]
mod tests {
    use super::Triangle;
    use crate::{Mode, Params, Tape, Tensor, check};

    #[test]
    fn a_singular_triangle_is_named_and_ones_are_not_read() {
        let params = Params::default();
        let mut tape = Tape::new();
        let solve = |a: Tensor<f64>, triangle| {
            let t = tape.start(&params, Mode::Eval);
            t.input(&a).solve_triangular(t.input(&[1.0, 3.0].into()), triangle).value()
        };
        let mut solve = solve;
        let message = solve([[1.0, 0.0], [2.0, 0.0]].into(), Triangle::Lower).unwrap_err().to_string();
        assert!(
            message.starts_with("solve_triangular: the matrix is singular: element 1 of its diagonal is 0"),
            "{message}"
        );
        let ones = solve([[0.0, f64::NAN], [2.0, f64::NAN]].into(), Triangle::UnitLower).unwrap();
        assert_eq!(ones, [1.0, 1.0].into());
        let nan = solve([[f64::NAN, 0.0], [2.0, 1.0]].into(), Triangle::Lower).unwrap();
        assert!(nan.data().iter().all(|x| x.is_nan()));
    }

    #[test]
    fn one_factor_solves_a_batch() {
        let l: Tensor<f64> = [[2.0, 0.5], [1.0, 4.0]].into();
        let b = Tensor::from_fn([3, 2, 2], |k| k as f64 - 4.5);
        check::function(|[l, b]| l.t().solve_triangular(b, Triangle::Lower), [l, b]).unwrap().assert();
    }
}
