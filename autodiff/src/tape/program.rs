//! Record once, replay many times: recording computes shapes only, each replay computes the values.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;

use super::chain::Chained;
use super::plan::Turn;
use super::replay::Replay;
use super::unplanned::Unplanned;
use super::{Graph, Mode, Recording, Var};
use crate::array::{Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::params::{Params, Table};
use crate::scalar::Real;

/// Name and shape of an input of a [`Program`], made by [`input`] or [`variable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) needs_gradient: bool,
}

impl InputSpec {
    /// The same input with another number of samples.
    pub(super) fn with_samples(&self, samples: usize) -> InputSpec {
        InputSpec { shape: self.shape.with(0, samples), ..self.clone() }
    }
}

/// Declares an input of a [`Program`] without gradient: a batch, labels.
pub fn input(name: &'static str, shape: impl Into<Shape>) -> InputSpec {
    InputSpec { name, shape: shape.into(), needs_gradient: false }
}

/// Declares an input of a [`Program`] whose gradient is computed.
pub fn variable(name: &'static str, shape: impl Into<Shape>) -> InputSpec {
    InputSpec { name, shape: shape.into(), needs_gradient: true }
}

/// A recorded computation with inputs and outputs. A replay runs the same nodes as the eager tape, in the same order. From
/// the second replay on, it allocates nothing.
///
/// Memory is planned: a value that backward does not read, and a gradient that it has pulled, is overwritten by the next. What
/// depends on constants alone is computed while recording.
///
/// ```
/// use autodiff::{Mode, Params, Program, variable};
///
/// let params = Params::<f64>::default();
/// let mut square = Program::record(&params, Mode::Train, [variable("x", [3])], |_, [x]| [(x * x).sum(..)])?;
/// let mut grads = params.gradients();
/// let run = square.forward(&params, [&[1.0, 2.0, 3.0].into()])?;
/// run.backward(&mut grads)?;
/// assert_eq!(run.output(0)?.data(), &[14.0]);
/// assert_eq!(run.gradient("x", &grads)?.data(), &[2.0, 4.0, 6.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Debug)]
pub struct Program<T: Real> {
    pub(super) graph: Graph<T>,
    pub(super) outputs: Vec<u32>,
    /// What a replay computes, in order.
    turns: Vec<Turn>,
    pub(super) unplanned: Unplanned,
    /// Names and shapes of the parameters it was recorded with: values may change between replays, these may not.
    table: Arc<Table>,
}

impl<T: Real> Program<T> {
    /// Records the computation that `build` makes of the inputs and the parameters. Only shapes are computed.
    ///
    /// # Errors
    /// The first mistake made while recording. Reading a value is a mistake, because a branch that depends on it would be
    /// frozen into the program; so is returning an output of another tape.
    #[track_caller]
    pub fn record<const I: usize, const N: usize>(
        params: &Params<T>,
        mode: Mode,
        inputs: [InputSpec; I],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, [Var<'r, T>; I]) -> [Var<'r, T>; N],
    ) -> Result<Self, Error> {
        Self::record_slice(params, mode, &inputs, |t, vars| build(t, std::array::from_fn(|i| vars[i])).to_vec())
    }

