//! Scans: one step, recorded once, for each row of a sequence.

mod gradients;
mod record;

use std::ops::Range;

use super::Body;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::with_unset_scratch;
use crate::op::{Frame, InputGrads, Inputs, Op, Reads};
use crate::scalar::Real;
use gradients::OfSteps;

/// What a scan keeps for backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All that the pullback of every step reads.
    All,
    /// What is carried into every √n-th of n steps. Backward computes √n steps at a time once more.
    Segments,
}

/// Runs a body for each row of sequences; its result is what it carries to the next run, and after that its output.
#[derive(Debug)]
struct Scan<T: Real> {
    body: Body<T>,
    /// The number of elements of each carried value, and of the row of each sequence.
    carries: Vec<usize>,
    rows: Vec<usize>,
    steps: usize,
    keep: Keep,
}

impl<T: Real> Scan<T> {
    /// The number of elements that are carried.
    fn carried(&self) -> usize {
        self.carries.iter().sum()
    }

    /// The number of elements of the output of a step.
    fn output(&self) -> usize {
        self.body.shape(0).size() - self.carried()
    }

    /// The number of elements of the arenas of a step.
    fn step_memory(&self) -> usize {
        self.body.lengths().iter().sum()
    }

    /// The number of steps whose values are there at a time.
    fn segment(&self) -> usize {
        let steps = if self.keep == Keep::All { self.steps } else { self.steps.isqrt() };
        steps.max(1)
    }

