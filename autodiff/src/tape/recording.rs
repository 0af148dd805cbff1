//! Eager recording: an operation is computed when it is recorded, and mistakes are stored on the tape.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use smallvec::SmallVec;

use super::program::InputSpec;
use crate::array::{Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::op::Op;
use crate::params::{ParamId, Params, StateId};
use crate::scalar::Real;
use crate::tape::{Graph, Label, Var};

/// Training or evaluation; layers such as dropout and batch normalization depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Training.
    Train,
    /// Evaluation.
    Eval,
}

/// The memory of recordings. It is reused, so that from the second step on a training step allocates nothing.
///
/// ```
/// use autodiff::{Mode, Params, Tape};
///
/// let params = Params::<f64>::default();
/// let mut tape = Tape::new();
/// let t = tape.start(&params, Mode::Train);
/// let x = t.variable(&[1.0, 2.0, 3.0].into());
/// let loss = (x * x).sum(..);
/// let mut grads = params.gradients();
/// loss.backward(&mut grads)?;
/// assert_eq!(grads.of(x)?.data(), &[2.0, 4.0, 6.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Debug)]
pub struct Tape<T: Real> {
    graph: RefCell<Graph<T>>,
}

impl<T: Real> Default for Tape<T> {
    fn default() -> Self {
        Tape::new()
    }
}

impl<T: Real> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape { graph: RefCell::new(Graph::new()) }
    }

    /// Whether to fill fresh buffers with NaN, to expose elements never written: for the gradient checker.
    pub(crate) fn poison_buffers(&mut self, poison: bool) {
        self.graph.get_mut().poison_buffers = poison;
    }

    /// Starts a recording. The previous recording is discarded and its memory reused.
    pub fn start<'t>(&'t mut self, params: &'t Params<T>, mode: Mode) -> Recording<'t, T> {
        let graph = self.graph.get_mut();
        graph.clear();
        graph.error = params.check().err();
        Recording { graph: &self.graph, params, mode }
    }
}

/// A recording in progress: it creates leaves and applies operations.
pub struct Recording<'t, T: Real> {
    pub(crate) graph: &'t RefCell<Graph<T>>,
    pub(crate) params: &'t Params<T>,
    mode: Mode,
}

impl<T: Real> fmt::Debug for Recording<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.graph.borrow().nodes.len();
        f.debug_struct("Recording").field("mode", &self.mode).field("nodes", &nodes).finish_non_exhaustive()
    }
}

impl<'t, T: Real> Recording<'t, T> {
    pub(crate) fn new(graph: &'t RefCell<Graph<T>>, params: &'t Params<T>, mode: Mode) -> Self {
        Recording { graph, params, mode }
    }

    /// Training or evaluation.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Sets the pass (default 0): recordings of one step with different passes draw different random numbers. For several
    /// micro-batches of one step, or several evaluations of a stochastic model. Must be called before the first draw;
    /// otherwise the recording keeps a mistake.
    #[track_caller]
    pub fn set_pass(&self, pass: u64) {
        if self.graph.borrow().draws.count > 0 {
            let reason = Mismatch::new("the pass must be set before the first draw");
            self.refuse("set_pass", reason, &[], Location::caller());
        }
        self.graph.borrow_mut().draws.pass = pass;
    }

    /// Returns the first mistake made on this recording, if any.
    ///
    /// # Errors
    /// That mistake.
    pub fn check(&self) -> Result<(), Error> {
        self.graph.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// Records data without gradient: a batch, labels.
    #[track_caller]
    pub fn input<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        self.data_leaf("input", data, false, Location::caller())
    }

