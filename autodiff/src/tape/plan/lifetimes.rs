//! When the values and gradients of a program are first and last used.
//!
//! Of `n` nodes, node `k` is computed at step `k` and pulled at step `2n − 1 − k`. What is needed after the last pullback (an
//! output, a new state, the gradient of a variable) lives until step `2n`. The operations of a chain run at the same time:
//! what begins to live in one of its steps lives from the first of them on, unless nothing outside of the chain uses it.

use super::packing::Life;
use crate::scalar::Real;
use crate::tape::{Graph, Step};

pub(super) struct Lifetimes {
    /// Of the value of each owned node.
    pub(super) values: Vec<Life>,
    /// Of what the operation of each node saves.
    pub(super) saves: Vec<Life>,
    /// Of the gradient of each node that backward reaches.
    pub(super) gradients: Vec<Option<Life>>,
    /// Whether the value of each node, and its gradient, are used within one chain only.
    passing: Vec<[bool; 2]>,
}

impl Lifetimes {
    /// Those of a program with these outputs; backward starts from the first. A value that is computed `once` stays.
    pub(super) fn new<T: Real>(graph: &Graph<T>, outputs: &[u32], once: &[bool]) -> Self {
        let count = graph.nodes.len();
        let (end, pull) = (2 * count, |k: usize| 2 * count - 1 - k);
        let base = |id: u32| graph.nodes[id as usize].base as usize;
        let reached = reached(graph, outputs);
        let kept = |k: usize| once[k] || graph.nodes[k].step == Step::Leaf || graph.is_exchange(k);
        let mut values: Vec<Life> = (0..count)
            .map(|k| if kept(k) { Life { first: 0, last: end } } else { Life { first: k, last: k } })
            .collect();
        let mut saves: Vec<Life> = (0..count).map(|k| Life { first: k, last: k }).collect();
        let mut gradients: Vec<Option<Life>> = vec![None; count];
        for (k, node) in graph.nodes.iter().enumerate() {
            let Step::Op(index) = node.step else { continue };
            let reads = graph.ops.get(index).reads();
            let pulled = reached[k] && node.gradient.is_some();
            for (input, operand) in graph.nodes.operands_of(node).iter().enumerate() {
                let id = operand.id();
                let last = if pulled && reads.has_input(input) { pull(k) } else { k };
                values[base(id)].last = values[base(id)].last.max(last);
                if pulled && operand.wanted() {
                    // Later consumers are pulled earlier, so that the last one found is the first to add.
                    gradients[base(id)] = Some(Life { first: pull(k), last: pull(base(id)) });
                }
            }
            if pulled {
                saves[k].last = pull(k);
            }
            if pulled && reads.has_output() {
                values[k].last = values[k].last.max(pull(k));
            }
        }
        let updates = graph.updates.iter().map(|&(_, id)| id);
        outputs.iter().copied().chain(updates).for_each(|id| values[base(id)].last = end);
        for (k, life) in gradients.iter_mut().enumerate() {
            if let (Some(life), Step::Leaf) = (life, graph.nodes[k].step) {
                life.last = end;
                if graph.is_body {
                    life.first = count; // it may begin with what others have added
                }
            }
        }
        if let Some(&root) = outputs.first().filter(|&&root| reached.get(base(root)) == Some(&true)) {
            gradients[base(root)] = Some(Life { first: count, last: end });
        }
        let passing = vec![[false; 2]; count];
        Lifetimes { values, saves, gradients, passing }
    }

    /// The same with the operations of each of these chains at the same time.
    pub(super) fn with_chains(mut self, chains: &[Vec<usize>]) -> Self {
        let count = self.values.len();
        let mut spans: Vec<(usize, usize)> = (0..count).map(|k| (k, k)).collect();
        for chain in chains {
            if let (Some(&first), Some(&last)) = (chain.first(), chain.last()) {
                chain.iter().for_each(|&k| spans[k] = (first, last));
            }
        }
        // Step `k` of forward is mirrored in step `mirror - k` of backward.
        let mirror = (2 * count).saturating_sub(1);
        for chain in chains {
            for &k in chain {
                let (first, last) = spans[k];
                let within = |life: &Life, from: usize, to: usize| from <= life.first && life.last <= to;
                let value = within(&self.values[k], first, last);
                let gradient = self.gradients[k].is_some_and(|life| within(&life, mirror - last, mirror - first));
                self.passing[k] = [value, gradient];
            }
        }
        // What begins to live in a chain lives from its first step on, and so together with all that is used in it.
        let begin = |first: usize| match first {
            _ if first < count => spans[first].0,
            _ => mirror - spans[mirror - first].1,
        };
        let lives = self.values.iter_mut().chain(self.gradients.iter_mut().flatten());
        lives.for_each(|life| life.first = begin(life.first));
        self
    }

    /// Whether nothing outside of its chain uses the value of node `k`.
    pub(super) fn is_value_passing(&self, k: usize) -> bool {
        self.passing[k][0]
    }

    /// Whether nothing outside of its chain uses the gradient of node `k`.
    pub(super) fn is_gradient_passing(&self, k: usize) -> bool {
        self.passing[k][1]
    }
}

/// The nodes that a backward pass from the first output reaches; none if it is refused, or never asked for.
fn reached<T: Real>(graph: &Graph<T>, outputs: &[u32]) -> Vec<bool> {
    let mut reached = vec![false; graph.nodes.len()];
    if let Some(&root) = outputs.first()
        && !graph.is_forward_only
        && graph.nodes[root as usize].gradient.is_some()
        && graph.reach(root, &mut reached).is_err()
    {
        reached.fill(false);
    }
    reached
}
