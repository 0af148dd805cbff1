//! Eigenvalues and eigenvectors of symmetric matrices.

use super::batch::{square, stacked};
use super::dense::{are_tied, corrections, defect, eigen, largest, narrow, product, scaled_values, symmetric_part};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The eigenvalues of the symmetric part of each matrix, `[.., n, n]`, in ascending order, and below them the eigenvectors, as
/// columns: `[.., n + 1, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Eigh {}

/// Writes the eigenvalues of a symmetric matrix, and its eigenvectors; NaN if an element is infinite or NaN.
fn decompose<T: Real>(matrix: &[T], lambda: &mut [T], vectors: &mut [T]) {
    let side = lambda.len();
    let found = scaled_values(matrix, side).and_then(|(values, scale)| Some((eigen(values)?, scale)));
    let Some(((values, of_values), scale)) = found else {
        lambda.fill(T::from_f64(f64::NAN));
        vectors.fill(T::from_f64(f64::NAN));
        return;
    };
    for (j, value) in values.into_iter().enumerate() {
        lambda[j] = T::from_f64(value * scale);
        let vector = of_values.column(j);
        // The largest component itself may be tied with others: then rounding would choose the sign.
        let leading = vector.iter().copied().find(|x| x.abs() >= LEADING * vector.amax());
        let sign = leading.map_or(1.0, f64::signum);
        (0..side).for_each(|i| vectors[i * side + j] = T::from_f64(sign * vector[i]));
    }
    for _ in 0..corrections(matrix) {
        correct(matrix, lambda, vectors);
    }
}

/// A component of this part of the largest decides on the sign of an eigenvector.
const LEADING: f64 = 0.7;

/// Newton's step for `S V = V Λ` and `VᵀV = 1`, without turns between tied eigenvectors.
fn correct<T: Real>(matrix: &[T], lambda: &mut [T], vectors: &mut [T]) {
    let (side, square, largest) = (lambda.len(), matrix.len(), largest(lambda));
    with_scratch(4 * square, |scratch| {
        let (moved, rest) = scratch.split_at_mut(square);
        let (m, rest) = rest.split_at_mut(square);
        let (k, x) = rest.split_at_mut(square);
        product([side; 3], (matrix, false), (vectors, false), moved, false);
        product([side; 3], (vectors, true), (moved, false), m, false);
        defect(vectors, [side; 2], k);
        let half = T::from_f64(0.5);
        for (at, x) in x.iter_mut().enumerate() {
            let (i, j) = (at / side, at % side);
            *x = match are_tied(lambda[i], lambda[j], largest, side) {
                true => half * k[at],
                false => (m[at] + k[at] * lambda[j]) / (lambda[j] - lambda[i]),
            };
        }
        for (i, lambda) in lambda.iter_mut().enumerate() {
            *lambda = m[i * side + i] + k[i * side + i] * *lambda;
        }
        product([side; 3], (vectors, false), (x, false), moved, false);
        vectors.iter_mut().zip(moved).for_each(|(v, &mut change)| *v += change);
    });
}

