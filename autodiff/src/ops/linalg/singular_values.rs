//! Singular values.

use std::cmp::Ordering;
use std::f64::consts::SQRT_2;

use nalgebra::DMatrix;

use super::batch::{matrices, stacked};
use super::dense::{are_tied, corrections, defect, eigen, largest, narrow, product, saved, scaled_values, transpose};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The singular values of each matrix, `[.., m, n]`, in descending order: `[.., min(m, n)]`.
#[derive(Clone, Copy, Debug)]
pub struct SingularValues {}

/// Writes the singular values of `a`, and the singular vectors on both sides, as columns; NaN if an element is infinite or NaN.
fn decompose<T: Real>(a: &[T], [rows, columns]: [usize; 2], sigma: &mut [T], u: &mut [T], v: &mut [T]) {
    let count = sigma.len();
    let found = scaled_values(a, columns).and_then(|(values, scale)| {
        // A long matrix is turned first, into a square one with the same singular values: A = Q R or A = Rᵀ Qᵀ.
        let (turn, square) = match rows.cmp(&columns) {
            Ordering::Equal => (None, values),
            Ordering::Greater => {
                let qr = values.qr();
                (Some(qr.q()), qr.r())
            }
            Ordering::Less => {
                let qr = values.transpose().qr();
                (Some(qr.q()), qr.r().transpose())
            }
        };
        let (values, [left, right]) = of_square(&square)?;
        Some(match turn {
            Some(q) if rows > columns => (values, [q * left, right], scale),
            Some(q) => (values, [left, q * right], scale),
            None => (values, [left, right], scale),
        })
    });
    let Some((values, [left, right], scale)) = found else {
        [sigma, u, v].into_iter().for_each(|part| part.fill(T::from_f64(f64::NAN)));
        return;
    };
    for (j, &value) in values.iter().enumerate() {
        sigma[j] = T::from_f64(value * scale);
        (0..rows).for_each(|i| u[i * count + j] = T::from_f64(left[(i, j)]));
        (0..columns).for_each(|i| v[i * count + j] = T::from_f64(right[(i, j)]));
    }
    for _ in 0..corrections(a) {
        correct(a, [rows, columns], sigma, u, v);
    }
}

/// The singular values of a square matrix, in descending order, and the singular vectors on both sides, as columns.
///
/// They are the largest eigenvalues of `[[0, A], [Aᵀ, 0]]` and the parts of its eigenvectors, times √2.
fn of_square(a: &DMatrix<f64>) -> Option<(Vec<f64>, [DMatrix<f64>; 2])> {
    let (side, both) = (a.nrows(), 2 * a.nrows());
    let mut symmetric = DMatrix::zeros(both, both);
    symmetric.view_mut((0, side), (side, side)).copy_from(a);
    symmetric.view_mut((side, 0), (side, side)).copy_from(&a.transpose());
    let (values, vectors) = eigen(symmetric)?;
    let part = |first: usize| DMatrix::from_fn(side, side, |i, j| vectors[(first + i, both - 1 - j)] * SQRT_2);
    Some((values[side..].iter().rev().map(|value| value.max(0.0)).collect(), [part(0), part(side)]))
}

/// Newton's step for `A V = U Σ`, `AᵀU = V Σ`, `UᵀU = 1` and `VᵀV = 1`, without turns between the vectors of tied values.
fn correct<T: Real>(a: &[T], [rows, columns]: [usize; 2], sigma: &mut [T], u: &mut [T], v: &mut [T]) {
    let count = sigma.len();
    let (square, largest, half) = (count * count, largest(sigma), T::from_f64(0.5));
    with_scratch(u.len() + v.len() + 6 * square, |scratch| {
        let (u_change, rest) = scratch.split_at_mut(u.len());
        let (v_change, rest) = rest.split_at_mut(v.len());
        let (m, rest) = rest.split_at_mut(square);
        let (m_t, rest) = rest.split_at_mut(square);
        let (k_u, rest) = rest.split_at_mut(square);
        let (k_v, rest) = rest.split_at_mut(square);
        let (x, y) = rest.split_at_mut(square);
        product([rows, columns, count], (a, false), (v, false), u_change, false);
        product([columns, rows, count], (a, true), (u, false), v_change, false);
        product([count, rows, count], (u, true), (u_change, false), m, false);
        transpose(m, count, m_t);
        defect(u, [rows, count], k_u);
        defect(v, [columns, count], k_v);
        for at in 0..square {
            let (i, j) = (at / count, at % count);
            (x[at], y[at]) = if are_tied(sigma[i], sigma[j], largest, count) {
                (half * k_u[at], half * k_v[at])
            } else {
                let (one, other) = (m[at] + k_u[at] * sigma[j], m_t[at] + k_v[at] * sigma[j]);
                let gap = (sigma[j] - sigma[i]) * (sigma[j] + sigma[i]);
                ((sigma[j] * one + sigma[i] * other) / gap, (sigma[i] * one + sigma[j] * other) / gap)
            };
        }
        // What lies outside of the space of the vectors, `(A V − U M) Σ⁻¹`, and the turns within it, `U X`.
        let sides = [(&mut *u, u_change, &*m, &*x, rows), (&mut *v, v_change, &*m_t, &*y, columns)];
        for (vectors, change, m, turn, extent) in sides {
            with_scratch(change.len(), |inside| {
                product([extent, count, count], (vectors, false), (m, false), inside, false);
                change.iter_mut().zip(inside).enumerate().for_each(|(at, (change, &mut inside))| {
                    let sigma = sigma[at % count];
                    *change = if sigma == T::ZERO { T::ZERO } else { (*change - inside) / sigma };
                });
                product([extent, count, count], (vectors, false), (turn, false), change, true);
                vectors.iter_mut().zip(change).for_each(|(vector, change)| *vector += *change);
            });
        }
        for (i, sigma) in sigma.iter_mut().enumerate() {
            let at = i * count + i;
            *sigma = m[at] + half * (k_u[at] + k_v[at]) * *sigma;
        }
    });
}

