//! The plan of a program: memory that is used again, and what never changes computed once.
//!
//! A recording keeps every value and every gradient. A program knows what is read when: a value that no pullback reads is
//! overwritten as soon as forward has used it, a gradient as soon as it has been pulled. So the memory in use stays small
//! enough for the cache.

mod lifetimes;
mod packing;

use crate::scalar::Real;
use crate::tape::{Graph, Node, Nodes, Place, Step};
use lifetimes::Lifetimes;
use packing::{Life, pack};

/// The nodes of a program with their places.
pub(super) struct Plan {
    pub(super) nodes: Nodes,
    pub(super) value_length: usize,
    pub(super) gradient_length: usize,
    /// The operations whose inputs are constant.
    pub(super) once: Vec<usize>,
    /// The other operations, in the order in which every replay computes them.
    pub(super) steps: Vec<usize>,
}

impl Plan {
    /// Plans a recording with these outputs, and leaves whose data never changes.
    pub(super) fn new<T: Real>(graph: &Graph<T>, outputs: &[u32], constants: &[u32]) -> Self {
        let constant = constant(graph, constants);
        let is_op = |k: &usize| matches!(graph.nodes[*k].step, Step::Op(_));
        let (once, steps) = (0..graph.nodes.len()).filter(is_op).partition(|&k| constant[k]);
        let lifetimes = Lifetimes::new(graph, outputs, &constant);
        let values: Vec<(Life, usize)> =
            lifetimes.values.iter().zip(&*graph.nodes).map(|(&l, n)| (l, value_size(n))).collect();
        let unused = (Life { first: 0, last: 0 }, 0);
        let gradients: Vec<(Life, usize)> = lifetimes
            .gradients
            .iter()
            .zip(&*graph.nodes)
            .map(|(life, node)| life.map_or(unused, |life| (life, gradient_size(node))))
            .collect();
        let ((value_places, value_length), (gradient_places, gradient_length)) = (pack(&values), pack(&gradients));
        let mut nodes = graph.nodes.clone();
        for node in &mut *nodes {
            let base = node.base as usize;
            if let Place::Arena(_) = node.value {
                node.value = Place::Arena(value_places[base]);
            }
            if let Some(Place::Arena(_)) = node.gradient {
                node.gradient = Some(Place::Arena(gradient_places[base]));
            }
        }
        Plan { nodes, value_length, gradient_length, once, steps }
    }
}

/// The length of a node's own part of the value arena.
fn value_size(node: &Node) -> usize {
    match (node.step, node.value) {
        (Step::View, _) | (_, Place::Parameter(_) | Place::State(_)) => 0,
        (Step::Leaf | Step::Op(_), Place::Arena(_)) => node.extent + node.saved,
    }
}

/// The length of a node's own part of the gradient arena.
fn gradient_size(node: &Node) -> usize {
    match (node.step, node.gradient) {
        (Step::Leaf | Step::Op(_), Some(Place::Arena(_))) => node.extent,
        _ => 0,
    }
}

/// For each node, whether it depends on nothing but constants. A draw has no inputs, and is none.
fn constant<T: Real>(graph: &Graph<T>, constants: &[u32]) -> Vec<bool> {
    let mut constant = vec![false; graph.nodes.len()];
    constants.iter().for_each(|&id| constant[id as usize] = true);
    for (k, node) in graph.nodes.iter().enumerate() {
        let mut inputs = graph.nodes.inputs(k).map(|id| graph.nodes[id as usize].base as usize).peekable();
        if matches!(node.step, Step::Op(_)) && inputs.peek().is_some() && inputs.all(|base| constant[base]) {
            constant[k] = true;
        }
    }
    constant
}
