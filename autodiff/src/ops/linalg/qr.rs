//! Orthonormal columns and triangular factors.

use nalgebra::QR;

use super::batch::{matrices, stacked};
use super::dense::{corrections, defect, narrow, product, scaled_values, transpose, write};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use super::triangular::{Triangle, Triangular};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The factors of each matrix `A = Q R`, `[.., m, n]` with `m ≥ n`: the rows of `Q` and below them those of `R`,
/// `[.., m + n, n]`. The diagonal of `R` is not negative.
#[derive(Clone, Copy, Debug)]
pub struct Qr {}

/// Writes the factors of `a`; NaN if an element is infinite or NaN.
fn factor<T: Real>(a: &[T], extents: [usize; 2], q: &mut [T], r: &mut [T]) {
    let Some((values, scale)) = scaled_values(a, extents[1]) else {
        q.fill(T::from_f64(f64::NAN));
        r.fill(T::from_f64(f64::NAN));
        return;
    };
    let factors = QR::new(values);
    write(&factors.q(), q);
    write(&(factors.r() * scale), r);
    for _ in 0..corrections(a) {
        correct(a, extents, q, r);
    }
}

/// Writes `R`, to divide by: with ∞ for a 0 on the diagonal, where columns of `A` depend on each other and nothing is left to
/// divide.
fn divisor<T: Real>(r: &[T], columns: usize, to: &mut [T]) {
    to.copy_from_slice(r);
    let diagonal = to.iter_mut().step_by(columns + 1);
    diagonal.filter(|x| **x == T::ZERO).for_each(|x| *x = T::from_f64(f64::INFINITY));
}

/// Newton's step for `A = Q R` and `QᵀQ = 1`. With `G = (A − Q R) R⁻¹` and `K = 1 − QᵀQ`, `QᵀG − K/2` is the sum of an
/// antisymmetric matrix, by which `Q` turns, and of an upper triangular `U`: `R` changes by `U R`, `Q` by `G − Q U`.
fn correct<T: Real>(a: &[T], [rows, columns]: [usize; 2], q: &mut [T], r: &mut [T]) {
    let square = columns * columns;
    with_scratch(2 * a.len() + 3 * square, |scratch| {
        let (g, rest) = scratch.split_at_mut(a.len());
        let (across, rest) = rest.split_at_mut(a.len());
        let (k, rest) = rest.split_at_mut(square);
        let (f, upper) = rest.split_at_mut(square);
        product([rows, columns, columns], (q, false), (r, false), g, false);
        g.iter_mut().zip(a).for_each(|(g, &a)| *g = a - *g);
        transpose(g, columns, across);
        divisor(r, columns, upper);
        Triangular::new(upper, columns, Triangle::Upper).t().solve(across, rows);
        transpose(across, rows, g);
        defect(q, [rows, columns], k);
        product([columns, rows, columns], (q, true), (g, false), f, false);
        let half = T::from_f64(0.5);
        f.iter_mut().zip(&*k).for_each(|(f, &k)| *f -= half * k);
        for (at, upper) in upper.iter_mut().enumerate() {
            let (i, j) = (at / columns, at % columns);
            *upper = match i.cmp(&j) {
                std::cmp::Ordering::Less => f[at] + f[j * columns + i],
                std::cmp::Ordering::Equal => f[at],
                std::cmp::Ordering::Greater => T::ZERO,
            };
        }
        product([rows, columns, columns], (q, false), (upper, false), across, false);
        q.iter_mut().zip(g).zip(across).for_each(|((q, &mut g), &mut turned)| *q += g - turned);
        product([columns; 3], (upper, false), (r, false), f, false);
        r.iter_mut().zip(f).for_each(|(r, &mut change)| *r += change);
    });
}

