//! Losses sample by sample: one body, recorded once, run and pulled for each sample of a batch.

mod gradients;
mod losses;
mod record;
mod variances;

pub use record::PerSample;

use std::ops::Range;

use super::Body;
use crate::kernel::part_size;
use crate::op::{Inputs, Setting};
use crate::scalar::Real;

/// A body, and the batch whose samples it runs on.
#[derive(Debug)]
struct Samples<T: Real> {
    body: Body<T>,
    /// The number of elements of a sample of each input.
    rows: Vec<usize>,
    count: usize,
}

impl<T: Real> Samples<T> {
    /// What operations run with, for a sample: random numbers of its own.
    fn setting<'a>(&self, sample: usize, inputs: Inputs<'a, T>) -> Setting<'a, T> {
        inputs.setting().repeated(sample)
    }

    /// Computes a sample in these arenas; returns whether no operation refuses a value.
    fn compute(&self, sample: usize, inputs: Inputs<'_, T>, arenas: (&mut [T], &mut [T])) -> bool {
        self.body.compute(self.setting(sample, inputs), arenas, |input, to| {
            let view = inputs.view(input);
            if input >= self.rows.len() {
                return view.copy_to(to); // the new value of a state, the same for all samples
            }
            // Every input has as many samples.
            if let Ok(row) = view.layout().narrow(0, sample, sample + 1, 1) {
                view.through(&row).copy_to(to);
            }
        })
    }

    /// Calls `deliver` with the gradient of the loss of a sample with regard to each parameter, by its position among those that
    /// the body reads; returns whether no operation refuses a value.
    fn pull(
        &self,
        sample: usize,
        inputs: Inputs<'_, T>,
        arenas: (&[T], &[T]),
        mut deliver: impl FnMut(usize, &[T]),
    ) -> bool {
        let first = self.body.graph.declared().len();
        self.body.pull_to(self.setting(sample, inputs), arenas, &[T::ONE], |operand, gradient| {
            if operand >= first {
                deliver(operand - first, gradient);
            }
        })
    }

    /// The number of samples of a part: it does not depend on the number of threads.
    fn part_size(&self) -> usize {
        part_size(self.count, 1).max(1)
    }

    /// The samples of a part.
    fn part(&self, part: usize) -> Range<usize> {
        let size = self.part_size();
        part * size..self.count.min((part + 1) * size)
    }

    fn parts(&self) -> usize {
        self.count.div_ceil(self.part_size())
    }
}
