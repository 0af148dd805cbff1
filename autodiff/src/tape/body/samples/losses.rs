//! The losses of samples, and the norms of their gradients.

use std::sync::Arc;

use super::Samples;
use super::gradients::Weighted;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::{for_each_part, norm};
use crate::op::{Frame, InputGrads, Inputs, Op, Reads};
use crate::scalar::Real;

/// The losses of all samples, and after them the norm of the gradient of each with regard to the parameters.
#[derive(Debug)]
pub(super) struct Losses<T: Real>(pub(super) Arc<Samples<T>>);

/// What is kept of a sample before the arenas of the body: its loss and its norm.
const RESULTS: usize = 2;

impl<T: Real> Losses<T> {
    /// The number of elements that are kept of a sample.
    fn memory(&self) -> usize {
        RESULTS + self.0.body.lengths().iter().sum::<usize>()
    }

    /// Computes a sample, and pulls it.
    fn run(&self, sample: usize, inputs: Inputs<'_, T>, memory: &mut [T]) {
        let (results, arenas) = memory.split_at_mut(RESULTS);
        let (values, saves) = arenas.split_at_mut(self.0.body.lengths()[0]);
        if !self.0.compute(sample, inputs, (values, saves)) {
            return;
        }
        let mut length = 0.0_f64;
        self.0.pull(sample, inputs, (values, saves), |_, gradient| length = length.hypot(norm(gradient)));
        let loss = self.0.body.output(0, inputs.setting(), values);
        loss.copy_to(&mut results[..1]);
        results[1] = T::from_f64(length);
    }
}

impl<T: Real> Op<T> for Losses<T> {
    fn name(&self) -> &'static str {
        "per_sample"
    }
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        Ok([RESULTS * self.0.count].into())
    }
    fn saved(&self, _: &[&Shape]) -> usize {
        self.memory().saturating_mul(self.0.count)
    }
    fn differentiable(&self, operand: usize) -> bool {
        self.0.body.is_reached(operand)
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        for_each_part(saved, self.memory(), |sample, memory| self.run(sample, inputs, memory));
        let (losses, norms) = output.split_at_mut(self.0.count);
        for ((loss, norm), memory) in losses.iter_mut().zip(norms).zip(saved.chunks(self.memory())) {
            (*loss, *norm) = (memory[0], memory[1]);
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let arenas = |sample: usize| {
            let memory = &at.saved[sample * self.memory()..][RESULTS..self.memory()];
            memory.split_at(self.0.body.lengths()[0])
        };
        let weights = &cotangent[..self.0.count];
        Weighted { samples: &self.0, inputs: at.inputs, arenas, weights }.add_gradients(grads);
    }
}
