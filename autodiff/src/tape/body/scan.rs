//! Scans: one step, recorded once, for each row of a sequence.

use std::ops::Range;
use std::panic::Location;

use super::Body;
use super::record::Recorded;
use super::run::Receiver;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::with_unset_scratch;
use crate::op::{Frame, InputGrads, Inputs, OfParameters, Op, Reads};
use crate::scalar::Real;
use crate::tape::{Recording, Var};

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
    /// The number of steps whose values are there at a time.
    segment: usize,
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

    /// The steps in segments.
    fn segments(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator + use<T> {
        let (steps, segment) = (self.steps, self.segment);
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

    /// Pulls the steps of a segment, whose values are in `memory`, a piece for each.
    fn pull(
        &self,
        steps: Range<usize>,
        inputs: Inputs<'_, T>,
        memory: &[T],
        cotangent: &[T],
        (receiver, result): (&mut OfSteps<'_, '_, T>, &mut [T]),
    ) {
        let (carried, output) = (self.carried(), self.output());
        for (k, step) in steps.enumerate().rev() {
            let (of_carry, of_output) = result.split_at_mut(carried);
            of_carry.copy_from_slice(receiver.carry);
            of_output.copy_from_slice(&cotangent[carried + step * output..][..output]);
            receiver.carry.fill(T::ZERO);
            receiver.step = step;
            let memory = &memory[k * self.step_memory()..][..self.step_memory()];
            let arenas = memory.split_at(self.body.lengths()[0]);
            self.body.pull(inputs.setting().repeated(step), arenas, result, receiver);
        }
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
        Reads::inputs(0..64)
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
        let segment = if self.keep == Keep::All { 0 } else { self.segment * self.step_memory() };
        with_unset_scratch(2 * carried + self.output() + carried + rows + segment, |scratch: &mut [T]| {
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
                    self.pull(steps, at.inputs, memory, cotangent, (&mut receiver, result));
                }
            }
            receiver.finish();
        });
    }
}

/// Gradients of the steps of a scan.
struct OfSteps<'s, 'a, T: Real> {
    scan: &'s Scan<T>,
    grads: &'s mut InputGrads<'a, T>,
    /// Of what is carried into the step that was pulled last.
    carry: &'s mut [T],
    /// Of the rows of each sequence, one sequence after the other.
    rows: &'s mut [T],
    step: usize,
}

impl<T: Real> OfSteps<'_, '_, T> {
    /// Where the gradients of a sequence begin.
    fn first_of(&self, sequence: usize) -> usize {
        self.scan.rows[..sequence].iter().sum::<usize>() * self.scan.steps
    }