    /// The steps in segments.
    fn segments(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator + use<T> {
        let (steps, segment) = (self.steps, self.segment());
        (0..steps.div_ceil(segment)).map(move |k| k * segment..steps.min((k + 1) * segment))
    }

    /// Computes these steps from what is carried into the first of them, in `memory`, a piece for each or one for all; calls `done`
    /// with each step and the elements of its result. Returns whether no operation refuses a value.
    fn compute(
        &self,
        steps: Range<usize>,
        inputs: Inputs<'_, T>,
        carry: &mut [T],
        (memory, is_kept): (&mut [T], bool),
        mut done: impl FnMut(usize, &[T]),
    ) -> bool {
        for (k, step) in steps.enumerate() {
            let piece = if is_kept { k } else { 0 };
            let memory = &mut memory[piece * self.step_memory()..][..self.step_memory()];
            let arenas = memory.split_at_mut(self.body.lengths()[0]);
            let setting = inputs.setting().repeated(step);
            let load = |input, to: &mut [T]| self.load(input, step, inputs, carry, to);
            if !self.body.compute(setting, arenas, load) {
                return false;
            }
            let values = &memory[..self.body.lengths()[0]];
            self.body.output(0, setting, values).with_dense(|result| {
                carry.copy_from_slice(&result[..carry.len()]);
                done(step, result);
            });
        }
        true
    }

    /// Writes an input of a step: what is carried, the row of a sequence, or what is the same for all steps.
    fn load(&self, input: usize, step: usize, inputs: Inputs<'_, T>, carry: &[T], to: &mut [T]) {
        if input < self.carries.len() {
            let first: usize = self.carries[..input].iter().sum();
            return to.copy_from_slice(&carry[first..][..to.len()]);
        }
        let view = inputs.view(input);
        if input - self.carries.len() >= self.rows.len() {
            return view.copy_to(to);
        }
        // The sequences have as many rows as there are steps.
        if let Ok(row) = view.layout().index(0, step) {
            view.through(&row).copy_to(to);
        }
    }

    /// Writes the initial values.
    fn begin(&self, inputs: Inputs<'_, T>, carry: &mut [T]) {
        let mut rest = carry;
        for (input, &size) in self.carries.iter().enumerate() {
            let (own, others) = rest.split_at_mut(size);
            inputs.view(input).copy_to(own);
            rest = others;
        }
    }

    /// Pulls the steps of a segment, whose values are in `memory`, a piece for each; returns whether no operation refuses a value.
    fn pull(
        &self,
        steps: Range<usize>,
        inputs: Inputs<'_, T>,
        memory: &[T],
        cotangent: &[T],
        (receiver, result): (&mut OfSteps<'_, '_, T>, &mut [T]),
    ) -> bool {
        let (carried, output) = (self.carried(), self.output());
        for (k, step) in steps.enumerate().rev() {
            let (of_carry, of_output) = result.split_at_mut(carried);
            of_carry.copy_from_slice(receiver.carry);
            of_output.copy_from_slice(&cotangent[carried + step * output..][..output]);
            receiver.carry.fill(T::ZERO);
            receiver.step = step;
            let memory = &memory[k * self.step_memory()..][..self.step_memory()];
            let arenas = memory.split_at(self.body.lengths()[0]);
            if !self.body.pull(inputs.setting().repeated(step), arenas, result, receiver) {
                return false;
            }
        }
        true
    }
}

impl<T: Real> Op<T> for Scan<T> {
    fn name(&self) -> &'static str {
        "scan"
    }
    /// What is carried out of the last step, and the outputs of all steps.
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        let outputs = self.output().checked_mul(self.steps);
        let size = outputs.and_then(|outputs| outputs.checked_add(self.carried()));
        size.map(|size| Shape::from([size])).ok_or_else(|| Mismatch::new("the outputs of all steps are too many"))
    }
    /// The arenas of all steps, or what is carried into each segment.
    fn saved(&self, _: &[&Shape]) -> usize {
        match self.keep {
            Keep::All => self.step_memory().saturating_mul(self.steps),
            Keep::Segments => self.carried() * self.segments().len(),
        }
    }
    fn differentiable(&self, input: usize) -> bool {
        self.body.is_reached(input)
    }
    fn reads(&self) -> Reads {
        if self.keep == Keep::All { Reads::NOTHING } else { Reads::inputs(0..64) }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let (last, outputs) = output.split_at_mut(self.carried());
        self.begin(inputs, last);
        let size = self.output();
        let carried = last.len();
        let mut done = |step: usize, result: &[T]| {
            outputs[step * size..][..size].copy_from_slice(&result[carried..]);
        };
        if self.keep == Keep::All {
            self.compute(0..self.steps, inputs, last, (saved, true), done);
            return;
        }
        with_unset_scratch(self.step_memory(), |memory: &mut [T]| {
            for (segment, steps) in self.segments().enumerate() {
                saved[segment * carried..][..carried].copy_from_slice(last);
                if !self.compute(steps, inputs, last, (memory, false), &mut done) {
                    return;
                }
            }
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (carried, rows) = (self.carried(), self.rows.iter().sum::<usize>() * self.steps);
        let segment = if self.keep == Keep::All { 0 } else { self.segment() * self.step_memory() };
        with_unset_scratch(3 * carried + self.output() + rows + segment, |scratch: &mut [T]| {
            let (carry, rest) = scratch.split_at_mut(carried);
            let (result, rest) = rest.split_at_mut(carried + self.output());
            let (again, rest) = rest.split_at_mut(carried);
            let (rows, memory) = rest.split_at_mut(rows);
            carry.copy_from_slice(&cotangent[..carried]);
            rows.fill(T::ZERO);
            let mut receiver = OfSteps { scan: self, grads, carry, rows, step: 0 };
            if self.keep == Keep::All {
                self.pull(0..self.steps, at.inputs, at.saved, cotangent, (&mut receiver, result));
            } else {
                for (position, steps) in self.segments().enumerate().rev() {
                    again.copy_from_slice(&at.saved[position * carried..][..carried]);
                    if !self.compute(steps.clone(), at.inputs, again, (memory, true), |_, _| ()) {
                        return;
                    }
                    if !self.pull(steps, at.inputs, memory, cotangent, (&mut receiver, result)) {
                        return;
                    }
                }
            }
            receiver.finish();
        });
    }
}
