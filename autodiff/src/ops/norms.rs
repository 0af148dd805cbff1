//! Products, norms and log-sum-exps over axes.

use super::axes::{Axes, keepdim};
use super::prelude::*;
use super::reduction::{Rule, pull_each, reductions};
use crate::array::{View, ViewMut};
use crate::kernel::reduce::{sum_exp, sum_of};

reductions! {
    "# Products, norms and log-sum-exps";

    /// The product over `axes`.
    prod: Prod() on Domain::REAL;

    /// The norm `(Σ |x|^order)^(1/order)` over `axes`; `order` must be at least 1. The gradient at the zero vector is 0.
    norm: Norm(order: f64 = |choices, _| [2.5, 2.0, 1.0, 3.0, 4.0][choices.below(5)]) on Domain::REAL;

    /// `ln Σ eˣ` over `axes`, computed without overflow.
    log_sum_exp: LogSumExp() on Domain::REAL;
}

/// # Division by a norm
impl<'t, T: Real> Var<'t, T> {
    /// `x / max(‖x‖, epsilon)` with the norm of this `order` over `axes`: unit vectors, or shorter ones if the norm is below
    /// `epsilon`.
    #[track_caller]
    #[must_use]
    pub fn normalize_by_norm(self, axes: impl Into<Axes>, order: f64, epsilon: f64) -> Var<'t, T> {
        self / self.norm(keepdim(axes), order).clamp(epsilon, f64::INFINITY)
    }
}

impl<T: Real> Rule<T> for Prod {
    /// The elements, by group, and for each the product of the others: no division, so zeros are not special.
    fn saved(&self, shape: &Shape) -> usize {
        shape.size().saturating_mul(2)
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], saved: &mut [T]) {
        let n = self.axes.count(x.shape());
        let (elements, others) = saved.split_at_mut(x.shape().size());
        let groups = self.axes.groups(x.layout());
        for ((group, start), product) in groups.starts().enumerate().zip(output) {
            let range = group * n..(group + 1) * n;
            let (elements, others) = (&mut elements[range.clone()], &mut others[range]);
            *product = T::ONE;
            for ((offset, element), other) in groups.members(start).zip(&mut *elements).zip(&mut *others) {
                *element = x.at(offset);
                *other = *product;
                *product = *product * *element;
            }
            let mut after = T::ONE;
            for (element, other) in elements.iter().zip(others).rev() {
                *other = *other * after;
                after = after * *element;
            }
        }
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let x = at.inputs.view(0);
        let mut others = at.saved[x.shape().size()..].iter();
        pull_each(&self.axes, x, grad, |group, _| cotangent[group] * others.next().copied().unwrap_or(T::ZERO));
    }
}

/// `|x|^order` and its derivative.
#[derive(Clone, Copy)]
enum Power {
    Square,
    /// A power of `x` itself, which has every derivative at 0.
    Even(f64),
    Other(f64),
}

impl Power {
    fn new(order: f64) -> Self {
        match order {
            2.0 => Power::Square,
            order if order % 2.0 == 0.0 => Power::Even(order),
            order => Power::Other(order),
        }
    }

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        match self {
            Power::Square => x * x,
            Power::Even(order) => x.powf(order),
            Power::Other(order) => x.abs().powf(order),
        }
    }

    /// The derivative of a norm with respect to an element, where `x` is the element divided by the norm.
    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        match self {
            Power::Square => x,
            Power::Even(order) => x.powf(order - 1.0),
            Power::Other(_) if x == T::ZERO => T::ZERO,
            Power::Other(order) if x > T::ZERO => x.powf(order - 1.0),
            Power::Other(order) => -(-x).powf(order - 1.0),
        }
    }
}

