//! The inverse square root of symmetric matrices, as used for whitening.
//!
//! The eigendecomposition is computed from plain values in `f64`. The tangents of dual numbers are added by Newton steps on
//! the equation `W S W = 1`. So derivatives of any order are exact without differentiating the eigendecomposition, which
//! would divide by differences of eigenvalues and fail for equal ones.

use nalgebra::{DMatrix, SymmetricEigen};

use super::dense::{corrections, symmetric_part};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// `(S + epsilon·I)^(−1/2)` of the symmetric part of each matrix `S`, `[.., s, s]`; NaN if `S + epsilon·I` is not positive
/// definite.
#[derive(Clone, Copy, Debug)]
pub struct InverseSqrt {
    /// Added to the eigenvalues.
    pub epsilon: f64,
}

/// Number of rows of a matrix, and number of matrices.
fn sides(shape: &Shape) -> [usize; 2] {
    let side = shape.last().copied().unwrap_or(0);
    [side, shape.size().checked_div(side.saturating_mul(side)).unwrap_or(0)]
}

/// `c = a·b` or `c += a·b` of contiguous square matrices, each transposed if its flag is set.
fn product<T: Real>(side: usize, a: (&[T], bool), b: (&[T], bool), c: &mut [T], accumulate: bool) {
    super::dense::product([side; 3], a, b, c, accumulate);
}

/// Eigenvectors, as columns, and square roots of the eigenvalues of one matrix.
struct Spectrum<'a, T> {
    vectors: &'a [T],
    roots: &'a [T],
}

impl<T: Real> Spectrum<'_, T> {
    /// Adds to `y` the solution of `A Y + Y A = matrix`, where `A` has these eigenvectors and roots:
    /// `V ((Vᵀ M V)ᵢⱼ / (√λᵢ + √λⱼ)) Vᵀ`.
    fn add_solution(&self, matrix: &[T], y: &mut [T]) {
        let side = self.roots.len();
        let v = self.vectors;
        with_scratch(2 * side * side, |scratch| {
            let (half, inner) = scratch.split_at_mut(side * side);
            product(side, (v, true), (matrix, false), half, false);
            product(side, (half, false), (v, false), inner, false);
            for (i, row) in inner.chunks_mut(side).enumerate() {
                row.iter_mut().zip(self.roots).for_each(|(m, &root)| *m = *m / (self.roots[i] + root));
            }
            product(side, (v, false), (inner, false), half, false);
            product(side, (half, false), (v, true), y, true);
        });
    }
}

/// Adds a number to the diagonal.
fn shift<T: Real>(matrix: &mut [T], side: usize, by: T) {
    matrix.iter_mut().step_by(side + 1).for_each(|x| *x += by);
}

/// Writes the eigenvectors of a symmetric matrix, without tangents, and the square roots of its eigenvalues plus `epsilon`;
/// NaN if there are none.
fn decompose<T: Real>(matrix: &[T], epsilon: f64, vectors: &mut [T], roots: &mut [T]) {
    let side = roots.len();
    let largest = matrix.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    // Divide by the largest entry to prevent overflow.
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let scaled = DMatrix::from_fn(side, side, |i, j| matrix[i * side + j].to_f64() / scale);
    let finite = scaled.iter().all(|x| x.is_finite());
    let Some(eigen) = finite.then(|| SymmetricEigen::try_new(scaled, f64::EPSILON, 100 * side)).flatten() else {
        vectors.fill(T::from_f64(f64::NAN));
        roots.fill(T::from_f64(f64::NAN));
        return;
    };
    for i in 0..side {
        // Set eigenvalues within rounding errors of 0 to 0, so that a singular matrix gives no root of a negative number.
        let value = eigen.eigenvalues[i];
        let value = if value.abs() < side as f64 * f64::EPSILON { 0.0 } else { value };
        roots[i] = T::from_f64((value + epsilon / scale).sqrt() * scale.sqrt());
        (0..side).for_each(|j| vectors[i * side + j] = T::from_f64(eigen.eigenvectors[(i, j)]));
    }
}

