//! The variances of the gradients of samples.

use std::sync::Arc;

use super::{Samples, gather_refusals};
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::{dispatch, for_each_part, with_unset_scratch};
use crate::op::{Frame, InputGrads, Inputs, Op, Reads};
use crate::scalar::Real;

/// For each element of the parameters, the variance of its gradient over the samples.
#[derive(Debug)]
pub(super) struct Variances<T: Real> {
    pub(super) samples: Arc<Samples<T>>,
    /// The number of elements of all parameters.
    pub(super) size: usize,
}

impl<T: Real> Variances<T> {
    /// Means of the gradients of a part of the samples, and after them the sums of their squared deviations.
    fn of_part(&self, part: usize, inputs: Inputs<'_, T>, moments: &mut [T], done: &(dyn Fn(usize) + Sync)) {
        let samples = &*self.samples;
        let entries = &inputs.setting().params.table().entries;
        let [values, saved] = samples.body.lengths();
        let (means, squares) = moments.split_at_mut(self.size);
        means.fill(T::ZERO);
        squares.fill(T::ZERO);
        with_unset_scratch(values + saved, |memory: &mut [T]| {
            for (before, sample) in samples.part(part).enumerate() {
                let (values, saves) = memory.split_at_mut(values);
                let share = T::from_f64(1.0 / (before + 1) as f64);
                if samples.compute(sample, inputs, (values, saves)) {
                    samples.pull(sample, inputs, (values, saves), |position, gradient| {
                        let range = entries[samples.body.parameters[position]].range.clone();
                        let (means, squares) = (&mut means[range.clone()], &mut squares[range]);
                        dispatch(move || add_sample(gradient, share, means, squares));
                    });
                }
                done(sample);
            }
        });
    }
}

/// Adds a gradient to means and sums of squared deviations; `share` is one divided by the number of gradients with it (Welford
/// 1962).
#[inline(always)]
fn add_sample<T: Real>(gradient: &[T], share: T, means: &mut [T], squares: &mut [T]) {
    for ((&g, mean), square) in gradient.iter().zip(means).zip(squares) {
        let deviation = g - *mean;
        *mean += deviation * share;
        *square += deviation * (g - *mean);
    }
}

/// Adds the moments of `theirs` samples to those of `ours` (Chan, Golub and LeVeque 1979).
fn add_part<T: Real>((ours, moments): (usize, &mut [T]), (theirs, others): (usize, &[T])) {
    let (means, squares) = moments.split_at_mut(moments.len() / 2);
    let (other_means, other_squares) = others.split_at(means.len());
    let share = T::from_f64(theirs as f64 / (ours + theirs) as f64);
    let between = share * T::from_f64(ours as f64);
    for (k, (mean, square)) in means.iter_mut().zip(squares).enumerate() {
        let deviation = other_means[k] - *mean;
        *mean += deviation * share;
        *square += other_squares[k] + deviation * deviation * between;
    }
}

impl<T: Real> Op<T> for Variances<T> {
    fn name(&self) -> &'static str {
        "per_sample variances"
    }
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        match self.samples.count {
            count @ 0..2 => Err(Mismatch::new(format!("a variance is that of at least two samples, {count} given"))),
            _ => Ok([self.size].into()),
        }
    }
    fn differentiable(&self, _: usize) -> bool {
        false
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        with_unset_scratch(self.samples.parts() * 2 * self.size, |moments: &mut [T]| {
            gather_refusals(|done| {
                for_each_part(moments, 2 * self.size, |part, moments| self.of_part(part, inputs, moments, done));
            });
            let (total, others) = moments.split_at_mut(2 * self.size);
            let mut count = self.samples.part(0).len();
            for (part, others) in others.chunks((2 * self.size).max(1)).enumerate() {
                let theirs = self.samples.part(part + 1).len();
                add_part((count, total), (theirs, others));
                count += theirs;
            }
            let divisor = T::from_f64((count - 1) as f64);
            output.iter_mut().zip(&total[self.size..]).for_each(|(variance, &squares)| *variance = squares / divisor);
        });
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}
