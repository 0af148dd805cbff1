//! Products, norms and log-sum-exps over axes.

use super::axes::{Axes, keepdim};
use super::grouping::Grouping;
use super::prelude::*;
use super::reduction::{Rule, reductions};
use crate::array::{View, ViewMut};
use crate::kernel::with_scratch;

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
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], mut grad: ViewMut<'_, T>) {
        let x = at.inputs.view(0);
        let (groups, n) = (self.axes.groups(grad.layout()), self.axes.count(x.shape()));
        let others = at.saved[x.shape().size()..].chunks(n.max(1));
        for ((start, others), &g) in groups.starts().zip(others).zip(cotangent) {
            groups.members(start).zip(others).for_each(|(offset, &other)| grad.add_at(offset, g * other));
        }
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
    fn reduce(&self, x: View<'_, T>, norms: &mut [T], _: &mut [T]) {
        let (power, grouping) = (Power::new(self.order), Grouping::new(&self.axes, x.layout()));
        grouping.with([x], |[x]| {
            grouping.grouped.winners(x, T::ZERO, |norm, x| norm.maximum(x.abs()), norms);
            with_scratch(norms.len(), |scales| {
                // Scaling by the largest element prevents overflow and underflow of intermediate results.
                for (scale, norm) in scales.iter_mut().zip(&mut *norms) {
                    *norm = T::from_f64(norm.to_f64());
                    *scale = if norm.is_zero() || !norm.is_finite() { T::ONE } else { *norm };
                }
                let term = |[scale]: [T; 1], [x]: [T; 1]| [power.value(x / scale)];
                grouping.grouped.sums([&*scales], [x], term, |group, [sum]| {
                    if norms[group] == scales[group] {
                        norms[group] = norms[group] * sum.powf(1.0 / self.order);
                    }
                });
            });
        });
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let power = Power::new(self.order);
        let x = at.inputs.view(0);
        let slope = |[norm, g]: [T; 2], [x]: [T; 1]| if norm == T::ZERO { T::ZERO } else { g * power.slope(x / norm) };
        Grouping::new(&self.axes, x.layout()).add(grad, [at.output, cotangent], [x], slope);
    }
}

impl<T: Real> Rule<T> for LogSumExp {
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        let grouping = Grouping::new(&self.axes, x.layout());
        grouping.with([x], |[x]| {
            with_scratch(output.len(), |shifts| {
                grouping.grouped.winners(x, T::from_f64(f64::NEG_INFINITY), T::maximum, shifts);
                // The largest element as a constant: the sum has all tangents.
                shifts.iter_mut().for_each(|shift| *shift = T::from_f64(shift.to_f64()));
                output.copy_from_slice(shifts);
                grouping.grouped.sums(
                    [&*shifts],
                    [x],
                    |[shift], [x]| [(x - shift).exp()],
                    |group, [sum]| {
                        if output[group].is_finite() {
                            output[group] += sum.ln();
                        }
                    },
                );
            });
        });
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let x = at.inputs.view(0);
        // What is −∞ has no part in the sum, also where the sum is −∞ itself.
        let slope =
            |[sum, g]: [T; 2], [x]: [T; 1]| if x.to_f64() == f64::NEG_INFINITY { T::ZERO } else { g * (x - sum).exp() };
        Grouping::new(&self.axes, x.layout()).add(grad, [at.output, cotangent], [x], slope);
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
