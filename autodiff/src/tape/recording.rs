//! Eager recording: an operation is computed when it is recorded, and mistakes are stored on the tape.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use crate::error::{Error, Mismatch};
use crate::op::Op;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Var};

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

    /// The number of [`Shards`](crate::Shards) of which this recording is one; 1 for any other.
    pub fn shards(&self) -> usize {
        self.graph.borrow().shards
    }

    /// Notes that the shards meet in `stacked`.
    pub(crate) fn note_exchange(&self, stacked: Var<'_, T>) {
        if stacked.id != POISON {
            self.graph.borrow_mut().exchanges.push(stacked.id);
        }
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

    /// Applies an operation, built-in or your own. A mistake is stored on the tape with the caller's line and returned by
    /// [`Var::value`], [`Var::backward`] and [`Recording::check`].
    #[track_caller]
    pub fn apply<'r>(&'r self, op: impl Op<T>, inputs: impl AsRef<[Var<'r, T>]>) -> Var<'r, T> {
        let location = Location::caller();
        let inputs = inputs.as_ref();
        if let Some(poisoned) = self.poisoned_by(op.name(), inputs, location) {
            return poisoned;
        }
        let pushed = self.graph.borrow_mut().push_op(op, inputs, self.params, location);
        match pushed {
            Ok(id) => Var::new(self, id),
            Err(error) => self.poison(error),
        }
    }

    /// Stores a mistake on the tape that no shape rule sees, such as a setting out of range: `op` rejects `inputs` for
    /// `reason`. For libraries of modules, which return a [`Var`] and no [`Result`]. Returns a poisoned value.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.input(&[1.0, 2.0].into());
    /// let y = t.reject("dropout", "rate is 2: must be below 1", [x]);
    /// assert!(y.value().unwrap_err().to_string().starts_with("dropout: rate is 2: must be below 1: [2] at "));
    /// ```
    #[track_caller]
    #[must_use]
    pub fn reject<'r>(
        &'r self,
        op: &'static str,
        reason: impl Into<String>,
        inputs: impl AsRef<[Var<'r, T>]>,
    ) -> Var<'r, T> {
        let location = Location::caller();
        let inputs = inputs.as_ref();
        if let Some(poisoned) = self.poisoned_by(op, inputs, location) {
            return poisoned;
        }
        self.refuse(op, Mismatch::new(reason), &Var::ids(inputs), location)
    }

    /// A poisoned value, if an input of `op` is poisoned or on another tape.
    #[inline]
    pub(super) fn poisoned_by<'r>(
        &'r self,
        op: &'static str,
        inputs: &[Var<'r, T>],
        location: &'static Location<'static>,
    ) -> Option<Var<'r, T>> {
        if !inputs.iter().all(|&var| self.holds(var)) {
            return Some(self.refuse(op, Mismatch::new("the inputs are on two tapes"), &[], location));
        }
        inputs.iter().any(|var| var.id == POISON).then(|| Var::new(self, POISON))
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

    pub(super) fn poison<'r>(&'r self, error: Error) -> Var<'r, T> {
        self.graph.borrow_mut().error.get_or_insert(error);
        Var::new(self, POISON)
    }
}

/// The id of a poisoned value: one that has no node because of a mistake.
pub(crate) const POISON: u32 = u32::MAX;
