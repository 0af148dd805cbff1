//! Functions of a diagonal matrix with a perturbation that vanishes: `N`, whose powers are 0 beyond the order of differentiation. So the
//! Taylor series ends,
//!
//! `f(Λ + N)ᵢⱼ = Σ f[λᵢ, λₖ, …, λⱼ] Nᵢₖ ⋯ Nₗⱼ`
//!
//! over all paths from `i` to `j`, with divided differences of `f` (Daleckii and Krein 1965 for the first order; Higham 2008,
//! "Functions of matrices", section 3.2).

use super::divided_differences::EigenvalueFunction;
use crate::scalar::Real;

/// The terms of the Taylor series of `f(Λ + N)`.
pub(super) struct Series<'a, T> {
    pub(super) function: EigenvalueFunction,
    /// `Λ`, in ascending order.
    pub(super) points: &'a [f64],
    /// `N`.
    pub(super) perturbation: &'a [T],
}

impl<T: Real> Series<'_, T> {
    /// Writes `f(Λ + N)`; NaN if a number is infinite or NaN.
    pub(super) fn sum(&self, to: &mut [T]) {
        let side = self.points.len();
        to.fill(T::ZERO);
        let is_finite = |x: T| (x * T::ZERO).is_zero(); // of tangents too
        if !(self.points.iter().all(|x| x.is_finite()) && self.perturbation.iter().all(|&x| is_finite(x))) {
            return to.fill(T::from_f64(f64::NAN));
        }
        for (start, row) in to.chunks_mut(side.max(1)).enumerate() {
            self.add_paths(&mut vec![start], T::ONE, row);
        }
    }

    /// Adds to a row of the result all paths that begin with this one, whose elements have this product.
    fn add_paths(&self, path: &mut Vec<usize>, product: T, row: &mut [T]) {
        let (side, last) = (self.points.len(), path[path.len() - 1]);
        let mut points: Vec<f64> = path.iter().map(|&at| self.points[at]).collect();
        points.sort_by(f64::total_cmp);
        row[last] += product * T::from_f64(self.function.divided_difference(&points));
        for next in 0..side {
            let product = product * self.perturbation[last * side + next];
            if !product.is_zero() {
                path.push(next);
                self.add_paths(path, product, row);
                path.pop();
            }
        }
    }
}
