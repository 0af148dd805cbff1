//! The plan of a program: memory that is used again, and what never changes computed once.
//!
//! A recording keeps every value and every gradient. A program knows what is read when: a value that no pullback reads is
//! overwritten as soon as forward has used it, a gradient as soon as it has been pulled. So the memory in use stays small
//! enough for the cache. Elementwise operations on arrays that do not fit into it are joined to [chains](super::chain).

mod chains;
mod lifetimes;
mod packing;

use crate::scalar::Real;
use crate::tape::chain::Chain;
use crate::tape::{Graph, Node, Nodes, Place, Step};
use lifetimes::Lifetimes;
use packing::{Life, pack};

/// The nodes of a program with their places.
pub(super) struct Plan {
    pub(super) nodes: Nodes,
    pub(super) value_length: usize,
    pub(super) saved_length: usize,
    pub(super) gradient_length: usize,
    /// The operations whose inputs are constant.
    pub(super) once: Vec<usize>,
    /// Operations that are computed together.
    pub(super) chains: Vec<Chain>,
    /// The other operations and the chains, in the order in which every replay computes them.
    pub(super) turns: Vec<Turn>,
}

/// What a replay computes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The operation of this node.
    Node(usize),
    /// The chain at this position.
    Chain(usize),
}

impl Plan {
    /// Plans a recording with these outputs, and leaves whose data never changes.
    pub(super) fn new<T: Real>(graph: &Graph<T>, outputs: &[u32], constants: &[u32]) -> Self {
        let constant = constant(graph, constants);
        let is_op = |k: &usize| matches!(graph.nodes[*k].step, Step::Op(_));
        let (once, steps): (_, Vec<usize>) = (0..graph.nodes.len()).filter(is_op).partition(|&k| constant[k]);
        let root = outputs.first().map(|&root| graph.nodes[root as usize].base as usize);
        let groups = chains::find(graph, &steps, root);
        let lifetimes = Lifetimes::new(graph, outputs, &constant).with_chains(&groups);
        let value = |k: usize| if lifetimes.is_value_passing(k) { 0 } else { value_size(&graph.nodes[k]) };
        let gradient = |k: usize| if lifetimes.is_gradient_passing(k) { 0 } else { gradient_size(&graph.nodes[k]) };
        let unused = (Life { first: 0, last: 0 }, 0);
        let values: Vec<(Life, usize)> =
            lifetimes.values.iter().enumerate().map(|(k, &life)| (life, value(k))).collect();
        let gradients: Vec<(Life, usize)> = lifetimes
            .gradients
            .iter()
            .enumerate()
            .map(|(k, life)| life.map_or(unused, |life| (life, gradient(k))))
            .collect();
        let saves: Vec<(Life, usize)> =
            lifetimes.saves.iter().zip(&*graph.nodes).map(|(&life, node)| (life, node.saved.1)).collect();
        let ((value_places, value_length), (gradient_places, gradient_length)) = (pack(&values), pack(&gradients));
        let (saved_places, saved_length) = pack(&saves);
        let mut nodes = graph.nodes.clone();
        for (node, saved) in nodes.iter_mut().zip(saved_places) {
            node.saved.0 = saved;
            let base = node.base as usize;
            if let Place::Arena(_) = node.value {
                node.value = Place::Arena(value_places[base]);
            }
            if let Some(Place::Arena(_)) = node.gradient {
                node.gradient = Some(Place::Arena(gradient_places[base]));
            }
        }
        let places = (&value_places[..], &gradient_places[..]);
        let chains = groups.iter().map(|group| chains::chain(graph, group, &lifetimes, places)).collect();
        Plan { nodes, value_length, saved_length, gradient_length, once, chains, turns: turns(&steps, &groups) }
    }
}

/// The length of a node's own part of the value arena.
fn value_size(node: &Node) -> usize {
    match (node.step, node.value) {
        (Step::View, _) | (_, Place::Parameter(_) | Place::State(_)) => 0,
        (Step::Leaf | Step::Op(_), Place::Arena(_)) => node.extent,
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

/// The operations of `steps` in turns, in which the chains are together.
fn turns(steps: &[usize], chains: &[Vec<usize>]) -> Vec<Turn> {
    let mut chains = chains.iter().enumerate().peekable();
    let mut turns = Vec::new();
    let mut steps = steps.iter().copied();
    while let Some(k) = steps.next() {
        match chains.next_if(|(_, chain)| chain.first() == Some(&k)) {
            Some((position, chain)) => {
                turns.push(Turn::Chain(position));
                steps.by_ref().take(chain.len() - 1).for_each(drop);
            }
            None => turns.push(Turn::Node(k)),
        }
    }
    turns
}