impl<T: Real> Op<T> for InverseSqrt {
    fn name(&self) -> &'static str {
        "inverse_sqrt"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        match matrix[..] {
            [.., rows, columns] if rows == columns => Ok(matrix.clone()),
            _ => Err(Mismatch::new("only a square matrix has an inverse square root")),
        }
    }
    /// The eigenvectors and the square roots of the eigenvalues of each matrix.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        let [side, count] = sides(inputs[0]);
        count.saturating_mul(side).saturating_mul(side.saturating_add(1))
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let [side, _] = sides(inputs.output_shape());
        if side == 0 {
            return;
        }
        let square = side * side;
        inputs.view(0).copy_to(output);
        with_scratch(3 * square, |scratch| {
            let (s, rest) = scratch.split_at_mut(square);
            let (ws, residual) = rest.split_at_mut(square);
            for (w, saved) in output.chunks_mut(square).zip(saved.chunks_mut(square + side)) {
                let (vectors, roots) = saved.split_at_mut(square);
                symmetric_part(w, side, s);
                decompose(s, self.epsilon, vectors, roots);
                shift(s, side, T::from_f64(self.epsilon));
                // V diag(1/√λ) Vᵀ.
                for (to, from) in residual.chunks_mut(side).zip(vectors.chunks(side)) {
                    to.iter_mut().zip(from).zip(&*roots).for_each(|((to, &v), &root)| *to = v / root);
                }
                product(side, (residual, false), (vectors, true), w, false);
                let spectrum = Spectrum { vectors, roots };
                for _ in 0..corrections(s) {
                    product(side, (w, false), (s, false), ws, false);
                    product(side, (ws, false), (w, false), residual, false);
                    shift(residual, side, -T::ONE);
                    residual.iter_mut().for_each(|x| *x = -*x);
                    spectrum.add_solution(residual, w);
                }
            }
        });
    }
    /// `−W Y W`, where `A Y + Y A` is the symmetric part of the cotangent and `A = S W` the square root of `S`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (Some(grad), [side, _]) = (grads.view(0), sides(at.inputs.output_shape())) else { return };
        if side == 0 {
            return;
        }
        let square = side * side;
        let x = at.inputs.view(0);
        with_scratch(cotangent.len() + 5 * square, |scratch| {
            let (total, rest) = scratch.split_at_mut(cotangent.len());
            let (s, rest) = rest.split_at_mut(square);
            let (root, rest) = rest.split_at_mut(square);
            let (y, rest) = rest.split_at_mut(square);
            let (g, residual) = rest.split_at_mut(square);
            x.copy_to(total);
            let kept = at.saved.chunks(square + side);
            for (((total, g_full), w), kept) in
                total.chunks_mut(square).zip(cotangent.chunks(square)).zip(at.output.chunks(square)).zip(kept)
            {
                let spectrum = Spectrum { vectors: &kept[..square], roots: &kept[square..] };
                symmetric_part(total, side, s);
                shift(s, side, T::from_f64(self.epsilon));
                product(side, (s, false), (w, false), root, false);
                symmetric_part(g_full, side, g);
                y.fill(T::ZERO);
                spectrum.add_solution(g, y);
                for _ in 0..corrections(s) {
                    product(side, (root, false), (y, false), residual, false);
                    product(side, (y, false), (root, false), residual, true);
                    residual.iter_mut().zip(&*g).for_each(|(r, &g)| *r = g - *r);
                    spectrum.add_solution(residual, y);
                }
                product(side, (w, false), (y, false), residual, false);
                product(side, (residual, false), (w, false), total, false);
                total.iter_mut().for_each(|x| *x = -*x);
            }
            grad.add(total);
        });
    }
}

/// # Functions of matrices
impl<'t, T: Real> Var<'t, T> {
    /// Inverse square root `(S + epsilon·I)^(−1/2)` of the symmetric part of each matrix `S`, `[.., s, s]`. NaN if
    /// `S + epsilon·I` is not positive definite. Eigenvalues may be equal.
    #[track_caller]
    #[must_use]
    pub fn inverse_sqrt(self, epsilon: f64) -> Var<'t, T> {
        self.apply(InverseSqrt { epsilon })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "inverse_sqrt",
    draw: |choices| {
        let side = choices.extent().min(4);
        let batch = choices.shape(0, 2);
        let shape: Shape = batch.iter().copied().chain([side, side]).collect();
        // Positive definite by Gershgorin's theorem: rows sum to at most 1.6.
        Case::new(InverseSqrt { epsilon: 1.8 }, [Domain::Between(-0.4, 0.4, &[]).sample(shape)])
    },
}];

#[cfg(test)]
mod tests {
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
            check::function(|[s]| s.inverse_sqrt(0.0).square(), [s]).unwrap().assert();
        }
    }

    #[test]
    fn what_has_no_inverse_root_is_nan_and_returns() {
        for s in [[[f64::NAN, 0.0], [0.0, 1.0]], [[f64::INFINITY, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]] {
            assert!(value_and_gradient(|s| s.inverse_sqrt(0.0), s.into()).0.data().iter().any(|x| x.is_nan()));
        }
    }
}