impl<T: Real> Op<T> for SingularValues {
    fn name(&self) -> &'static str {
        "singular_values"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        let (batch, [rows, columns]) = matrices(matrix)?;
        Ok(stacked(&batch, [rows.min(columns)]))
    }
    /// The singular vectors on both sides.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        matrices(inputs[0]).map_or(0, |(batch, [rows, columns])| {
            saved(&batch, rows.saturating_add(columns).saturating_mul(rows.min(columns)))
        })
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let scratch = |[rows, columns]: [usize; 2]| (rows + columns + 1) * rows.min(columns);
        for_each_matrix(inputs.view(0), (output, saved), scratch, |matrix| {
            let Matrix { extents: [rows, columns], elements, output, saved, scratch: found } = matrix;
            let (sigma, vectors) = found.split_at_mut(output.len());
            let (u, v) = vectors.split_at_mut(rows * output.len());
            decompose(elements, [rows, columns], sigma, u, v);
            narrow(sigma, output);
            narrow(vectors, saved);
            Ok(())
        });
    }
    /// `U diag(σ̄) Vᵀ`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        pull_each_matrix(
            at,
            cotangent,
            grad,
            |_| 0,
            |matrix| {
                let Pull { extents: [rows, columns], saved, cotangent, gradient, .. } = matrix;
                let count = cotangent.len();
                let (u, v) = saved.split_at(rows * count);
                with_scratch(u.len(), |scaled: &mut [T]| {
                    scaled.iter_mut().zip(u).enumerate().for_each(|(at, (to, &u))| *to = u * cotangent[at % count]);
                    product([rows, count, columns], (scaled, false), (v, true), gradient, false);
                });
            },
        );
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The singular values of each matrix, `[.., m, n]`, in descending order: `[.., min(m, n)]`.
    ///
    /// The gradient is `U diag(σ̄) Vᵀ` (Townsend 2016, "Differentiating the singular value decomposition"). It is right for
    /// symmetric functions of equal singular values, such as the nuclear norm `Σ σ`. At a singular value of 0, which has a kink
    /// there, it is one of the subgradients.
    #[track_caller]
    #[must_use]
    pub fn singular_values(self) -> Var<'t, T> {
        self.apply(SingularValues {})
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "singular_values",
    draw: |choices| {
        // An eigenproblem of twice the side takes long.
        let extents = [choices.extent().min(3), choices.extent().min(3)];
        Case::new(SingularValues {}, [super::batch::rectangular(choices, extents)])
    },
}];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, check};

    #[test]
    fn values_by_hand_and_ties() {
        let of = |a: Tensor<f64>| value_and_gradient(|a| a.singular_values(), a);
        let near = |x: &Tensor<f64>, y: &[f64]| x.data().iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-14);
        let (value, slope) = of([[0.0, -2.0], [3.0, 0.0], [0.0, 0.0]].into());
        assert!(near(&value, &[3.0, 2.0]), "{value:?}");
        assert!(near(&slope, &[0.0, -1.0, 1.0, 0.0, 0.0, 0.0]), "{slope:?}");
        // The nuclear norm of a multiple of an orthogonal matrix has that matrix as its gradient.
        let (value, slope) = of([[0.6, -0.8], [0.8, 0.6]].into());
        assert!(near(&value, &[1.0, 1.0]) && near(&slope, &[0.6, -0.8, 0.8, 0.6]), "{value:?} {slope:?}");
        assert!(of([[f64::NAN, 1.0]].into()).0.data()[0].is_nan());
        let a: Tensor<f64> = [[1.0, -0.5, 0.3, 0.2], [0.4, 0.9, -1.2, 0.1]].into();
        check::function(|[a]| a.singular_values().square() * a.singular_values().ln(), [a]).unwrap().assert();
    }
}
