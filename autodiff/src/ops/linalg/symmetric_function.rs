//! Functions of symmetric matrices.
//!
//! The eigendecomposition `S = V Λ Vᵀ` is computed from plain values in `f64`. What dual numbers and cotangents add to it is `N` in
//! `f(S) = V f(Λ + N) Vᵀ`, of which there is a Taylor series that ends (`series.rs`). Differentiating the eigendecomposition instead
//! would divide by differences of eigenvalues and fail for equal ones.

use super::batch::{matrices, square};
use super::dense::{eigen, narrow, product, saved, scaled_values, symmetric_part, with_widened, write};
use super::divided_differences::EigenvalueFunction;
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use super::series::Series;
use crate::kernel::with_scratch;
use crate::ops::prelude::*;
use crate::scalar::Dual;

/// `f(S + shift·I)` of the symmetric part of each matrix `S`, `[.., n, n]`.
#[derive(Clone, Copy, Debug)]
pub struct SymmetricFunction {
    /// The function `f` of the eigenvalues.
    pub function: EigenvalueFunction,
    /// Added to the eigenvalues.
    pub shift: f64,
}

/// Writes the eigenvectors of a symmetric matrix, as columns, and after them its eigenvalues plus `shift`, in ascending order, without
/// tangents; NaN if an element is infinite or NaN.
fn decompose<T: Real>(matrix: &[T], side: usize, shift: f64, spectrum: &mut [T]) {
    let (vectors, points) = spectrum.split_at_mut(side * side);
    let found = scaled_values(matrix, side).and_then(|(values, scale)| Some((eigen(values)?, scale)));
    let Some(((values, of_values), scale)) = found else { return spectrum.fill(T::from_f64(f64::NAN)) };
    write(&of_values, vectors);
    for (point, value) in points.iter_mut().zip(values) {
        // Set eigenvalues within rounding errors of 0 to 0, so that a singular matrix gives no root of a negative number.
        let value = if value.abs() < side as f64 * f64::EPSILON { 0.0 } else { value };
        *point = T::from_f64(value * scale + shift);
    }
}

/// `Vᵀ M V` or, if `back`, `V M Vᵀ`, in place of `M`.
fn change_basis<T: Real>(vectors: &[T], side: usize, matrix: &mut [T], back: bool) {
    with_scratch(matrix.len(), |half| {
        product([side; 3], (vectors, !back), (matrix, false), half, false);
        product([side; 3], (half, false), (vectors, back), matrix, false);
    });
}

/// What a symmetric matrix has beyond its values, its tangents, in the basis of the eigenvectors.
fn perturbation<T: Real>(matrix: &[T], vectors: &[T], side: usize, to: &mut [T]) {
    to.iter_mut().zip(matrix).for_each(|(to, &x)| *to = x - T::from_f64(x.to_f64()));
    change_basis(vectors, side, to, false);
}

impl<T: Real> Op<T> for SymmetricFunction {
    fn name(&self) -> &'static str {
        "symmetric_function"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        square(matrix, "has eigenvalues").map(|_| matrix.clone())
    }
    /// The eigenvectors and the shifted eigenvalues of each matrix.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        let each = |side: usize| side.saturating_mul(side.saturating_add(1));
        matrices(inputs[0]).map_or(0, |(batch, [side, _])| saved(&batch, each(side)))
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        for_each_matrix(
            inputs.view(0),
            (output, saved),
            |[side, _]| 4 * side * side + side,
            |matrix| {
                let Matrix { extents: [side, _], elements, output, saved, scratch } = matrix;
                let square = side * side;
                let (symmetric, rest) = scratch.split_at_mut(square);
                let (n, rest) = rest.split_at_mut(square);
                let (found, spectrum) = rest.split_at_mut(square);
                symmetric_part(elements, side, symmetric);
                decompose(symmetric, side, self.shift, spectrum);
                let (vectors, points) = spectrum.split_at(square);
                perturbation(symmetric, vectors, side, n);
                let points: Vec<f64> = points.iter().map(|x| x.to_f64()).collect();
                Series { function: self.function, points: &points, perturbation: n }.sum(found);
                change_basis(vectors, side, found, true);
                narrow(found, output);
                narrow(spectrum, saved);
                Ok(())
            },
        );
    }
    /// The derivative along the symmetric part of the cotangent: the terms of first order in it.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        with_widened(at.inputs.view(0), |wide| {
            pull_each_matrix(
                at,
                cotangent,
                grad,
                |[side, _]| 5 * side * side,
                |matrix| {
                    let Pull { extents: [side, _], index, saved, cotangent, gradient, scratch, .. } = matrix;
                    let square = side * side;
                    let (vectors, rest) = scratch.split_at_mut(square);
                    let (wide_cotangent, rest) = rest.split_at_mut(square);
                    let (symmetric, rest) = rest.split_at_mut(square);
                    let (n, slope) = rest.split_at_mut(square);
                    vectors.iter_mut().zip(saved).for_each(|(to, from)| *to = from.widen());
                    let points: Vec<f64> = saved[square..].iter().map(|x| x.to_f64()).collect();
                    symmetric_part(&wide[index * square..][..square], side, symmetric);
                    perturbation(symmetric, vectors, side, n);
                    wide_cotangent.iter_mut().zip(cotangent).for_each(|(to, from)| *to = from.widen());
                    symmetric_part(wide_cotangent, side, slope);
                    change_basis(vectors, side, slope, false);
                    with_scratch(2 * square, |duals: &mut [Dual<T::Accumulator>]| {
                        let (along, found) = duals.split_at_mut(square);
                        let both = n.iter().zip(&*slope);
                        along.iter_mut().zip(both).for_each(|(to, (&n, &slope))| *to = Dual::new(n, slope));
                        Series { function: self.function, points: &points, perturbation: along }.sum(found);
                        slope.iter_mut().zip(found).for_each(|(to, found)| *to = found.tangent);
                    });
                    change_basis(vectors, side, slope, true);
                    narrow(slope, gradient);
                },
            );
        });
    }
}

