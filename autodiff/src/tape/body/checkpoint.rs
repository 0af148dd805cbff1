//! Checkpoints: what a computation keeps for backward is its inputs; the rest is computed once more.

use std::panic::Location;

use super::Body;
use super::record::Recorded;
use super::run::Receiver;
use crate::array::Shape;
use crate::error::Mismatch;
use crate::op::{Frame, InputGrads, Inputs, OfParameters, Op, Reads};
use crate::scalar::Real;
use crate::tape::{Graph, Place, Recording, Var};

/// Runs a body, and once more before its pullback.
#[derive(Debug)]
struct Checkpoint<T: Real> {
    body: Body<T>,
    /// For each input, whether its gradient can be continued and written back: no other input, and no parameter, has its memory.
    alone: Vec<bool>,
}

impl<T: Real> Checkpoint<T> {
    /// Computes the body in scratch memory and calls `work` with its arenas.
    fn with_arenas(&self, inputs: Inputs<'_, T>, work: impl FnOnce(&[T], &[T])) {
        let load = |input, memory: &mut [T]| inputs.view(input).copy_to(memory);
        self.body.compute_in_scratch(inputs.setting(), load, work);
    }
}

impl<T: Real> Op<T> for Checkpoint<T> {
    fn name(&self) -> &'static str {
        "checkpoint"
    }
    /// The result, or the elements of all outputs one after the other.
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        match self.body.outputs.len() {
            1 => Ok(self.body.shape(0).clone()),
            _ => Ok([self.body.size_from(0)].into()),
        }
    }
    fn differentiable(&self, input: usize) -> bool {
        self.body.is_reached(input)
    }
    fn reads(&self) -> Reads {
        Reads::inputs(0..64)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        self.with_arenas(inputs, |values, _| {
            let mut rest = output;
            for position in 0..self.body.outputs.len() {
                let value = self.body.output(position, inputs.setting(), values);
                let (own, others) = rest.split_at_mut(value.shape().size());
                value.copy_to(own);
                rest = others;
            }
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let cotangent = &cotangent[..self.body.shape(0).size()];
        self.with_arenas(at.inputs, |values, saves| {
            let mut receiver = ToInputs { grads, alone: &self.alone };
            self.body.pull(at.inputs.setting(), (values, saves), cotangent, &mut receiver);
        });
    }
}

/// Gradients of a body's inputs go to those of the operation.
struct ToInputs<'g, 'a, T> {
    grads: &'g mut InputGrads<'a, T>,
    alone: &'g [bool],
}

impl<T: Real> Receiver<T> for ToInputs<'_, '_, T> {
    fn parameters(&mut self) -> Option<OfParameters<'_, T>> {
        self.grads.parameters()
    }

    /// So that sums have the order that they have on a tape.
    fn load(&mut self, input: usize, gradient: &mut [T]) -> bool {
        if self.alone[input]
            && let Some((sums, false)) = self.grads.whole(input, gradient.len())
        {
            gradient.copy_from_slice(sums);
            return true;
        }
        false
    }

    fn store(&mut self, input: usize, gradient: &[T], fresh: bool) {
        if self.alone[input]
            && let Some((sums, _)) = self.grads.whole(input, gradient.len())
        {
            // Whoever takes a fresh gradient writes it, be it zeros.
            return if fresh { sums.fill(T::ZERO) } else { sums.copy_from_slice(gradient) };
        }
        if let (Some(grad), false) = (self.grads.view(input), fresh) {
            grad.add(gradient);
        }
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// What `body` computes of `inputs`, without keeping anything of it for backward: the pullback computes it once more. So the
    /// memory of a deep network grows with the number of its checkpoints, and that of one part between them.
    ///
    /// Value and gradients have the bits that they have without; random draws are the same both times; a state that the body
    /// sets is set once. Gradients flow to the inputs and to the parameters that the body reads.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.variable(&[0.5, 1.0].into());
    /// let y = t.checkpoint([x], |_, [x]| x.exp().sin()).sum(..);
    /// let mut grads = params.gradients();
    /// y.backward(&mut grads)?;
    /// let expected = [0.5_f64, 1.0].map(|x| x.exp() * x.exp().cos());
    /// assert!(grads.of(x)?.data().iter().zip(expected).all(|(g, expected)| (g - expected).abs() < 1e-15));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// The body computes with what its arguments hand it:
    ///
    /// ```compile_fail
    /// # use autodiff::{Mode, Params, Tape};
    /// # let params = Params::<f64>::default();
    /// # let mut tape = Tape::new();
    /// # let t = tape.start(&params, Mode::Train);
    /// # let (x, y) = (t.variable(&[0.5].into()), t.variable(&[1.0].into()));
    /// let z = t.checkpoint([x], |_, [x]| x * y); // does not compile: y must be among the inputs
    /// ```
    ///
    /// # Errors
    /// Recorded on the tape: a mistake in the body, with its own line; a pass set in it; shards that meet in it.
    #[track_caller]
    #[must_use]
    pub fn checkpoint<'r, const N: usize>(
        &'r self,
        inputs: [Var<'r, T>; N],
        body: impl for<'b> FnOnce(&'b Recording<'b, T>, [Var<'b, T>; N]) -> Var<'b, T>,
    ) -> Var<'r, T> {
        self.checkpoint_slice(&inputs, |t, vars| body(t, std::array::from_fn(|i| vars[i])))
    }

    /// As [`Recording::checkpoint`], with a number of inputs known only at run time.
    #[track_caller]
    #[must_use]
    pub fn checkpoint_slice<'r>(
        &'r self,
        inputs: &[Var<'r, T>],
        body: impl for<'b> FnOnce(&'b Recording<'b, T>, &[Var<'b, T>]) -> Var<'b, T>,
    ) -> Var<'r, T> {
        let location = Location::caller();
        if let Some(poisoned) = self.poisoned_by("checkpoint", inputs, location) {
            return poisoned;
        }
        // What is given twice is one input, so that its gradient is one sum.
        let mut distinct: Vec<Var<'r, T>> = Vec::new();
        let mut position_of = |input: &Var<'r, T>| {
            distinct.iter().position(|known| known.id == input.id).unwrap_or_else(|| {
                distinct.push(*input);
                distinct.len() - 1
            })
        };
        let positions: Vec<usize> = inputs.iter().map(&mut position_of).collect();
        let leaf = |&input: &Var<'r, T>| (self.shape_of(input), self.needs_gradient(input));
        let leaves: Vec<(Shape, bool)> = distinct.iter().map(leaf).collect();
        let recorded = Recorded::new(("checkpoint", location), self, self.params, &leaves, |t, vars| {
            body(t, &positions.iter().map(|&position| vars[position]).collect::<Vec<_>>())
        });
        match recorded {
            Ok(recorded) => self.apply_checkpoint(recorded, &distinct, location),
            Err(error) => self.poison(error),
        }
    }

    /// The result of a checkpoint; notes the new values of states, which lie after it.
    #[track_caller]
    fn apply_checkpoint<'r>(
        &'r self,
        recorded: Recorded<T>,
        inputs: &[Var<'r, T>],
        location: &'static Location<'static>,
    ) -> Var<'r, T> {
        let operands = recorded.operands(self, inputs, location);
        let alone = self.graph.borrow().alone(&operands);
        let (shape, states) = (recorded.body.shape(0).clone(), recorded.states());
        let all = self.apply(Checkpoint { body: recorded.body, alone }, operands);
        if states.is_empty() {
            return all;
        }
        let mut first = 0;
        let value = all.piece(&mut first, &shape);
        self.note_states(all, first, &states);
        value
    }
}

impl<T: Real> Graph<T> {
    /// For each value, whether it has memory of its own in the arena that none of the others shares.
    fn alone(&self, values: &[Var<'_, T>]) -> Vec<bool> {
        let node = |value: &Var<'_, T>| self.nodes.get(value.id as usize);
        let base = |value: &Var<'_, T>| node(value).map(|node| node.base);
        let is_alone = |value: &Var<'_, T>| {
            let in_arena = node(value).is_some_and(|node| !matches!(node.gradient, Some(Place::Parameter(_))));
            in_arena && values.iter().filter(|other| base(other) == base(value)).count() == 1
        };
        values.iter().map(is_alone).collect()
    }
}