    /// Records data whose gradient is computed by backward.
    #[track_caller]
    pub fn variable<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        self.variable_at(data, Location::caller())
    }

    /// As [`Recording::variable`], with the caller's line given.
    pub(crate) fn variable_at<'r>(&'r self, data: &Tensor<T>, location: &'static Location<'static>) -> Var<'r, T> {
        self.data_leaf("variable", data, true, location)
    }

    /// Records data without gradient that, in a [`Program`](crate::Program), is the same in every replay.
    #[track_caller]
    pub fn constant<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        let location = Location::caller();
        let (shape, label) = (data.shape().clone(), (false, Label::None));
        if !self.graph.borrow().is_deferred() {
            return self.leaf("constant", shape, label, location, |graph, id| {
                graph.value_mut(id).copy_from_slice(data.data());
            });
        }
        match Tensor::copy_of(&shape, data.data()) {
            Ok(copy) => self.leaf("constant", shape, label, location, |graph, id| graph.keep_constant(id, copy)),
            Err(error) => self.poison(error),
        }
    }

    /// Records a parameter.
    #[track_caller]
    pub fn param<'r>(&'r self, id: ParamId) -> Var<'r, T> {
        match self.params.entry(id) {
            Ok(entry) => {
                let (shape, start) = (entry.shape.clone(), entry.range.start);
                let index = self.params.index_of(id);
                let pushed = self.graph.borrow_mut().push_parameter(shape, start, index, Location::caller());
                self.pushed("parameter", pushed, Location::caller())
            }
            Err(Error::ForeignParams { what, reason }) => {
                self.refuse(what, Mismatch::new(reason), &[], Location::caller())
            }
            Err(error) => self.poison(error),
        }
    }

    /// Records the current value of a state: its last [`Recording::update`] on this recording, or else the stored value. It
    /// has no gradient.
    #[track_caller]
    pub fn state<'r>(&'r self, id: StateId) -> Var<'r, T> {
        let location = Location::caller(); // in a closure this would be the closure's line
        let entry = match self.params.state_entry(id) {
            Ok(entry) => entry,
            Err(error) => return self.poison(error),
        };
        let index = self.params.state_index(id);
        let noted = self.graph.borrow().updates.iter().rev().find(|update| update.0 == index).map(|update| update.1);
        if let Some(id) = noted {
            return Var::new(self, id);
        }
        let (shape, start) = (entry.shape.clone(), entry.range.start);
        let pushed = self.graph.borrow_mut().push_state(shape, start, index, location);
        self.pushed("state", pushed, location)
    }

    /// Sets the new value of a state. No gradient flows through it. A backward pass copies the value into the
    /// [`Gradients`](crate::Gradients), and [`Params::commit`], which optimizers call, stores it.
    #[track_caller]
    pub fn update<'r>(&'r self, id: StateId, value: Var<'r, T>) {
        let location = Location::caller();
        if !self.holds(value) {
            self.refuse("update", Mismatch::new("the new value is on another tape"), &[], location);
            return;
        }
        let value = value.detach();
        let entry = match self.params.state_entry(id) {
            Ok(entry) => entry,
            Err(error) => {
                self.poison(error);
                return;
            }
        };
        match value.shape() {
            Ok(shape) if shape == entry.shape => {
                self.graph.borrow_mut().updates.push((self.params.state_index(id), value.id));
            }
            Ok(_) => {
                let reason = format!("the state {} has shape {}, unlike its new value", entry.name, entry.shape);
                self.refuse("update", Mismatch::new(reason), &[value.id], location);
            }
            Err(_) => {} // poisoned: the mistake is on the tape already
        }
    }

    /// Applies an operation, built-in or your own. A mistake is stored on the tape with the caller's line and returned by
    /// [`Var::value`], [`Var::backward`] and [`Recording::check`].
    #[track_caller]
    pub fn apply<'r>(&'r self, op: impl Op<T>, inputs: impl AsRef<[Var<'r, T>]>) -> Var<'r, T> {
        let inputs = inputs.as_ref();
        let location = Location::caller();
        let ids: SmallVec<[u32; 4]> = inputs.iter().map(|var| var.id).collect();
        if !inputs.iter().all(|&var| self.holds(var)) {
            return self.refuse(op.name(), Mismatch::new("the inputs are on two tapes"), &[], location);
        }
        if ids.contains(&POISON) {
            return Var::new(self, POISON);
        }
        let pushed = self.graph.borrow_mut().push_op(op, &ids, self.params, location);
        match pushed {
            Ok(id) => Var::new(self, id),
            Err(error) => self.poison(error),
        }
    }

    fn data_leaf<'r>(
        &'r self,
        what: &'static str,
        data: &Tensor<T>,
        needs_gradient: bool,
        location: &'static Location<'static>,
    ) -> Var<'r, T> {
        if self.graph.borrow().is_deferred() {
            let reason =
                "a program records shapes; declare it where the program is recorded, or keep it with constant()";
            return self.refuse(what, Mismatch::new(reason), &[], location);
        }
        self.leaf(what, data.shape().clone(), (needs_gradient, Label::None), location, |graph, id| {
            graph.value_mut(id).copy_from_slice(data.data());
        })
    }

    /// Appends a leaf stored in the arena and calls `fill` with its id.
    fn leaf<'r>(
        &'r self,
        what: &'static str,
        shape: Shape,
        (needs_gradient, label): (bool, Label),
        location: &'static Location<'static>,
        fill: impl FnOnce(&mut Graph<T>, u32),
    ) -> Var<'r, T> {
        let mut graph = self.graph.borrow_mut();
        let pushed = graph.push_leaf(shape, needs_gradient, label, location);
        if let Ok(id) = pushed {
            fill(&mut graph, id);
        }
        drop(graph);
        self.pushed(what, pushed, location)
    }

    /// The value of an appended node; if appending failed, stores it as a mistake of `what`.
    pub(crate) fn pushed<'r>(
        &'r self,
        what: &'static str,
        pushed: Result<u32, Mismatch>,
        location: &'static Location<'static>,
    ) -> Var<'r, T> {
        match pushed {
            Ok(id) => Var::new(self, id),
            Err(mismatch) => self.refuse(what, mismatch, &[], location),
        }
    }

    /// Whether a value is on this recording.
    pub(crate) fn holds(&self, var: Var<'_, T>) -> bool {
        std::ptr::eq(var.recording.graph, self.graph)
    }

    /// A program's leaf whose data is passed to every replay.
    pub(super) fn declare<'r>(&'r self, spec: &InputSpec, location: &'static Location<'static>) -> Var<'r, T> {
        let kind = (spec.needs_gradient, Label::Name(spec.name));
        self.leaf("input", spec.shape.clone(), kind, location, |graph, id| graph.note_input(id))
    }

    /// Stores a mistake of `op`, unless there is an earlier one, and returns a poisoned value.
    pub(crate) fn refuse<'r>(
        &'r self,
        op: &'static str,
        mismatch: Mismatch,
        inputs: &[u32],
        location: &'static Location<'static>,
    ) -> Var<'r, T> {
        let error = self.graph.borrow().mistake(op, mismatch, inputs, self.params, location);
        self.poison(error)
    }

    fn poison<'r>(&'r self, error: Error) -> Var<'r, T> {
        self.graph.borrow_mut().error.get_or_insert(error);
        Var::new(self, POISON)
    }
}

/// The id of a poisoned value: one that has no node because of a mistake.
pub(crate) const POISON: u32 = u32::MAX;
