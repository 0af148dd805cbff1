//! Recording once, replaying many times: shapes are recorded, values are computed by each replay.

use std::cell::RefCell;
use std::panic::Location;

use crate::error::Error;
use crate::gradients::Gradients;
use crate::graph::Graph;
use crate::params::{Params, ParamsLayout};
use crate::real::Real;
use crate::shape::Shape;
use crate::tape::{Mode, Recording};
use crate::tensor::Tensor;
use crate::var::Var;

/// A recorded computation with declared inputs and `N` outputs. A replay runs the nodes that an eager tape would
/// run, in the same order; from the second replay on, nothing is allocated.
///
/// ```
/// use autodiff::{Mode, Params, Program};
///
/// let params = Params::<f64>::default();
/// let mut square = Program::record(&params, Mode::Train, |t| {
///     let x = t.declare_variable("x", [3]);
///     [(x * x).sum(..)]
/// })?;
/// let mut grads = params.gradients();
/// square.forward(&params, &[&[1.0, 2.0, 3.0].into()])?;
/// square.backward(&params, &mut grads)?;
/// assert_eq!(square.output(&params, 0)?.data(), &[14.0]);
/// assert_eq!(square.gradient("x", &grads)?.data(), &[2.0, 4.0, 6.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Debug)]
pub struct Program<T: Real> {
    graph: Graph<T>,
    outputs: Vec<u32>,
    /// Of the parameters it was recorded with; their values may change, their layout may not.
    params_layout: ParamsLayout,
    has_run: bool,
}

impl<'t, T: Real> Recording<'t, T> {
    /// Of a program: data that each replay gives, without gradient.
    #[track_caller]
    pub fn declare_input<'r>(&'r self, name: &'static str, shape: impl Into<Shape>) -> Var<'r, T> {
        self.declare(name, shape.into(), false, Location::caller())
    }

    /// Of a program: data that each replay gives, with gradient.
    #[track_caller]
    pub fn declare_variable<'r>(&'r self, name: &'static str, shape: impl Into<Shape>) -> Var<'r, T> {
        self.declare(name, shape.into(), true, Location::caller())
    }
}

impl<T: Real> Program<T> {
    /// Records what `build` does with declared inputs and parameters; no value is computed.
    ///
    /// # Errors
    /// The first mistake made while recording. Reading a value is one: a branch taken on it would be frozen.
    pub fn record<const N: usize>(
        params: &Params<T>,
        mode: Mode,
        build: impl for<'r> FnOnce(&'r Recording<'r, T>) -> [Var<'r, T>; N],
    ) -> Result<Self, Error> {
        params.check()?;
        let mut graph = Graph::new();
        graph.shape_only = true;
        let graph = RefCell::new(graph);
        let recording = Recording::new(&graph, params, mode);
        let outputs = build(&recording).map(|output| output.id).to_vec();
        recording.check()?;
        let mut graph = graph.into_inner();
        graph.allocate()?;
        Ok(Program { graph, outputs, params_layout: params.layout(), has_run: false })
    }

    /// Fills fresh buffers with NaN before each replay: for the gradient checker.
    pub(crate) fn poison_buffers(&mut self) {
        self.graph.poison_buffers = true;
    }

    /// Makes the random draws of the next replays other than those of the step's other passes, as
    /// [`Recording::set_pass`].
    pub fn set_pass(&mut self, pass: u64) {
        self.graph.pass = pass;
    }

    /// Computes every node from `inputs`, in the order they were declared in.
    pub fn forward(&mut self, params: &Params<T>, inputs: &[&Tensor<T>]) -> Result<(), Error> {
        self.has_run = false;
        self.check_params(params)?;
        let declared = self.graph.declared.len();
        if inputs.len() != declared {
            return Err(Error::Replay(format!("{declared} inputs were declared, {} given", inputs.len())));
        }
        for (place, data) in inputs.iter().enumerate() {
            let id = self.graph.declared[place];
            let node = &self.graph.nodes[id as usize];
            if node.layout.shape() != data.shape() {
                let (name, shape, found) = (self.graph.name(id), node.layout.shape(), data.shape());
                return Err(Error::Replay(format!("input {name} was declared {shape}, {found} given")));
            }
            self.graph.value_mut(id).copy_from_slice(data.data());
        }
        for k in 0..self.graph.nodes.len() {
            self.graph.run(k, params)?;
        }
        self.has_run = true;
        Ok(())
    }

    /// Fills `grads` with the gradients of the first output, a scalar.
    #[track_caller]
    pub fn backward(&self, params: &Params<T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(params, None, grads, Location::caller())
    }

    /// As [`Program::backward`], for a first output of any shape, weighted by `cotangent`.
    #[track_caller]
    pub fn backward_with(
        &self,
        params: &Params<T>,
        cotangent: &Tensor<T>,
        grads: &mut Gradients<T>,
    ) -> Result<(), Error> {
        self.backward_from(params, Some((cotangent.shape(), cotangent.data())), grads, Location::caller())
    }

    fn backward_from(
        &self,
        params: &Params<T>,
        cotangent: Option<(&Shape, &[T])>,
        grads: &mut Gradients<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        let root = self.replayed_root(params)?;
        self.graph.backward(root, cotangent, params, grads, location)
    }

    /// The value of an output of the last replay.
    pub fn output(&self, params: &Params<T>, output: usize) -> Result<Tensor<T>, Error> {
        self.check_params(params)?;
        self.check_has_run()?;
        let k = self.output_id(output)? as usize;
        let node = &self.graph.nodes[k];
        let mut data = vec![T::ZERO; node.layout.shape().size()];
        self.graph.read(k, params).copy_to(&mut data);
        Tensor::new(node.layout.shape().clone(), data)
    }

    /// The gradient of the declared variable of this name.
    pub fn gradient(&self, name: &str, grads: &Gradients<T>) -> Result<Tensor<T>, Error> {
        let declared = self.graph.declared.iter().find(|&&id| self.graph.name(id) == name);
        let Some(&id) = declared else {
            return Err(Error::Replay(format!("no input is called {name}")));
        };
        grads.of_node(&self.graph, id as usize)
    }

    pub(crate) fn graph(&self) -> &Graph<T> {
        &self.graph
    }

    /// The first output, once a replay with these parameters has run.
    pub(crate) fn replayed_root(&self, params: &Params<T>) -> Result<u32, Error> {
        self.check_params(params)?;
        self.check_has_run()?;
        self.output_id(0)
    }

    fn check_params(&self, params: &Params<T>) -> Result<(), Error> {
        if params.layout() == self.params_layout {
            return Ok(());
        }
        let reason = "these are not the Params that the program was recorded with".into();
        Err(Error::Foreign { what: "replay", reason })
    }

    fn check_has_run(&self) -> Result<(), Error> {
        if self.has_run { Ok(()) } else { Err(Error::Replay("forward() has not run yet, or has failed".into())) }
    }

    fn output_id(&self, output: usize) -> Result<u32, Error> {
        let count = self.outputs.len();
        let id = self.outputs.get(output).copied();
        id.ok_or_else(|| Error::Replay(format!("output {output} asked for, {count} were recorded")))
    }
}
