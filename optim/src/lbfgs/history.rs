//! The history of L-BFGS: the last steps with the changes of the gradient along them, and the direction that they give.

use std::collections::VecDeque;

use autodiff::op::{dispatch, norm};
use autodiff::{Error, ParamVec, Params, Real};

use crate::norm::dot;

/// A step, and the change of the gradient along it.
#[derive(Clone, Debug)]
pub(super) struct Pair<T: Real> {
    /// s
    pub(super) step: ParamVec<T>,
    /// y
    pub(super) change: ParamVec<T>,
    /// sᵀy
    product: f64,
}

impl<T: Real> Pair<T> {
    pub(super) fn new(params: &Params<T>) -> Result<Self, Error> {
        Ok(Pair { step: params.zeros()?, change: params.zeros()?, product: 0.0 })
    }

    /// Computes the product of step and change. Returns whether the pair is of use: the curvature along the step is positive by
    /// more than rounding errors.
    pub(super) fn measure(&mut self) -> bool {
        let (step, change) = (self.step.flat(), self.change.flat());
        self.product = dot(step, change);
        self.product.is_finite() && self.product > f64::EPSILON * norm(step) * norm(change)
    }
}

/// The last pairs, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct History<T: Real> {
    pub(super) pairs: VecDeque<Pair<T>>,
    /// Memory for the next pair.
    spare: Option<Pair<T>>,
    /// The coefficient of each pair in the first loop of [`History::direction`].
    coefficients: Vec<f64>,
}

impl<T: Real> History<T> {
    pub(super) fn new() -> Self {
        History { pairs: VecDeque::new(), spare: None, coefficients: Vec::new() }
    }

    /// Provides the memory of the next pair.
    pub(super) fn reserve(&mut self, params: &Params<T>) -> Result<(), Error> {
        if self.spare.is_none() {
            self.spare = Some(Pair::new(params)?);
        }
        Ok(())
    }

    /// Records the pair of a step between two points, given as after and before, and keeps the last `limit` pairs. A pair without
    /// positive curvature is skipped: with it, the direction might not descend.
    pub(super) fn record(&mut self, points: [&[T]; 2], gradients: [&[T]; 2], limit: usize) {
        let Some(mut pair) = self.spare.take() else { return };
        subtract(points, pair.step.flat_mut());
        subtract(gradients, pair.change.flat_mut());
        if pair.measure() {
            self.pairs.push_back(pair);
        } else {
            self.spare = Some(pair);
        }
        while self.pairs.len() > limit {
            self.spare = self.pairs.pop_front();
        }
    }

    /// Drops all pairs, and keeps the memory of one.
    pub(super) fn clear(&mut self) {
        self.spare = self.pairs.pop_front().or(self.spare.take());
        self.pairs.clear();
    }

    /// Writes the direction −H g: algorithm 7.4, in which H approximates the inverse Hessian, from the multiple sᵀy/yᵀy of the
    /// identity on. Without pairs it is −g.
    pub(super) fn direction(&mut self, gradient: &[T], direction: &mut [T]) {
        direction.iter_mut().zip(gradient).for_each(|(d, &g)| *d = -g);
        self.coefficients.clear();
        for pair in self.pairs.iter().rev() {
            let coefficient = dot(pair.step.flat(), direction) / pair.product;
            add(-coefficient, pair.change.flat(), direction);
            self.coefficients.push(coefficient);
        }
        if let Some(last) = self.pairs.back() {
            let change = norm(last.change.flat());
            let scale = T::from_f64(last.product / change / change);
            dispatch(|| direction.iter_mut().for_each(|d| *d = scale * *d));
        }
        for (pair, coefficient) in self.pairs.iter().zip(self.coefficients.iter().rev()) {
            let back = dot(pair.change.flat(), direction) / pair.product;
            add(coefficient - back, pair.step.flat(), direction);
        }
    }
}

/// `sum += factor · terms`
fn add<T: Real>(factor: f64, terms: &[T], sum: &mut [T]) {
    let factor = T::from_f64(factor);
    dispatch(move || sum.iter_mut().zip(terms).for_each(|(sum, &term)| *sum += factor * term));
}

fn subtract<T: Real>([after, before]: [&[T]; 2], difference: &mut [T]) {
    let entries = difference.iter_mut().zip(after).zip(before);
    dispatch(move || entries.for_each(|((difference, &after), &before)| *difference = after - before));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last pair satisfies the secant equation H y = s, whatever the pairs before it.
    #[test]
    fn the_direction_satisfies_the_secant_equation() {
        let mut params = Params::<f64>::new(0);
        params.scope("p").parameter("value", [3], |_, _| {});
        let mut history = History::new();
        let points = [[0.0, 0.0, 0.0], [1.0, -0.5, 0.25], [0.5, 1.0, 2.0], [3.0, 0.0, 1.0]];
        let gradients = points.map(|[x, y, z]| [2.0 * x + y, x + 5.0 * y - z, 3.0 * z - y]);
        for k in 1..4 {
            history.reserve(&params).unwrap();
            history.record([&points[k], &points[k - 1]], [&gradients[k], &gradients[k - 1]], 2);
        }
        assert_eq!(history.pairs.len(), 2);
        let last = history.pairs.back().unwrap();
        let (step, change) = (last.step.flat().to_vec(), last.change.flat().to_vec());
        let mut direction = [f64::NAN; 3];
        history.direction(&change, &mut direction);
        assert!(direction.iter().zip(&step).all(|(d, s)| (d + s).abs() < 1e-12), "{direction:?} {step:?}");
    }

    #[test]
    fn a_pair_without_positive_curvature_is_skipped() {
        let mut params = Params::<f64>::new(0);
        params.scope("p").parameter("value", [1], |_, _| {});
        let mut history = History::new();
        for (change, kept) in [(1.0, 1), (-1.0, 1), (0.0, 1), (f64::INFINITY, 1), (2.0, 2)] {
            history.reserve(&params).unwrap();
            history.record([&[1.0], &[0.0]], [&[change], &[0.0]], 9);
            assert_eq!(history.pairs.len(), kept, "{change}");
        }
        history.clear();
        assert!(history.pairs.is_empty());
    }
}
