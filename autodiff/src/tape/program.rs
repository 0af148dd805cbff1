//! Recording once, replaying many times: shapes are recorded, values are computed by each replay.

use std::cell::RefCell;
use std::panic::Location;

use super::replay::Replay;
use super::{Graph, Mode, Recording, Var};
use crate::array::{Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::params::{ParamVec, Params};
use crate::scalar::Real;

/// Name and shape of data that each replay of a [`Program`] is given: [`input`], [`variable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) needs_gradient: bool,
}

/// Data that each replay of a [`Program`] is given, without gradient: a batch, labels.
pub fn input(name: &'static str, shape: impl Into<Shape>) -> InputSpec {
    InputSpec { name, shape: shape.into(), needs_gradient: false }
}

/// Data that each replay of a [`Program`] is given, whose gradient is wanted.
pub fn variable(name: &'static str, shape: impl Into<Shape>) -> InputSpec {
    InputSpec { name, shape: shape.into(), needs_gradient: true }
}

/// A recorded computation with inputs and outputs. A replay runs the nodes that an eager tape would run, in the same order;
/// from the second replay on, nothing is allocated.
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
    /// Of the parameters it was recorded with, without their values: those may change, the layout may not.
    layout: ParamVec<T>,
}

impl<T: Real> Program<T> {
    /// Records what `build` does with inputs of these names and shapes and with parameters; no value is computed.
    ///
    /// # Errors
    /// The first mistake made while recording. Reading a value is one: a branch taken on it would be frozen. So is an output
    /// that is on another tape.
    #[track_caller]
    pub fn record<const I: usize, const N: usize>(
        params: &Params<T>,
        mode: Mode,
        inputs: [InputSpec; I],
        build: impl for<'r> FnOnce(&'r Recording<'r, T>, [Var<'r, T>; I]) -> [Var<'r, T>; N],
    ) -> Result<Self, Error> {
        Self::record_slice(params, mode, &inputs, |t, vars| build(t, std::array::from_fn(|i| vars[i])).to_vec())
    }

    /// As [`Program::record`], for numbers of inputs and outputs that are known at run time only.
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
        params.check()?;
        let location = Location::caller();
        let graph = RefCell::new(Graph::deferred());
        let recording = Recording::new(&graph, params, mode);
        let vars: Vec<_> = inputs.iter().map(|spec| recording.declare(spec, location)).collect();
        let outputs = build(&recording, &vars);
        if !outputs.iter().all(|&output| recording.holds(output)) {
            recording.refuse("record", Mismatch::new("an output is on another tape"), &[], location);
        }
        recording.check()?;
        let outputs = outputs.iter().map(|output| output.id).collect();
        let mut graph = graph.into_inner();
        graph.allocate()?;
        Ok(Program { graph, outputs, layout: params.values().without_values() })
    }

    /// Fills fresh buffers with NaN before each replay: for the gradient checker.
    pub(crate) fn poison_buffers(&mut self) {
        self.graph.poison_buffers = true;
    }

    /// Makes the random draws of the next replays other than those of the step's other passes, as
    /// [`Recording::set_pass`].
    pub fn set_pass(&mut self, pass: u64) {
        self.graph.draws.pass = pass;
    }

    /// Computes every node from `inputs`, in the order they were declared in. The values can be read, and gradients computed,
    /// as long as the [`Replay`] lives; it borrows the parameters, so that they cannot change under it.
    ///
    /// # Errors
    /// Parameters that the program was not recorded with; inputs of another number or shape; a value that an operation
    /// refuses, such as an index past the end.
    pub fn forward<'r, 'd>(
        &'r mut self,
        params: &'r Params<T>,
        inputs: impl AsRef<[&'d Tensor<T>]>,
    ) -> Result<Replay<'r, T>, Error> {
        params.check()?;
        self.check_params(params)?;
        self.set_inputs(inputs.as_ref())?;
        for k in 0..self.graph.nodes.len() {
            self.graph.run(k, params)?;
        }
        Ok(Replay::new(self, params))
    }

    fn set_inputs(&mut self, inputs: &[&Tensor<T>]) -> Result<(), Error> {
        let declared = self.graph.declared().len();
        if inputs.len() != declared {
            return Err(Error::Replay(format!("{declared} inputs were declared, {} given", inputs.len())));
        }
        for (k, data) in inputs.iter().enumerate() {
            let id = self.graph.declared()[k];
            let node = &self.graph.nodes[id as usize];
            if node.layout.shape() != data.shape() {
                let (name, shape, found) = (self.graph.name(id), node.layout.shape(), data.shape());
                return Err(Error::Replay(format!("input {name} was declared {shape}, {found} given")));
            }
            self.graph.value_mut(id).copy_from_slice(data.data());
        }
        Ok(())
    }

    fn check_params(&self, params: &Params<T>) -> Result<(), Error> {
        if params.values().has_layout_of(&self.layout) {
            return Ok(());
        }
        let reason = "these are not the Params that the program was recorded with".into();
        Err(Error::ForeignParams { what: "replay", reason })
    }
}