impl<T: Real> Op<T> for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        let (batch, [rows, columns]) = matrices(matrix)?;
        if rows < columns {
            return Err(Mismatch::new("a matrix must have at least as many rows as columns"));
        }
        let both = rows.checked_add(columns).ok_or_else(|| Mismatch::new("the extents do not add up"))?;
        Ok(stacked(&batch, [both, columns]))
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let scratch = |[rows, columns]: [usize; 2]| rows * columns + columns * columns;
        for_each_matrix(inputs.view(0), (output, &mut []), scratch, |matrix| {
            let Matrix { extents, elements, output, scratch: factors, .. } = matrix;
            let (q, r) = factors.split_at_mut(elements.len());
            factor(elements, extents, q, r);
            narrow(factors, output);
            Ok(())
        });
    }
    /// `(Q̄ − Q P + Q C) R⁻ᵀ` with `P = QᵀQ̄`. `C` is the symmetric matrix with the lower triangle of `R R̄ᵀ`, plus what `P − Pᵀ` has
    /// below its diagonal. What of `Q̄` lies along `Q` has no effect otherwise, and is left out before it could cancel.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let scratch = |[rows, columns]: [usize; 2]| 4 * rows * columns + 4 * columns * columns;
        pull_each_matrix(at, cotangent, grad, scratch, |matrix| {
            let Pull { extents: [rows, columns], output, cotangent, gradient, scratch, .. } = matrix;
            let (size, square) = (rows * columns, columns * columns);
            let (factors, rest) = scratch.split_at_mut(size + square);
            let (slopes, rest) = rest.split_at_mut(size + square);
            let (m, rest) = rest.split_at_mut(square);
            let (p, rest) = rest.split_at_mut(square);
            let (sum, across) = rest.split_at_mut(size);
            factors.iter_mut().zip(output).for_each(|(to, from)| *to = from.widen());
            slopes.iter_mut().zip(cotangent).for_each(|(to, from)| *to = from.widen());
            let ((q, r), (q_slope, r_slope)) = (factors.split_at(size), slopes.split_at_mut(size));
            for (i, row) in r_slope.chunks_mut(columns).enumerate() {
                row[..i].fill(T::Accumulator::ZERO); // nothing depends on the zeros below the diagonal
            }
            product([columns, rows, columns], (q, true), (q_slope, false), p, false);
            product([columns; 3], (r, false), (r_slope, true), m, false);
            let c = r_slope;
            for (at, c) in c.iter_mut().enumerate() {
                let (i, j) = (at / columns, at % columns);
                let turned = if i > j { p[at] - p[j * columns + i] } else { T::Accumulator::ZERO };
                *c = m[i.max(j) * columns + i.min(j)] + turned;
            }
            product([rows, columns, columns], (q, false), (c, false), sum, false);
            if rows > columns {
                product([rows, columns, columns], (q, false), (p, false), across, false);
                let outside = q_slope.iter().zip(&*across).map(|(&slope, &inside)| slope - inside);
                sum.iter_mut().zip(outside).for_each(|(sum, outside)| *sum += outside);
            }
            transpose(sum, columns, across);
            divisor(r, columns, m);
            Triangular::new(m, columns, Triangle::Upper).solve(across, rows);
            transpose(across, rows, sum);
            narrow(sum, gradient);
        });
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The factors `A = Q R` of each matrix, `[.., m, n]` with `m ≥ n`: `Q`, `[.., m, n]`, has orthonormal columns, and `R`,
    /// `[.., n, n]`, is upper triangular. The diagonal of `R` is not negative, unlike LAPACK's, which makes both unique where
    /// the columns of `A` are independent.
    ///
    /// The gradient (Walter and Lehmann 2010, "Algorithmic differentiation of linear algebra functions with application in
    /// optimum experimental design") divides by the diagonal of `R`, and is large where the columns of `A` nearly depend on
    /// each other. Where they do, there is none; what would be divided by a diagonal element of 0 counts as 0.
    #[track_caller]
    #[must_use]
    pub fn qr(self) -> (Var<'t, T>, Var<'t, T>) {
        let both = self.apply(Qr {});
        let [rows, columns] = both.shape().map_or([0; 2], |shape| {
            let (both, columns) = (shape[shape.rank() - 2], shape[shape.rank() - 1]);
            [both - columns, columns]
        });
        (both.narrow(-2, 0..rows), both.narrow(-2, rows..rows + columns))
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "qr",
    draw: |choices| {
        let columns = choices.extent().min(4);
        let rows = columns.saturating_add(choices.below(3));
        Case::new(Qr {}, [super::batch::rectangular(choices, [rows, columns])])
    },
}];

#[cfg(test)]
mod tests {
    use super::Qr;
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, check};

    #[test]
    fn the_factors_give_the_matrix_and_its_gradient() {
        let a: Tensor<f64> = [[-1.0, 2.0], [0.5, -3.0], [1.5, 0.25]].into();
        let (value, slope) = value_and_gradient(
            |a| {
                let (q, r) = a.qr();
                q.matmul(r)
            },
            a.clone(),
        );
        let near = |x: &Tensor<f64>, y: &Tensor<f64>| x.data().iter().zip(y.data()).all(|(x, y)| (x - y).abs() < 1e-14);
        assert!(near(&value, &a) && near(&slope, &Tensor::full([3, 2], 1.0)), "{value:?} {slope:?}");
        let (r, _) = value_and_gradient(|a| a.qr().1, a.clone());
        assert!(r.data()[0] > 0.0 && r.data()[2] == 0.0 && r.data()[3] > 0.0, "{r:?}");
        check::function(|[a]| a.qr().0.square() * a.qr().1.sum(..), [a]).unwrap().assert();
    }

    #[test]
    fn rounding_errors_of_nearly_diagonal_factors_are_not_taken_for_mistakes() {
        // The derivative of the first cosine of Q is its sine squared, of which the gradient, 1 − cos², keeps eight digits.
        let a = [[3.2339818897006865, -0.0038627144663957447], [-0.0642617654654496, 6.159025642596948]];
        check::Check::new().seed(15882432733597228731).op(&Qr {}, [a.into()]).unwrap().assert();
    }
}