    /// Adds what was found to the gradients of initial values and sequences.
    fn finish(self) {
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

    fn load(&mut self, _: usize, _: &mut [T]) -> bool {
        false
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

impl<'t, T: Real> Recording<'t, T> {
    /// Applies a step to carried values and to each row (index of the first axis) of sequences: what it carries goes to the next
    /// row. Returns what the last step carries, and the outputs of all steps, stacked along a new first axis. The step is
    /// recorded once; memory, and the time to record, do not grow with the number of rows by more than what is kept for backward.
    ///
    /// ```
    /// use autodiff::{Keep, Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let (start, x) = (t.variable(&[0.0].into()), t.variable(&[[1.0], [2.0], [3.0]].into()));
    /// let ([last], sums) = t.scan([start], [x], Keep::All, |_, [sum], [x]| ([sum + x], sum + x));
    /// assert_eq!((last.value()?, sums.value()?), ([6.0].into(), [[1.0], [3.0], [6.0]].into()));
    /// let mut grads = params.gradients();
    /// sums.sum(..).backward(&mut grads)?;
    /// assert_eq!(grads.of(x)?, [[3.0], [2.0], [1.0]].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// Gradients flow to initial values, sequences, and parameters that the step reads. Random draws differ from step to step.
    ///
    /// # Errors
    /// Recorded on the tape: no sequence, or sequences of different lengths; a carried value that changes its shape; a state that
    /// the step sets (carry it instead); a mistake in the step, with its own line.
    #[track_caller]
    #[must_use]
    pub fn scan<'r, const C: usize, const S: usize>(
        &'r self,
        carry: [Var<'r, T>; C],
        sequences: [Var<'r, T>; S],
        keep: Keep,
        step: impl for<'b> FnOnce(&'b Recording<'b, T>, [Var<'b, T>; C], [Var<'b, T>; S]) -> ([Var<'b, T>; C], Var<'b, T>),
    ) -> ([Var<'r, T>; C], Var<'r, T>) {
        let (last, outputs) = self.scan_slice(&carry, &sequences, keep, |t, carry, rows| {
            let (carried, output) = step(t, std::array::from_fn(|k| carry[k]), std::array::from_fn(|k| rows[k]));
            (carried.to_vec(), output)
        });
        (std::array::from_fn(|k| last[k]), outputs)
    }

    /// As [`Recording::scan`], with numbers of carried values and sequences known only at run time.
    ///
    /// # Errors
    /// As [`Recording::scan`], or if the step carries another number of values.
    #[track_caller]
    #[must_use]
    pub fn scan_slice<'r>(
        &'r self,
        carry: &[Var<'r, T>],
        sequences: &[Var<'r, T>],
        keep: Keep,
        step: impl for<'b> FnOnce(&'b Recording<'b, T>, &[Var<'b, T>], &[Var<'b, T>]) -> (Vec<Var<'b, T>>, Var<'b, T>),
    ) -> (Vec<Var<'r, T>>, Var<'r, T>) {
        let location = Location::caller();
        let inputs: Vec<Var<'r, T>> = carry.iter().chain(sequences).copied().collect();
        let refused = |poisoned: Var<'r, T>| (vec![poisoned; carry.len()], poisoned);
        if let Some(poisoned) = self.poisoned_by("scan", &inputs, location) {
            return refused(poisoned);
        }
        let (leaves, steps) = match self.scanned(carry.len(), &inputs) {
            Ok(scanned) => scanned,
            Err(mismatch) => return refused(self.refuse("scan", mismatch, &Var::ids(&inputs), location)),
        };
        let (mut output, set) = (Shape::scalar(), self.graph.borrow().updates.len());
        let recorded = Recorded::new(("scan", location), self, &leaves, |t, vars| {
            let (carried, y) = step(t, &vars[..carry.len()], &vars[carry.len()..]);
            output = y.shape().unwrap_or_default();
            t.packed(&carried, &leaves[..carry.len()], (y, set), location)
        });
        match recorded {
            Ok(recorded) => {
                let operands = recorded.operands(self, &inputs, location);
                let sizes = |leaves: &[(Shape, bool)]| leaves.iter().map(|(shape, _)| shape.size()).collect();
                let (carries, rows) = (sizes(&leaves[..carry.len()]), sizes(&leaves[carry.len()..]));
                let segment = if keep == Keep::All { steps } else { steps.isqrt() }.max(1);
                let scan = Scan { body: recorded.body, carries, rows, steps, segment, keep };
                self.apply(scan, operands).unpacked(&leaves[..carry.len()], output.insert(0, steps))
            }
            Err(error) => refused(self.poison(error)),
        }
    }

    /// The shapes of the inputs of a step, each with whether it needs a gradient, and the number of steps.
    fn scanned(&self, carries: usize, inputs: &[Var<'_, T>]) -> Result<(Vec<(Shape, bool)>, usize), Mismatch> {
        let graph = self.graph.borrow();
        let mut steps = None;
        let mut leaves = Vec::new();
        for (k, input) in inputs.iter().enumerate() {
            let (shape, node) = (graph.nodes.shape(input.id as usize), &graph.nodes[input.id as usize]);
            if k < carries {
                // From the second step on, it depends on parameters.
                leaves.push((shape.clone(), true));
                continue;
            }
            let Some(&length) = shape.first() else { return Err(Mismatch::new("a sequence has no axis of steps")) };
            if *steps.get_or_insert(length) != length {
                return Err(Mismatch::new("the sequences have different lengths"));
            }
            leaves.push((shape.without(0), node.gradient.is_some()));
        }
        steps.map(|steps| (leaves, steps)).ok_or_else(|| Mismatch::new("takes at least one sequence"))
    }

    /// What a step carries, and its output, one after the other.
    fn packed<'b>(
        &'b self,
        carried: &[Var<'b, T>],
        leaves: &[(Shape, bool)],
        (output, set): (Var<'b, T>, usize),
        location: &'static Location<'static>,
    ) -> Var<'b, T> {
        if carried.len() != leaves.len() {
            let reason = format!("{} values are carried into a step, and {} out of it", leaves.len(), carried.len());
            return self.refuse("scan", Mismatch::new(reason), &[], location);
        }
        for (k, (value, (shape, _))) in carried.iter().zip(leaves).enumerate() {
            if let Ok(found) = value.shape()
                && found != *shape
            {
                let reason = Mismatch::new(format!("carried value {k} begins with shape {shape} and becomes {found}"));
                return self.refuse("scan", reason, &[value.id], location);
            }
        }
        if self.graph.borrow().updates.len() > set {
            return self.refuse("scan", Mismatch::new("a step cannot set a state: carry it"), &[], location);
        }
        let parts = carried.iter().chain([&output]).map(|value| value.reshape([-1])).collect::<Vec<_>>();
        self.concatenate(parts, 0)
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// Values with the shapes of what is carried, and the outputs of all steps.
    #[track_caller]
    fn unpacked(self, carried: &[(Shape, bool)], outputs: Shape) -> (Vec<Var<'t, T>>, Var<'t, T>) {
        let mut first = 0;
        let mut next = |shape: &Shape| {
            first += shape.size();
            self.narrow(0, first - shape.size()..first).reshape(shape.clone())
        };
        let last = carried.iter().map(|(shape, _)| next(shape)).collect();
        (last, next(&outputs))
    }
}
