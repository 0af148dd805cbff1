//! Where the gradients of the steps of a scan go.

use super::Scan;
use crate::op::{InputGrads, OfParameters};
use crate::scalar::Real;
use crate::tape::body::run::Receiver;

/// Gradients of the steps of a scan.
pub(super) struct OfSteps<'s, 'a, T: Real> {
    pub(super) scan: &'s Scan<T>,
    pub(super) grads: &'s mut InputGrads<'a, T>,
    /// Of what is carried into the step that was pulled last.
    pub(super) carry: &'s mut [T],
    /// Of the rows of each sequence, one sequence after the other.
    pub(super) rows: &'s mut [T],
    pub(super) step: usize,
}

impl<T: Real> OfSteps<'_, '_, T> {
    /// Where the gradients of a sequence begin.
    fn first_of(&self, sequence: usize) -> usize {
        self.scan.rows[..sequence].iter().sum::<usize>() * self.scan.steps
    }

    /// Adds what was found to the gradients of initial values and sequences.
    pub(super) fn finish(self) {
        let mut first = 0;
        for (input, &size) in self.scan.carries.iter().enumerate() {
            if let Some(grad) = self.grads.view(input) {
                grad.add(&self.carry[first..first + size]);
            }
            first += size;
        }
        for (sequence, &row) in self.scan.rows.iter().enumerate() {
            let first = self.first_of(sequence);
            if let Some(grad) = self.grads.view(self.scan.carries.len() + sequence) {
                grad.add(&self.rows[first..][..row * self.scan.steps]);
            }
        }
    }
}

impl<T: Real> Receiver<T> for OfSteps<'_, '_, T> {
    fn parameters(&mut self) -> Option<OfParameters<'_, T>> {
        self.grads.parameters()
    }

    fn store(&mut self, input: usize, gradient: &[T], fresh: bool) {
        let carries = &self.scan.carries;
        if fresh {
            return; // zeros, as they are there already
        }
        if input < carries.len() {
            let first: usize = carries[..input].iter().sum();
            self.carry[first..][..gradient.len()].copy_from_slice(gradient);
        } else if input - carries.len() < self.scan.rows.len() {
            let first = self.first_of(input - carries.len()) + self.step * gradient.len();
            self.rows[first..][..gradient.len()].copy_from_slice(gradient);
        }
    }
}
