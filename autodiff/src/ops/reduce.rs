//! Sums, means, variances, products, norms and log-sum-exps along axes.
//!
//! A reduction over no element (extent 0) gives what numpy gives: sum 0, product 1, norm 0, mean and variance NaN,
//! log-sum-exp −∞.

use super::axes::Axes;
use super::prelude::*;
use crate::view::{View, ViewMut};

/// One reduction: struct with axes and attributes, `Var` method, catalogue entry. The rules are methods of `Rule`.
macro_rules! reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident: $op:ident($($attribute:ident: $type:ty = $sample:expr),*) on $domain:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $op {
                /// The axes to reduce.
                pub axes: Axes,
                $(
                    #[doc = concat!("The constant `", stringify!($attribute), "`.")]
                    pub $attribute: $type,
                )*
            }

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = exactly(inputs)?;
                    Rule::<T>::check(self)?;
                    self.axes.reduce(x)
                }
                fn saved(&self, inputs: &[&Shape]) -> usize {
                    inputs.first().map_or(0, |x| Rule::<T>::saved(self, x))
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
                    Rule::reduce(self, inputs.view(0), output, saved);
                }
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    if let Some(grad) = grads.view(0) {
                        Rule::pull(self, at, cotangent, grad);
                    }
                }
            }

            impl<'t, T: Real> Var<'t, T> {
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $name(self, axes: impl Into<Axes> $(, $attribute: $type)*) -> Var<'t, T> {
                    self.apply($op { axes: axes.into() $(, $attribute)* })
                }
            }
        )*

        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.full_shape(0, 4);
                    let axes = Axes::draw(choices, shape.rank());
                    Case::new($op { axes $(, $attribute: $sample)* }, [$domain.of(shape)])
                },
            },
        )*];
    };
}

reductions! {
    /// The sum over `axes`.
    sum: Sum() on Domain::REAL;

    /// The mean over `axes`.
    mean: Mean() on Domain::REAL;

    /// The variance over `axes`: squared deviations from the mean, summed and divided by their number less
    /// `correction` (0: biased, as batch normalisation uses it; 1: unbiased).
    variance: Variance(correction: usize = 0) on Domain::REAL;

    /// The product over `axes`.
    prod: Prod() on Domain::REAL;

    /// The norm `(Σ |x|^order)^(1/order)` over `axes`, `order` at least 1. The gradient at the zero vector is 0.
    norm: Norm(order: f64 = 2.5) on Domain::REAL;

    /// `ln Σ eˣ` over `axes`, without overflow.
    log_sum_exp: LogSumExp() on Domain::REAL;
}

/// How a reduction computes and differentiates.
trait Rule<T: Real> {
    fn check(&self) -> Result<(), Mismatch> {
        Ok(())
    }
    fn saved(&self, shape: &Shape) -> usize {
        let _ = shape;
        0
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], saved: &mut [T]);
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>);
}

/// The sum over `axes`, into `output`.
fn sum<T: Real>(axes: &Axes, x: View<'_, T>, output: &mut [T]) {
    output.fill(T::ZERO);
    let spread = axes.spread(x.shape());
    accumulate([x], ViewMut::new(output, &spread), |_, [x], sums| {
        sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
    });
}

/// Adds `share · cotangent` to every element of each group.
fn spread<T: Real>(axes: &Axes, shape: &Shape, cotangent: &[T], share: T, grad: ViewMut<'_, T>) {
    let spread = axes.spread(shape);
    accumulate([View::new(cotangent, &spread)], grad, |_, [g], sums| {
        sums.iter_mut().zip(g).for_each(|(sum, &g)| *sum += share * g);
    });
}

/// Calls `add(group, x)` for every element and adds what it gives to the element's gradient.
fn pull_each<T: Real>(axes: &Axes, x: View<'_, T>, mut grad: ViewMut<'_, T>, mut add: impl FnMut(usize, T) -> T) {
    let groups = axes.groups(x.layout());
    for (group, start) in groups.starts().enumerate() {
        for place in groups.members(start) {
            grad.add_at(place, add(group, x.at(place)));
        }
    }
}

fn count<T: Real>(axes: &Axes, shape: &Shape) -> T {
    T::from_f64(axes.count(shape) as f64)
}

impl<T: Real> Rule<T> for Sum {
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        sum(&self.axes, x, output);
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        spread(&self.axes, at.inputs.view(0).shape(), cotangent, T::ONE, grad);
    }
}

impl<T: Real> Rule<T> for Mean {
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
        T::from_f64(self.axes.count(shape) as f64 - self.correction as f64)
    }
}

impl<T: Real> Rule<T> for Variance {
    /// The means.
    fn saved(&self, shape: &Shape) -> usize {
        self.axes.reduce(shape).map_or(0, |shape| shape.size())
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], means: &mut [T]) {
        sum(&self.axes, x, means);
        let n = count::<T>(&self.axes, x.shape());
        means.iter_mut().for_each(|mean| *mean = *mean / n);
        output.fill(T::ZERO);
        let spread = self.axes.spread(x.shape());
        accumulate([x, View::new(means, &spread)], ViewMut::new(output, &spread), |_, [x, mean], sums| {
            sums.iter_mut().zip(x).zip(mean).for_each(|((sum, &x), &mean)| *sum += (x - mean) * (x - mean));
        });
        let degrees = self.degrees::<T>(x.shape());
        output.iter_mut().for_each(|variance| *variance = *variance / degrees);
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        let x = at.inputs.view(0);
        let factor = T::from_f64(2.0) / self.degrees(x.shape());
        let spread = self.axes.spread(x.shape());
        let views = [x, View::new(at.saved, &spread), View::new(cotangent, &spread)];
        accumulate(views, grad, |_, [x, mean, g], sums| {
            for (((sum, &x), &mean), &g) in sums.iter_mut().zip(x).zip(mean).zip(g) {
                *sum += factor * g * (x - mean);
            }
        });
    }
}

