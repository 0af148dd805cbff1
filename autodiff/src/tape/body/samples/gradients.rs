//! Sums of the gradients of samples, each times a weight.

use super::Samples;
use crate::kernel::{for_each_part, with_unset_scratch};
use crate::op::{InputGrads, Inputs, OfParameters};
use crate::scalar::Real;
use crate::tape::body::run::Receiver;

/// The number of elements of a gradient that are summed at a time.
const BLOCK: usize = 1 << 14;

/// Adds the gradients of all samples, whose arenas are given, each times its weight. Each part of the samples has sums of its own.
pub(super) fn add_gradients<'a, T: Real>(
    samples: &Samples<T>,
    inputs: Inputs<'_, T>,
    arenas: impl Fn(usize) -> (&'a [T], &'a [T]) + Sync,
    weights: &[T],
    grads: &mut InputGrads<'_, T>,
) {
    if samples.count == 0 {
        return;
    }
    let params = inputs.setting().params;
    let (parameters, entries) = (params.flat().len(), &params.table().entries);
    let rows = samples.part_size() * samples.rows.iter().sum::<usize>();
    with_unset_scratch(samples.parts() * (parameters + rows), |sums: &mut [T]| {
        for_each_part(sums, parameters + rows, |part, sums| {
            let (gradients, rows) = sums.split_at_mut(parameters);
            rows.fill(T::ZERO);
            with_unset_scratch(entries.len(), |fresh: &mut [bool]| {
                fresh.fill(true);
                let mut receiver = OfPart { samples, gradients, fresh, rows, position: 0 };
                for (position, sample) in samples.part(part).enumerate() {
                    receiver.position = position;
                    let setting = samples.setting(sample, inputs);
                    if !samples.body.pull(setting, arenas(sample), &weights[sample..=sample], &mut receiver) {
                        return;
                    }
                }
                for &parameter in samples.body.parameters.iter().filter(|&&parameter| fresh[parameter]) {
                    gradients[entries[parameter].range.clone()].fill(T::ZERO);
                }
            });
        });
        let (first, others) = sums.split_at_mut(parameters + rows);
        for (position, &parameter) in samples.body.parameters.iter().enumerate() {
            let range = entries[parameter].range.clone();
            for_each_part(&mut first[range.clone()], BLOCK, |block, total| {
                for other in others.chunks(parameters + rows) {
                    let terms = &other[range.start + block * BLOCK..];
                    total.iter_mut().zip(terms).for_each(|(total, &term)| *total += term);
                }
            });
            if let Some(grad) = grads.view(samples.body.graph.declared().len() + position) {
                grad.add(&first[range]);
            }
        }
        add_rows(samples, sums, parameters, grads);
    });
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
