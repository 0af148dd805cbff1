//! [`Replay`]: one run of a program.

use std::panic::Location;

use super::unplanned::Unplanned;
use super::{Gradients, Graph, Program};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;

/// One run of a [`Program`]. It borrows the program and the parameters, so neither can change while it lives.
///
/// ```compile_fail
/// # use autodiff::{Mode, Params, Program};
/// # let mut params = Params::<f64>::new(0);
/// # let w = params.scope("fc").parameter("weight", [2], |values, _| values.fill(1.0));
/// # let mut program = Program::record(&params, Mode::Train, [], |t, []| [t.param(w).square().sum(..)])?;
/// let run = program.forward(&params, [])?;
/// params.flat_mut()[0] = 2.0; // does not compile: `run` still reads the parameters
/// run.backward(&mut params.gradients())?;
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Replay<'r, T: Real> {
    pub(crate) graph: &'r Graph<T>,
    outputs: &'r [u32],
    unplanned: &'r Unplanned,
    pub(crate) params: &'r Params<T>,
}

impl<'r, T: Real> Replay<'r, T> {
    pub(super) fn new(program: &'r Program<T>, params: &'r Params<T>) -> Self {
        Replay { graph: &program.graph, outputs: &program.outputs, unplanned: &program.unplanned, params }
    }

    /// Fills `grads` with the gradients of the first output, which must be a scalar. Replaces the previous contents.
    ///
    /// # Errors
    /// If the program has no output, or keeps nothing for backward; otherwise as [`Var::backward`](crate::Var::backward).
    #[track_caller]
    pub fn backward(&self, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(None, grads, Location::caller())
    }

    /// As [`Replay::backward`], for a first output y of any shape: the gradients of Σ `cotangent` · y.
    ///
    /// # Errors
    /// As [`Replay::backward`], or if the cotangent has another shape than the output.
    #[track_caller]
    pub fn backward_with(&self, cotangent: &Tensor<T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(Some((cotangent.shape(), cotangent.data())), grads, Location::caller())
    }

    fn backward_from(
        &self,
        cotangent: Option<(&Shape, &[T])>,
        grads: &mut Gradients<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        if self.graph.is_forward_only {
            return Err(Error::Replay(
                "the program was recorded by record_forward; one with gradients is by record".into(),
            ));
        }
        self.graph.backward(self.output_id(0)?, cotangent, self.params, grads, location)
    }

    /// A copy of the value of the output with this index, from 0.
    ///
    /// # Errors
    /// If there is no such output, or the copy does not fit into memory.
    pub fn output(&self, output: usize) -> Result<Tensor<T>, Error> {
        let k = self.output_id(output)? as usize;
        let mut value = Tensor::try_from_fn(self.graph.nodes.shape(k), |_| T::ZERO)?;
        self.graph.read(k, self.params).copy_to(value.data_mut());
        Ok(value)
    }

    /// The gradient of the declared [`variable`](crate::variable) of this name.
    ///
    /// # Errors
    /// If no input has this name; otherwise as [`Gradients::of`].
    pub fn gradient(&self, name: &str, grads: &Gradients<T>) -> Result<Tensor<T>, Error> {
        let declared = self.graph.declared().iter().find(|&&id| self.graph.name(id) == name);
        let Some(&id) = declared else {
            return Err(Error::Replay(format!("no input is called {name}")));
        };
        grads.of_node(self.graph, id as usize)
    }

    /// The same run with every value kept.
    pub(crate) fn unplanned(&self) -> Result<Graph<T>, Error> {
        self.unplanned.replay(self.graph, self.params)
    }

    /// The node of an output.
    pub(crate) fn output_id(&self, output: usize) -> Result<u32, Error> {
        let count = self.outputs.len();
        let id = self.outputs.get(output).copied();
        id.ok_or_else(|| Error::Replay(format!("output {output} asked for, {count} were recorded")))
    }
}