impl<T: Real> Rule<T> for Norm {
    fn check(&self) -> Result<(), Mismatch> {
        if self.order >= 1.0 && self.order.is_finite() {
            return Ok(());
        }
        Err(Mismatch::new(format!("the order {} of a norm is not a number from 1 up", self.order)))
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        let (power, groups) = (Power::new(self.order), self.axes.groups(x.layout()));
        for (start, norm) in groups.starts().zip(output) {
            let largest =
                groups.members(start).fold(0.0, |largest: f64, offset| x.at(offset).to_f64().abs().max(largest));
            // Scaling by the largest element prevents overflow and underflow of intermediate results.
            let scale = T::from_f64(largest);
            *norm = if largest == 0.0 || !scale.is_finite() {
                scale
            } else {
                let terms = groups.members(start).map(|offset| power.value(x.at(offset) / scale));
                scale * sum_of(terms).powf(1.0 / self.order)
            };
        }
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let power = Power::new(self.order);
        pull_each(&self.axes, at.inputs.view(0), grad, |group, x| {
            let norm = at.output[group];
            if norm == T::ZERO { T::ZERO } else { cotangent[group] * power.slope(x / norm) }
        });
    }
}

fn log_sum_exp<T: Real, I: Iterator<Item = T>>(elements: impl Fn() -> I, count: usize) -> T {
    let largest = elements().map(T::to_f64).fold(f64::NEG_INFINITY, f64::max);
    let shift = T::from_f64(largest);
    if shift.is_finite() {
        shift + sum_exp(elements().map(|x| x - shift), count).ln()
    } else {
        elements().fold(shift, T::maximum) // −∞, ∞ or NaN
    }
}

impl<T: Real> Rule<T> for LogSumExp {
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        let (groups, count) = (self.axes.groups(x.layout()), self.axes.count(x.shape()));
        // Copy a group that fits the buffer: iterating twice over strided elements costs more than the exponentials.
        let mut buffer = [T::ZERO; 256];
        for (start, result) in groups.starts().zip(output) {
            let elements = || groups.members(start).map(|offset| x.at(offset));
            *result = match buffer.get_mut(..count) {
                Some(line) => {
                    line.iter_mut().zip(elements()).for_each(|(to, x)| *to = x);
                    log_sum_exp(|| line.iter().copied(), count)
                }
                None => log_sum_exp(elements, count),
            };
        }
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        pull_each(&self.axes, at.inputs.view(0), grad, |group, x| {
            if x.to_f64() == f64::NEG_INFINITY { T::ZERO } else { cotangent[group] * (x - at.output[group]).exp() }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, transform};

    #[test]
    fn a_product_with_zeros_has_the_gradient_of_the_product_of_the_others() {
        assert_eq!(value_and_gradient(|x| x.prod(..), [2.0, 0.0, 3.0].into()).1, [0.0, 6.0, 0.0].into());
        assert_eq!(value_and_gradient(|x| x.prod(..), [2.0, 0.0, 0.0].into()).1, [0.0, 0.0, 0.0].into());
    }

    #[test]
    fn norms_and_log_sum_exps_survive_the_extremes() {
        let large = value_and_gradient(|x| x.norm(.., 2.0), [3e200, 4e200].into());
        assert!((large.0.data()[0] / 5e200 - 1.0).abs() < 1e-15 && (large.1.data()[0] - 0.6).abs() < 1e-15);
        assert_eq!(value_and_gradient(|x| x.norm(.., 2.0), [0.0, 0.0].into()).1, [0.0, 0.0].into());
        let (value, slope) = value_and_gradient(|x| x.log_sum_exp(..), [1e4, f64::NEG_INFINITY].into());
        assert_eq!((value.data()[0], slope), (1e4, [1.0, 0.0].into()));
    }

    #[test]
    fn a_product_over_nothing_is_one() {
        assert_eq!(value_and_gradient(|x| x.prod(1), Tensor::full([2, 0], 0.0)).0, [1.0, 1.0].into());
        assert_eq!(value_and_gradient(|x| x.log_sum_exp(1), Tensor::full([1, 0], 0.0)).0, [f64::NEG_INFINITY].into());
        assert_eq!(value_and_gradient(|x| x.norm(1, 2.0), Tensor::full([1, 0], 0.0)).0, [0.0].into());
    }

    #[test]
    fn a_norm_has_its_second_derivatives_at_elements_that_are_zero() {
        // (1 − x xᵀ/n²)/n with n = 5.
        let x: Tensor<f64> = [3.0, 4.0, 0.0].into();
        let hessian = transform::hessian(|x| x.norm(.., 2.0), &x).unwrap();
        let expected = [16.0, -12.0, 0.0, -12.0, 9.0, 0.0, 0.0, 0.0, 25.0].map(|entry| entry / 125.0);
        assert!(hessian.data().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{hessian}");
    }
}
