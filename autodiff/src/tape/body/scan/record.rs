//! How a scan is recorded.

use std::panic::Location;

use super::{Keep, Scan};
use crate::array::Shape;
use crate::error::Mismatch;
use crate::scalar::Real;
use crate::tape::body::record::Recorded;
use crate::tape::{Recording, Var};

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
        let recorded = Recorded::new(("scan", location), self, self.params, &leaves, |t, vars| {
            let (carried, y) = step(t, &vars[..carry.len()], &vars[carry.len()..]);
            output = y.shape().unwrap_or_default();
            t.packed(&carried, &leaves[..carry.len()], (y, set), location)
        });
        match recorded {
            Ok(recorded) => {
                let operands = recorded.operands(self, &inputs, location);
                let sizes = |leaves: &[(Shape, bool)]| leaves.iter().map(|(shape, _)| shape.size()).collect();
                let (carries, rows) = (sizes(&leaves[..carry.len()]), sizes(&leaves[carry.len()..]));
                let scan = Scan { body: recorded.body, carries, rows, steps, keep };
                let (all, mut first) = (self.apply(scan, operands), 0);
                let last = leaves[..carry.len()].iter().map(|(shape, _)| all.piece(&mut first, shape)).collect();
                (last, all.piece(&mut first, &output.insert(0, steps)))
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
