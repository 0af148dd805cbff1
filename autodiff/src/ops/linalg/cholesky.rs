//! The Cholesky factor of positive definite matrices.

use nalgebra::{Cholesky as Factor, DMatrix};

use super::batch::square;
use super::dense::{is_plain, lower_half, narrow, product, symmetric_part, transpose, values, write};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use super::triangular::{Triangle, Triangular};
use crate::ops::prelude::*;

/// The lower triangular factor `L` of the symmetric part `S = L Lᵀ` of each matrix, `[.., n, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Cholesky {}

/// Replaces a symmetric matrix by its factor; the order of the first leading minor that is not positive, if there is one.
fn factor<T: Real>(matrix: &mut [T], side: usize) -> Result<(), usize> {
    let Some(values) = values(matrix, side) else {
        (0..side).for_each(|i| matrix[i * side..][..=i].fill(T::from_f64(f64::NAN)));
        return Ok(());
    };
    let Some(of_values) = Factor::new(values.clone()) else { return Err(first_minor(&values)) };
    if is_plain(matrix) {
        write(&of_values.l(), matrix);
        return Ok(());
    }
    for i in 0..side {
        for j in 0..=i {
            let products = (0..j).map(|k| matrix[i * side + k] * matrix[j * side + k]);
            let rest = matrix[i * side + j] - products.sum();
            matrix[i * side + j] = if i == j { rest.sqrt() } else { rest / matrix[j * side + j] };
        }
        matrix[i * side + i + 1..][..side - i - 1].fill(T::ZERO);
    }
    Ok(())
}

/// The order of the first leading minor that is not positive.
fn first_minor(values: &DMatrix<f64>) -> usize {
    let side = values.nrows();
    let leading = |order: usize| values.view((0, 0), (order, order)).into_owned();
    (1..side).find(|&order| Factor::new(leading(order)).is_none()).unwrap_or(side)
}

impl<T: Real> Op<T> for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        square(matrix, "has a Cholesky factor").map(|_| matrix.clone())
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        for_each_matrix(
            inputs.view(0),
            (output, &mut []),
            |[side, _]| side * side,
            |matrix| {
                let Matrix { extents: [side, _], elements, output, scratch: symmetric, .. } = matrix;
                symmetric_part(elements, side, symmetric);
                factor(symmetric, side).map_err(|order| {
                    format!("is not positive definite: its leading minor of order {order} is not positive")
                })?;
                narrow(symmetric, output);
                Ok(())
            },
        );
    }
    /// The symmetric part of `L⁻ᵀ Φ(Lᵀ L̄) L⁻¹`, where `Φ` takes the lower triangle and half of the diagonal.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        pull_each_matrix(
            at,
            cotangent,
            grad,
            |[side, _]| 3 * side * side,
            |matrix| {
                let Pull { extents: [side, _], output: factor, cotangent, gradient, scratch, .. } = matrix;
                let (l, rest) = scratch.split_at_mut(side * side);
                let (x, y) = rest.split_at_mut(side * side);
                for (k, (l, x)) in l.iter_mut().zip(&mut *x).enumerate() {
                    *l = factor[k].widen();
                    // Nothing depends on the zeros above the diagonal.
                    *x = if k % side <= k / side { cotangent[k].widen() } else { T::Accumulator::ZERO };
                }
                product([side; 3], (l, true), (x, false), y, false);
                lower_half(y, side);
                let upper = Triangular::new(l, side, Triangle::Lower).t();
                upper.solve(y, side);
                transpose(y, side, x);
                upper.solve(x, side);
                symmetric_part(x, side, y);
                narrow(y, gradient);
            },
        );
    }
}

/// # Linear algebra
///
/// Matrices have batch axes in front: `[.., m, n]`. Values are computed in `f64`, also those of `f32`. A matrix that has no
/// result is an error that names it by its index in the batch; one with an element that is infinite or NaN has a result of
/// NaN.
impl<'t, T: Real> Var<'t, T> {
    /// The lower triangular Cholesky factor `L` of the symmetric part `S = L Lᵀ` of each matrix, `[.., n, n]`: its diagonal is
    /// positive.
    ///
    /// The gradient is symmetric (Murray 2016, "Differentiation of the Cholesky decomposition"). A gradient by the zeros above
    /// the diagonal of `L` counts for nothing.
    ///
    /// A matrix that is not positive definite is an error, stored on the tape.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let s = t.variable(&[[4.0, 2.0], [2.0, 5.0]].into());
    /// assert_eq!(s.cholesky().value()?, [[2.0, 0.0], [1.0, 2.0]].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cholesky(self) -> Var<'t, T> {
        self.apply(Cholesky {})
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "cholesky", draw: |choices| Case::new(Cholesky {}, [super::batch::dominant(choices)]) }];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Error, Mode, Params, Tape, Tensor, check};

    fn factor_of(matrices: Tensor<f64>) -> Result<Tensor<f64>, Error> {
        let params = Params::default();
        Tape::new().start(&params, Mode::Eval).input(&matrices).cholesky().value()
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_named() {
        let message = |matrices| factor_of(matrices).unwrap_err().to_string();
        let single = message([[1.0, 2.0], [2.0, 1.0]].into());
        let reason =
            "cholesky: the matrix is not positive definite: its leading minor of order 2 is not positive: [2, 2] at ";
        assert!(single.starts_with(reason), "{single}");
        let eye = |x: f64| [[1.0, 0.0, 0.0], [0.0, x, 0.0], [0.0, 0.0, 1.0]];
        let batch = Tensor::from_fn([2, 2, 3, 3], |k| eye(if k / 9 < 3 { 1.0 } else { -1.0 })[k / 3 % 3][k % 3]);
        let one = message(batch.clone());
        assert!(
            one.contains("matrix [1, 1] of the batch is not positive definite: its leading minor of order 2"),
            "{one}"
        );
        let one = message(batch.reshaped([4, 3, 3]).unwrap());
        assert!(one.contains("matrix 3 of the batch"), "{one}");
    }

    #[test]
    fn numbers_that_are_none_give_none() {
        for x in [f64::NAN, f64::INFINITY] {
            let found = factor_of([[[x, 0.0], [0.0, 1.0]], [[4.0, 0.0], [0.0, 1.0]]].into()).unwrap();
            assert!([0, 2, 3].iter().all(|&k| found.data()[k].is_nan()), "{found:?}");
            assert_eq!(found.data()[4..], [2.0, 0.0, 0.0, 1.0]);
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_symmetric_part() {
        let s: Tensor<f64> = [[2.0, 0.3], [0.7, 3.0]].into();
        let (factor, slope) = value_and_gradient(|s| s.cholesky(), s.clone());
        assert_eq!(factor, value_and_gradient(|s| s.cholesky(), [[2.0, 0.5], [0.5, 3.0]].into()).0);
        assert_eq!(slope.data()[1], slope.data()[2]);
        check::function(|[s]| s.cholesky().square(), [s]).unwrap().assert();
    }
}
