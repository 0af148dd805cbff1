//! [`Body`]: a recorded computation that another recording applies as an operation.
//!
//! It is recorded as a program is, shapes only, and planned as one, but has no memory of its own: whoever runs it lends arenas.
//! Its inputs are copied in; parameters are read, and their gradients added to, where they lie. So an operation made of it
//! captures no data, replays and shards like any other, and can be in another body.

mod checkpoint;
mod lifted;
mod record;
mod run;
mod scan;

pub use scan::Keep;

use std::fmt;

use super::plan::Turn;
use super::{Graph, Step};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::scalar::Real;

/// A recorded computation without memory.
pub(super) struct Body<T: Real> {
    graph: Graph<T>,
    turns: Vec<Turn>,
    constants: Vec<(u32, Tensor<T>)>,
    /// The result, and the new values of states.
    outputs: Vec<u32>,
    /// For each node, whether the result depends on it by a gradient.
    reached: Vec<bool>,
    /// Why the result has no gradient, if an operation that has none is in the way.
    blocked: Option<Error>,
    /// The parameters that it reads, each once.
    parameters: Vec<usize>,
}

impl<T: Real> fmt::Debug for Body<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.graph.nodes.iter().filter(|node| matches!(node.step, Step::Op(_))).count();
        write!(f, "{operations} operations")
    }
}

impl<T: Real> Body<T> {
    /// The shape of an output, by its position.
    fn shape(&self, output: usize) -> &Shape {
        self.graph.nodes.shape(self.outputs[output] as usize)
    }

    /// The shape of an input.
    fn input_shape(&self, input: usize) -> &Shape {
        self.graph.nodes.shape(self.graph.declared()[input] as usize)
    }

    /// The number of elements of all outputs from this position on.
    fn size_from(&self, output: usize) -> usize {
        (output..self.outputs.len()).map(|output| self.shape(output).size()).sum()
    }

    /// Whether the result has a gradient for this operand: an input, or after them a parameter.
    fn is_reached(&self, operand: usize) -> bool {
        if self.blocked.is_some() {
            return true; // so that backward comes to the error
        }
        let declared = self.graph.declared();
        match declared.get(operand) {
            Some(&id) => self.reached[id as usize],
            None => self.parameters.get(operand - declared.len()).is_some_and(|&index| self.reaches_parameter(index)),
        }
    }

    fn reaches_parameter(&self, index: usize) -> bool {
        let mut nodes = self.graph.nodes.iter().zip(&self.reached);
        nodes.any(|(node, &reached)| reached && node.step == Step::Leaf && node.label == super::Label::Parameter(index))
    }
}