impl<T: Real> Rule<T> for Prod {
    /// The elements, group by group, and for each the product of all others: no division, so zeros need no care.
    fn saved(&self, shape: &Shape) -> usize {
        2 * shape.size()
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], saved: &mut [T]) {
        let n = self.axes.count(x.shape());
        let (elements, others) = saved.split_at_mut(x.shape().size());
        let groups = self.axes.groups(x.layout());
        for ((group, start), product) in groups.starts().enumerate().zip(output) {
            let range = group * n..(group + 1) * n;
            let (elements, others) = (&mut elements[range.clone()], &mut others[range]);
            *product = T::ONE;
            for ((place, element), other) in groups.members(start).zip(&mut *elements).zip(&mut *others) {
                *element = x.at(place);
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

impl<T: Real> Rule<T> for Norm {
    fn check(&self) -> Result<(), Mismatch> {
        if self.order >= 1.0 && self.order.is_finite() {
            return Ok(());
        }
        Err(Mismatch::new(format!("the order {} of a norm is not a number from 1 up", self.order)))
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        let groups = self.axes.groups(x.layout());
        for (start, norm) in groups.starts().zip(output) {
            let largest =
                groups.members(start).fold(0.0, |largest: f64, place| x.at(place).to_f64().abs().max(largest));
            // Scaled by its largest element, a vector's norm neither overflows nor underflows before the result does.
            let scale = T::from_f64(largest);
            *norm = if largest == 0.0 || !scale.is_finite() {
                scale
            } else {
                let power = |place: usize| (x.at(place).abs() / scale).powf(self.order);
                scale * groups.members(start).map(power).sum::<T>().powf(1.0 / self.order)
            };
        }
    }
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
        pull_each(&self.axes, at.inputs.view(0), grad, |group, x| {
            let norm = at.output[group];
            if norm == T::ZERO || x == T::ZERO {
                return T::ZERO;
            }
            let slope = (x.abs() / norm).powf(self.order - 1.0);
            cotangent[group] * if x > T::ZERO { slope } else { -slope }
        });
    }
}

impl<T: Real> Rule<T> for LogSumExp {
    fn reduce(&self, x: View<'_, T>, output: &mut [T], _: &mut [T]) {
        let groups = self.axes.groups(x.layout());
        for (start, result) in groups.starts().zip(output) {
            let elements = || groups.members(start).map(|place| x.at(place));
            let largest = elements().map(T::to_f64).fold(f64::NEG_INFINITY, f64::max);
            let shift = T::from_f64(largest);
            *result = if shift.is_finite() {
                shift + elements().map(|x| (x - shift).exp()).sum::<T>().ln()
            } else {
                elements().fold(shift, T::maximum) // −∞, ∞ or NaN
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
    use super::super::axes::keep;
    use crate::{Mode, Params, Tape, Tensor};

    fn values(
        f: impl for<'t> Fn(crate::Var<'t, f64>) -> crate::Var<'t, f64>,
        x: Tensor<f64>,
    ) -> (Tensor<f64>, Tensor<f64>) {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&x);
        let y = f(x);
        let mut grads = params.gradients();
        y.sum(..).backward(&mut grads).unwrap();
        (y.value().unwrap(), grads.of(x).unwrap())
    }

    #[test]
    fn axes_are_dropped_or_kept() {
        let x: Tensor<f64> = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        assert_eq!(values(|x| x.sum(0), x.clone()).0, [5.0, 7.0, 9.0].into());
        assert_eq!(values(|x| x.mean(keep(1)), x.clone()).0, [[2.0], [5.0]].into());
        assert_eq!(values(|x| x.variance(.., 1), x).0, Tensor::scalar(3.5));
    }

    #[test]
    fn a_product_with_zeros_has_the_gradient_of_the_product_of_the_others() {
        assert_eq!(values(|x| x.prod(..), [2.0, 0.0, 3.0].into()).1, [0.0, 6.0, 0.0].into());
        assert_eq!(values(|x| x.prod(..), [2.0, 0.0, 0.0].into()).1, [0.0, 0.0, 0.0].into());
    }

    #[test]
    fn norms_and_log_sum_exps_survive_the_extremes() {
        let large = values(|x| x.norm(.., 2.0), [3e200, 4e200].into());
        assert!((large.0.data()[0] / 5e200 - 1.0).abs() < 1e-15 && (large.1.data()[0] - 0.6).abs() < 1e-15);
        assert_eq!(values(|x| x.norm(.., 2.0), [0.0, 0.0].into()).1, [0.0, 0.0].into());
        let (value, slope) = values(|x| x.log_sum_exp(..), [1e4, f64::NEG_INFINITY].into());
        assert_eq!((value.data()[0], slope), (1e4, [1.0, 0.0].into()));
    }

    #[test]
    fn reductions_over_nothing_give_what_numpy_gives() {
        let nothing = || Tensor::<f64>::full([2, 0], 0.0);
        assert_eq!(values(|x| x.sum(1), nothing()).0, [0.0, 0.0].into());
        assert_eq!(values(|x| x.prod(1), nothing()).0, [1.0, 1.0].into());
        assert_eq!(values(|x| x.log_sum_exp(1), nothing()).0, [f64::NEG_INFINITY, f64::NEG_INFINITY].into());
        assert!(values(|x| x.mean(1), nothing()).0.data()[0].is_nan());
    }
}
