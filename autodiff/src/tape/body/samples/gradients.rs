//! Sums of the gradients of samples, each times a weight.

use super::Samples;
use crate::kernel::{for_each_part, with_unset_scratch};
use crate::op::{InputGrads, Inputs, OfParameters};
use crate::scalar::Real;
use crate::tape::body::run::Receiver;

/// The number of elements of a gradient that are summed at a time.
const BLOCK: usize = 1 << 14;

/// The samples of a batch, and the weights of their losses.
pub(super) struct Weighted<'w, T: Real, A> {
    pub(super) samples: &'w Samples<T>,
    pub(super) inputs: Inputs<'w, T>,
    /// The arenas in which a sample was computed.
    pub(super) arenas: A,
    pub(super) weights: &'w [T],
}

impl<'w, T: Real, A: Fn(usize) -> (&'w [T], &'w [T]) + Sync> Weighted<'w, T, A> {
    /// Adds the gradients of all samples, each times its weight. Each part of the samples has sums of its own.
    pub(super) fn add_gradients(&self, grads: &mut InputGrads<'_, T>) {
        let samples = self.samples;
        if samples.count == 0 {
            return;
        }
        let parameters = self.inputs.setting().params.flat().len();
        let rows = samples.part_size() * samples.rows.iter().sum::<usize>();
        with_unset_scratch(samples.parts() * (parameters + rows), |sums: &mut [T]| {
            for_each_part(sums, parameters + rows, |part, sums| {
                let (gradients, rows) = sums.split_at_mut(parameters);
                self.pull_part(part, gradients, rows);
            });
            self.add_parameters(sums, parameters + rows, grads);
            add_rows(samples, sums, parameters, grads);
        });
    }

    /// Writes the sums of the gradients of a part: of the parameters, and those of the samples themselves.
    fn pull_part(&self, part: usize, gradients: &mut [T], rows: &mut [T]) {
        let (samples, entries) = (self.samples, &self.inputs.setting().params.table().entries);
        rows.fill(T::ZERO);
        with_unset_scratch(entries.len(), |fresh: &mut [bool]| {
            fresh.fill(true);
            let mut receiver = OfPart { samples, gradients, fresh, rows, position: 0 };
            for (position, sample) in samples.part(part).enumerate() {
                receiver.position = position;
                let setting = samples.setting(sample, self.inputs);
                let (arenas, weight) = ((self.arenas)(sample), &self.weights[sample..=sample]);
                if !samples.body.pull(setting, arenas, weight, &mut receiver) {
                    return;
                }
            }
            for &parameter in samples.body.parameters.iter().filter(|&&parameter| fresh[parameter]) {
                gradients[entries[parameter].range.clone()].fill(T::ZERO);
            }
        });
    }

    /// Adds the sums of all parts, of which each has this many elements, to the gradients of the parameters.
    fn add_parameters(&self, sums: &mut [T], size: usize, grads: &mut InputGrads<'_, T>) {
        let (body, entries) = (&self.samples.body, &self.inputs.setting().params.table().entries);
        let (first, others) = sums.split_at_mut(size);
        for (position, &parameter) in body.parameters.iter().enumerate() {
            let range = entries[parameter].range.clone();
            for_each_part(&mut first[range.clone()], BLOCK, |block, total| {
                for other in others.chunks(size) {
                    let terms = &other[range.start + block * BLOCK..];
                    total.iter_mut().zip(terms).for_each(|(total, &term)| *total += term);
                }
            });
            if let Some(grad) = grads.view(body.graph.declared().len() + position) {
                grad.add(&first[range]);
            }
        }
    }
}

/// Adds the gradients of the samples themselves, which are in `sums` after those of the parameters.
fn add_rows<T: Real>(samples: &Samples<T>, sums: &[T], parameters: usize, grads: &mut InputGrads<'_, T>) {
    let (size, all) = (samples.part_size(), samples.rows.iter().sum::<usize>());
    let mut first = parameters;
    for (input, &row) in samples.rows.iter().enumerate() {
        if let Some(grad) = grads.view(input) {
            with_unset_scratch(samples.count * row, |gradient: &mut [T]| {
                let parts = sums.chunks((parameters + size * all).max(1));
                for (to, part) in gradient.chunks_mut((size * row).max(1)).zip(parts) {
                    to.copy_from_slice(&part[first..][..to.len()]);
                }
                grad.add(gradient);
            });
        }
        first += size * row;
    }
}

/// The gradients of a part of the samples.
struct OfPart<'s, T: Real> {
    samples: &'s Samples<T>,
    gradients: &'s mut [T],
    fresh: &'s mut [bool],
    /// Of the samples themselves: of each input those of all samples of the part.
    rows: &'s mut [T],
    /// That of the sample in the part.
    position: usize,
}

impl<T: Real> Receiver<T> for OfPart<'_, T> {
    fn parameters(&mut self) -> Option<OfParameters<'_, T>> {
        Some(OfParameters { gradients: self.gradients, fresh: self.fresh })
    }

    fn store(&mut self, input: usize, gradient: &[T], fresh: bool) {
        if fresh || input >= self.samples.rows.len() {
            return;
        }
        let first = self.samples.rows[..input].iter().sum::<usize>() * self.samples.part_size();
        self.rows[first + self.position * gradient.len()..][..gradient.len()].copy_from_slice(gradient);
    }
}
