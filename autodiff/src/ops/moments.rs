//! Sums, means and variances along axes.

use super::axes::Axes;
use super::grouping::Grouping;
use super::prelude::*;
use super::reduction::{Rule, reductions};
use crate::array::{View, ViewMut};

reductions! {
    "# Sums, means and variances";

    /// The sum over `axes`.
    sum: Sum() on Domain::REAL;

    /// The mean over `axes`.
    mean: Mean() on Domain::REAL;

    /// The variance over `axes`: squared deviations from the mean, summed and divided by their number minus
    /// `correction` (0: biased, as in batch normalization; 1: unbiased). As in numpy, the divisor is at least 0: if
    /// `correction` is not less than the number of elements, the variance is infinite, or NaN if the elements are equal.
    variance: Variance(correction: usize = |choices, count| choices.below(2).min(count - 1)) on Domain::REAL;
}

/// The sum over `axes`, into `output`.
fn sum<T: Real>(axes: &Axes, x: View<'_, T>, output: &mut [T]) {
    output.fill(T::ZERO);
    let spread = axes.spread(x.shape());
    ViewMut::over(output, &spread).add_view(x);
}

/// Adds `share · cotangent` to every element of each group.
fn spread<T: Real>(axes: &Axes, shape: &Shape, cotangent: &[T], share: T, grad: ViewMut<'_, T>) {
    let spread = axes.spread(shape);
    accumulate([View::over(cotangent, &spread)], grad, |_, [g], sums| {
        sums.iter_mut().zip(g).for_each(|(sum, &g)| *sum += share * g);
    });
}

fn count<T: Real>(axes: &Axes, shape: &Shape) -> T {
    T::from_f64(axes.count(shape) as f64)
}

impl<T: Real> Rule<T> for Sum {
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        sum(&self.axes, x, output);
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        spread(&self.axes, at.inputs.view(0).shape(), cotangent, T::ONE, grad);
    }
}

impl<T: Real> Rule<T> for Mean {
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        sum(&self.axes, x, output);
        let n = count::<T>(&self.axes, x.shape());
        output.iter_mut().for_each(|mean| *mean = *mean / n);
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let shape = at.inputs.view(0).shape();
        spread(&self.axes, shape, cotangent, T::ONE / count(&self.axes, shape), grad);
    }
}

impl Variance {
    fn degrees<T: Real>(&self, shape: &Shape) -> T {
        T::from_f64(self.axes.count(shape).saturating_sub(self.correction) as f64)
    }
}

impl<T: Real> Rule<T> for Variance {
    /// The means.
    fn saved(&self, shape: &Shape) -> usize {
        self.axes.reduce(shape).map_or(0, |shape| shape.size())
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0])
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], means: &mut [T]) {
        let degrees = self.degrees::<T>(x.shape());
        let grouping = Grouping::new(&self.axes, x.layout());
        grouping.with([x], |[x]| {
            grouping.grouped.moments(x, |group, mean, squares| {
                (means[group], output[group]) = (mean, squares / degrees);
            });
        });
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let x = at.inputs.view(0);
        let factor = T::from_f64(2.0) / self.degrees(x.shape());
        let slope = |[mean, g]: [T; 2], [x]: [T; 1]| factor * g * (x - mean);
        Grouping::new(&self.axes, x.layout()).add(grad, [at.saved, cotangent], [x], slope);
    }
}

#[cfg(test)]
mod tests {
    use super::super::axes::keepdim;
    use crate::Tensor;
    use crate::ops::testing::value_and_gradient;

    #[test]
    fn axes_are_dropped_or_kept() {
        let x: Tensor<f64> = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        assert_eq!(value_and_gradient(|x| x.sum(0), x.clone()).0, [5.0, 7.0, 9.0].into());
        assert_eq!(value_and_gradient(|x| x.mean(keepdim(1)), x.clone()).0, [[2.0], [5.0]].into());
        assert_eq!(value_and_gradient(|x| x.variance(.., 1), x).0, Tensor::scalar(3.5));
    }

    #[test]
    fn a_sum_over_nothing_is_zero_and_a_mean_is_none() {
        assert_eq!(value_and_gradient(|x| x.sum(1), Tensor::full([2, 0], 0.0)).0, [0.0, 0.0].into());
        assert!(value_and_gradient(|x| x.mean(1), Tensor::full([2, 0], 0.0)).0.data()[0].is_nan());
    }
}
