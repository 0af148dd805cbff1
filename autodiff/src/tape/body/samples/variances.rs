//! The variances of the gradients of samples.

use std::sync::Arc;

use super::Samples;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::{Moments, dispatch, for_each_part, with_unset_scratch};
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
    fn of_part(&self, part: usize, inputs: Inputs<'_, T>, moments: &mut [T]) {
        let samples = &*self.samples;
        let entries = &inputs.setting().params.table().entries;
        let [values, saved] = samples.body.lengths();
        let (means, squares) = moments.split_at_mut(self.size);
        means.fill(T::ZERO);
        squares.fill(T::ZERO);
        with_unset_scratch(values + saved, |memory: &mut [T]| {
            for (before, sample) in samples.part(part).enumerate() {
                let (values, saves) = memory.split_at_mut(values);
                let add = |position: usize, gradient: &[T]| {
                    let range = entries[samples.body.parameters[position]].range.clone();
                    let moments = (before, &mut means[range.clone()], &mut squares[range]);
                    add_moments(moments, (1, gradient.iter().map(|&g| (g, T::ZERO))));
                };
                let is_computed = samples.compute(sample, inputs, (values, saves));
                if !(is_computed && samples.pull(sample, inputs, (values, saves), add)) {
                    return;
                }
            }
        });
    }
}

/// Adds the moments of `theirs` samples, means and sums of squared deviations, to those of `ours`.
fn add_moments<T: Real>(
    (ours, means, squares): (usize, &mut [T], &mut [T]),
    (theirs, others): (usize, impl Iterator<Item = (T, T)>),
) {
    let [ours, theirs] = [ours, theirs].map(|count| T::from_f64(count as f64));
    let entries = means.iter_mut().zip(squares).zip(others);
    dispatch(move || {
        for ((mean, squares), other) in entries {
            let own = Moments { count: ours, mean: *mean, squares: *squares };
            let both = own.and(Moments { count: theirs, mean: other.0, squares: other.1 });
            (*mean, *squares) = (both.mean, both.squares);
        }
    });
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
            for_each_part(moments, 2 * self.size, |part, moments| self.of_part(part, inputs, moments));
            let (total, others) = moments.split_at_mut(2 * self.size);
            let mut count = self.samples.part(0).len();
            for (part, others) in others.chunks((2 * self.size).max(1)).enumerate() {
                let theirs = self.samples.part(part + 1).len();
                let ((means, squares), others) = (total.split_at_mut(self.size), others.split_at(self.size));
                add_moments((count, means, squares), (theirs, others.0.iter().copied().zip(others.1.iter().copied())));
                count += theirs;
            }
            let divisor = T::from_f64((count - 1) as f64);
            output.iter_mut().zip(&total[self.size..]).for_each(|(variance, &squares)| *variance = squares / divisor);
        });
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}