    /// As [`Program::record`], with numbers of inputs and outputs known only at run time.
    ///
    /// # Errors
    /// As [`Program::record`].
    #[track_caller]
    pub fn record_slice(
        params: &Params<T>,
        mode: Mode,
        inputs: &[InputSpec],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, &[Var<'r, T>]) -> Vec<Var<'r, T>>,
    ) -> Result<Self, Error> {
        Self::record_in(Graph::deferred(), params, mode, inputs, build)
    }

    /// As [`Program::record`], for evaluation: nothing is kept for a backward pass, so that a value is overwritten as soon as it has
    /// been used. The parameters are the same, and so are the bits of the outputs.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Program, input};
    ///
    /// let params = Params::<f32>::default();
    /// let inputs = [input("x", [2])];
    /// let mut program = Program::record_forward(&params, Mode::Eval, inputs, |_, [x]| [x.exp().ln()])?;
    /// let run = program.forward(&params, [&[1.0, 2.0].into()])?;
    /// assert_eq!(run.output(0)?.data(), &[1.0, 2.0]);
    /// assert!(run.backward(&mut params.gradients()).is_err());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Program::record`].
    #[track_caller]
    pub fn record_forward<const I: usize, const N: usize>(
        params: &Params<T>,
        mode: Mode,
        inputs: [InputSpec; I],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, [Var<'r, T>; I]) -> [Var<'r, T>; N],
    ) -> Result<Self, Error> {
        let graph = Graph { is_forward_only: true, ..Graph::deferred() };
        Self::record_in(graph, params, mode, &inputs, |t, vars| build(t, std::array::from_fn(|i| vars[i])).to_vec())
    }

    /// As [`Program::record_slice`], with these operations in chains: for the gradient checker.
    #[track_caller]
    pub(crate) fn record_chained(
        params: &Params<T>,
        (mode, chained): (Mode, Chained),
        inputs: &[InputSpec],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, &[Var<'r, T>]) -> Vec<Var<'r, T>>,
    ) -> Result<Self, Error> {
        Self::record_in(Graph { chained, ..Graph::deferred() }, params, mode, inputs, build)
    }

    /// As [`Program::record_slice`], for one of several shards.
    #[track_caller]
    pub(super) fn record_shard(
        params: &Params<T>,
        (mode, shards): (Mode, usize),
        inputs: &[InputSpec],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, &[Var<'r, T>]) -> Vec<Var<'r, T>>,
    ) -> Result<Self, Error> {
        Self::record_in(Graph { shards, ..Graph::deferred() }, params, mode, inputs, build)
    }

    #[track_caller]
    fn record_in(
        graph: Graph<T>,
        params: &Params<T>,
        mode: Mode,
        inputs: &[InputSpec],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, &[Var<'r, T>]) -> Vec<Var<'r, T>>,
    ) -> Result<Self, Error> {
        params.check()?;
        let location = Location::caller();
        let graph = RefCell::new(graph);
        let recording = Recording::new(&graph, params, mode);
        let vars: Vec<_> = inputs.iter().map(|spec| recording.declare(spec, location)).collect();
        let outputs = build(&recording, &vars);
        if !outputs.iter().all(|&output| recording.holds(output)) {
            recording.refuse("record", Mismatch::new("an output is on another tape"), &[], location);
        }
        recording.check()?;
        let outputs: Vec<u32> = outputs.iter().map(|output| output.id).collect();
        let mut graph = graph.into_inner();
        graph.ops.share();
        let unplanned = Unplanned::new(&graph);
        let turns = graph.adopt_plan(&outputs, params)?;
        Ok(Program { graph, outputs, turns, unplanned, table: params.table().clone() })
    }

    /// Fills fresh buffers with NaN before each replay: for the gradient checker.
    pub(crate) fn poison_buffers(&mut self) {
        self.graph.poison_buffers = true;
    }

    /// Sets the pass of the next replays: replays of one step with different passes draw different random numbers. See
    /// [`Recording::set_pass`].
    pub fn set_pass(&mut self, pass: u64) {
        self.graph.draws.pass = pass;
    }

    /// Runs the program on `inputs`, in the order of their declaration. The returned [`Replay`] reads outputs and computes
    /// gradients; it borrows the parameters, so they cannot change while it lives.
    ///
    /// # Errors
    /// If the program was recorded with other parameters, if the number or a shape of the inputs differs from the
    /// declaration, or if an operation rejects a value, such as an index out of range.
    pub fn forward<'r, 'd>(
        &'r mut self,
        params: &'r Params<T>,
        inputs: impl AsRef<[&'d Tensor<T>]>,
    ) -> Result<Replay<'r, T>, Error> {
        params.check()?;
        self.check_params(params)?;
        self.set_inputs(inputs.as_ref())?;
        self.run_steps(0, None, params)?;
        Ok(self.last_replay(params))
    }

    /// Computes the operations from turn `first` up to node `end`, or to the last; returns the turn after `end`.
    pub(super) fn run_steps(&mut self, first: usize, end: Option<usize>, params: &Params<T>) -> Result<usize, Error> {
        let (forward, memory) = self.graph.forward(params);
        let ran = forward.run_turns(&self.turns[first..], end, memory);
        ran.map(|turns| first + turns).map_err(|(k, mismatch)| self.graph.refusal(k, mismatch, params))
    }

    /// What [`Program::forward`] returned last.
    pub(super) fn last_replay<'r>(&'r self, params: &'r Params<T>) -> Replay<'r, T> {
        Replay::new(self, params)
    }

    /// The operations where the shards of a batch meet, and the sizes of what meets there.
    pub(super) fn exchanges(&self) -> Vec<(usize, usize)> {
        let exchanges = self.graph.exchanges.iter().map(|&id| id as usize);
        exchanges.map(|k| (k, self.graph.nodes[k].extent)).collect()
    }

    /// The same program with memory of its own.
    pub(super) fn another(&self) -> Result<Self, Error> {
        Ok(Program {
            graph: self.graph.another()?,
            outputs: self.outputs.clone(),
            turns: self.turns.clone(),
            unplanned: self.unplanned.clone(),
            table: self.table.clone(),
        })
    }

    /// Copies the rows of the inputs that begin with `first`, as many as were declared. The caller has checked that they are there.
    pub(super) fn set_input_rows(
        &mut self,
        params: &Params<T>,
        inputs: &[&Tensor<T>],
        first: usize,
    ) -> Result<(), Error> {
        params.check()?;
        self.check_params(params)?;
        for (k, data) in inputs.iter().enumerate() {
            let id = self.graph.declared()[k];
            let row = data.shape().without(0).size();
            let own = self.graph.value_mut(id);
            own.copy_from_slice(&data.data()[first * row..][..own.len()]);
        }
        Ok(())
    }

    fn set_inputs(&mut self, inputs: &[&Tensor<T>]) -> Result<(), Error> {
        let declared = self.graph.declared().len();
        if inputs.len() != declared {
            return Err(Error::Replay(format!("{declared} inputs were declared, {} given", inputs.len())));
        }
        for (k, data) in inputs.iter().enumerate() {
            let id = self.graph.declared()[k];
            let shape = self.graph.nodes.shape(id as usize);
            if shape != data.shape() {
                let (name, found) = (self.graph.name(id), data.shape());
                return Err(Error::Replay(format!("input {name} was declared {shape}, {found} given")));
            }
            self.graph.value_mut(id).copy_from_slice(data.data());
        }
        Ok(())
    }

    fn check_params(&self, params: &Params<T>) -> Result<(), Error> {
        if params.table().agrees(&self.table) {
            return Ok(());
        }
        let reason = "these are not the Params that the program was recorded with".into();
        Err(Error::ForeignParams { what: "replay", reason })
    }
}