/// # Functions of matrices
impl<'t, T: Real> Var<'t, T> {
    /// The function `f(S) = V f(Λ) Vᵀ` of the symmetric part `S = V Λ Vᵀ` of each matrix, `[.., n, n]`: of the same shape.
    ///
    /// The gradient is right for any eigenvalues, also equal ones, unlike that of the same function composed of
    /// [`eigh`](Var::eigh): it takes divided differences of `f`, which are its derivative where eigenvalues tie (Daleckii and
    /// Krein 1965). The result is NaN where `f` of an eigenvalue is.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape, ops::EigenvalueFunction};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let s = t.variable(&[[5.0, 4.0], [4.0, 5.0]].into());
    /// let root = s.symmetric_function(EigenvalueFunction::Power(0.5)).value()?;
    /// assert!(root.data().iter().zip([2.0, 1.0, 1.0, 2.0]).all(|(x, y)| (x - y).abs() < 1e-15));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn symmetric_function(self, function: EigenvalueFunction) -> Var<'t, T> {
        self.apply(SymmetricFunction { function, shift: 0.0 })
    }

    /// The inverse square root `(S + epsilon·I)^(−1/2)` of the symmetric part of each matrix `S`, `[.., n, n]`, as used for
    /// whitening: a [`symmetric_function`](Var::symmetric_function). NaN if `S + epsilon·I` is not positive definite.
    #[track_caller]
    #[must_use]
    pub fn inverse_sqrt(self, epsilon: f64) -> Var<'t, T> {
        self.apply(SymmetricFunction { function: EigenvalueFunction::Power(-0.5), shift: epsilon })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "symmetric_function",
    draw: |choices| {
        use EigenvalueFunction::{Exp, Ln, Power};
        let function = [Power(-0.5), Power(0.5), Power(3.0), Exp, Ln][choices.below(5)];
        let side = choices.extent().min(4);
        let batch = super::batch::batch_axes(choices);
        let shape: Shape = batch.iter().copied().chain([side, side]).collect();
        // Positive definite by Gershgorin's theorem: rows sum to at most 1.6.
        Case::new(SymmetricFunction { function, shift: 1.8 }, [Domain::Between(-0.4, 0.4, &[]).sample(shape)])
    },
}];

#[cfg(test)]
mod tests {
    use super::EigenvalueFunction::{Exp, Ln, Power};
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, check};

    #[test]
    fn a_diagonal_matrix_and_one_with_ties_are_computed_by_hand() {
        let diagonal: Tensor<f64> = [[4.0, 0.0], [0.0, 16.0]].into();
        assert_eq!(value_and_gradient(|s| s.inverse_sqrt(0.0), diagonal).0, [[0.5, 0.0], [0.0, 0.25]].into());
        // d s^(−1/2) = −½ s^(−3/2), and between eigenvectors of one eigenvalue the same.
        let tied: Tensor<f64> = [[4.0, 0.0], [0.0, 4.0]].into();
        let (_, slope) = value_and_gradient(|s| s.inverse_sqrt(0.0), tied);
        assert!(slope.data().iter().all(|x| (x + 0.0625).abs() < 1e-15), "{slope:?}");
    }

    #[test]
    fn tied_and_nearly_tied_eigenvalues_pass_the_checker() {
        for gap in [0.0, 1e-14, 1e-9, 1e-4] {
            let s: Tensor<f64> = [[2.0, 0.5, 0.5], [0.5, 2.0, 0.5], [0.5, 0.5, 2.0 + gap]].into();
            for function in [Exp, Ln, Power(-0.5), Power(2.0)] {
                check::function(|[s]| s.symmetric_function(function).square(), [s.clone()]).unwrap().assert();
            }
        }
    }

    #[test]
    fn functions_undo_each_other_and_have_the_derivatives_of_products() {
        let s: Tensor<f64> = [[0.2, 0.5, -0.3], [0.5, 0.4, 0.1], [-0.3, 0.1, -0.6]].into();
        let near = |x: &Tensor<f64>, y: &Tensor<f64>| x.data().iter().zip(y.data()).all(|(x, y)| (x - y).abs() < 1e-14);
        let same = value_and_gradient(|s| s.symmetric_function(Exp).symmetric_function(Ln), s.clone());
        assert!(near(&same.0, &s) && near(&same.1, &Tensor::full([3, 3], 1.0)), "{same:?}");
        let cube = value_and_gradient(|s| s.symmetric_function(Power(3.0)), s.clone());
        let product = value_and_gradient(|s| s.matmul(s).matmul(s), s);
        assert!(near(&cube.0, &product.0) && near(&cube.1, &product.1), "{cube:?} {product:?}");
    }

    #[test]
    fn what_has_no_function_value_is_nan_and_returns() {
        for s in [[[f64::NAN, 0.0], [0.0, 1.0]], [[f64::INFINITY, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]] {
            for function in [Ln, Power(-0.5)] {
                let (value, _) = value_and_gradient(|s| s.symmetric_function(function), s.into());
                assert!(value.data().iter().any(|x| x.is_nan()));
            }
        }
    }
}