impl<T: Real> Op<T> for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        let (batch, side) = square(matrix, "has eigenvalues")?;
        let both = side.checked_add(1).ok_or_else(|| Mismatch::new("the extents do not add up"))?;
        Ok(stacked(&batch, [both, side]))
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        for_each_matrix(
            inputs.view(0),
            (output, &mut []),
            |[side, _]| 2 * side * side + side,
            |matrix| {
                let Matrix { extents: [side, _], elements, output, scratch, .. } = matrix;
                let (symmetric, found) = scratch.split_at_mut(side * side);
                symmetric_part(elements, side, symmetric);
                let (lambda, vectors) = found.split_at_mut(side);
                decompose(symmetric, lambda, vectors);
                narrow(found, output);
                Ok(())
            },
        );
    }
    /// `V Z Vᵀ`, where `Z` has `λ̄` on its diagonal and `(P − Pᵀ)ᵢⱼ / 2(λⱼ − λᵢ)` beside it, with `P = VᵀV̄`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        pull_each_matrix(
            at,
            cotangent,
            grad,
            |[side, _]| 4 * side * side + 2 * side,
            |matrix| {
                let Pull { extents: [side, _], output, cotangent, gradient, scratch, .. } = matrix;
                let (found, rest) = scratch.split_at_mut(output.len());
                let (slopes, rest) = rest.split_at_mut(output.len());
                let (p, z) = rest.split_at_mut(side * side);
                found.iter_mut().zip(output).for_each(|(to, from)| *to = from.widen());
                slopes.iter_mut().zip(cotangent).for_each(|(to, from)| *to = from.widen());
                let ((lambda, vectors), (lambda_slope, slopes)) = (found.split_at(side), slopes.split_at(side));
                let largest = largest(lambda);
                product([side; 3], (vectors, true), (slopes, false), p, false);
                for (at, z) in z.iter_mut().enumerate() {
                    let (i, j) = (at / side, at % side);
                    *z = if i == j {
                        lambda_slope[i]
                    } else if are_tied(lambda[i], lambda[j], largest, side) {
                        T::Accumulator::ZERO
                    } else {
                        let gap = lambda[j] - lambda[i];
                        (p[at] - p[j * side + i]) / (gap + gap)
                    };
                }
                product([side; 3], (vectors, false), (z, false), p, false);
                product([side; 3], (p, false), (vectors, true), z, false);
                narrow(z, gradient);
            },
        );
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The eigenvalues of the symmetric part `S = V Λ Vᵀ` of each matrix, `[.., n, n]`, in ascending order, `[.., n]`, and the
    /// orthonormal eigenvectors, `[.., n, n]`, as columns. Of each, the first component with at least 0.7 of the largest
    /// magnitude is positive.
    ///
    /// The gradient is `V (diag(λ̄) + F ∘ VᵀV̄) Vᵀ` with `Fᵢⱼ = 1/(λⱼ − λᵢ)`, symmetrized (Giles 2008). Eigenvalues that are equal
    /// but for rounding have no derivatives of their own, nor have their eigenvectors: `Fᵢⱼ` is 0 for them. So gradients are
    /// finite, and right for what does not depend on the choice among tied eigenvectors: symmetric functions of the eigenvalues,
    /// such as sums of `f(λ)`, and the projection on the space of tied eigenvectors.
    ///
    /// They are not right for a function `f(S) = V f(Λ) Vᵀ` composed of both, unless its gradient is diagonal among the tied
    /// eigenvectors: there it depends on `f′(λ)` between two of them, of which neither `λ̄` nor `V̄` knows. Where eigenvalues
    /// nearly tie, rounding errors grow as the inverse of their difference. [`symmetric_function`](Var::symmetric_function) is
    /// such a function with a gradient that is right for any eigenvalues.
    #[track_caller]
    #[must_use]
    pub fn eigh(self) -> (Var<'t, T>, Var<'t, T>) {
        let both = self.apply(Eigh {});
        let side = both.shape().map_or(0, |shape| shape[shape.rank() - 1]);
        (both.index(-2, 0), both.narrow(-2, 1..side.saturating_add(1)))
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "eigh", draw: |choices| Case::new(Eigh {}, [super::batch::dominant(choices)]) }];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, Var, check};

    fn near(x: &Tensor<f64>, y: impl Into<Tensor<f64>>, error: f64) -> bool {
        x.data().iter().zip(y.into().data()).all(|(x, y)| (x - y).abs() < error)
    }

    #[test]
    fn symmetric_functions_of_equal_eigenvalues_have_their_gradient() {
        // 1, 1 and 4: of Σ λ³, the gradient is 3 S².
        let s: Tensor<f64> = [[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]].into();
        let (_, slope) = value_and_gradient(|s| s.eigh().0.powi(3), s.clone());
        assert!(near(&slope, [[18.0, 15.0, 15.0], [15.0, 18.0, 15.0], [15.0, 15.0, 18.0]], 1e-13), "{slope:?}");
        // The projection on the eigenvectors of 1, against differences.
        let projection = |s: Tensor<f64>| {
            value_and_gradient(
                |s| {
                    let v = s.eigh().1.narrow(1, 0..2);
                    v.matmul(v.t()).index(0, 0).index(0, 1)
                },
                s,
            )
        };
        let moved = |h: f64| {
            let mut moved = s.clone();
            moved.data_mut()[5] += h;
            projection(moved).0.data()[0]
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        let slope = projection(s.clone()).1.data()[5];
        assert!((slope - difference).abs() < 1e-8, "{slope} against {difference}");
    }

    #[test]
    fn functions_of_a_matrix_have_their_gradient_unless_eigenvalues_tie() {
        fn exponential<T: crate::Real>(s: Var<'_, T>) -> Var<'_, T> {
            let (lambda, v) = s.eigh();
            (v * lambda.exp().unsqueeze(0)).matmul(v.t())
        }
        let s: Tensor<f64> = [[0.2, 0.5, -0.3], [0.5, 0.4, 0.1], [-0.3, 0.1, -0.6]].into();
        check::function(|[s]| exponential(s).square(), [s]).unwrap().assert();
        for gap in [1e-3, 1e-5] {
            let s: Tensor<f64> = [[1.0, 0.0], [0.0, 1.0 + gap]].into();
            let (_, slope) = value_and_gradient(exponential, s);
            assert!(slope.data().iter().all(|x| (x - 1.0_f64.exp()).abs() < 3.0 * gap + 1e-10), "{slope:?}");
        }
        let tied = value_and_gradient(exponential, [[1.0, 0.0], [0.0, 1.0]].into()).1;
        assert!(tied.data().iter().all(|x| x.is_finite()));
    }

    #[test]
    fn what_has_no_eigenvalues_is_nan_and_returns() {
        for x in [f64::NAN, f64::INFINITY] {
            let (value, _) = value_and_gradient(|s| s.eigh().0, [[x, 0.0], [0.0, 1.0]].into());
            assert!(value.data().iter().all(|x| x.is_nan()));
        }
    }
}
