//! Which operations of a program form a [`Chain`], and where its arrays lie.

use super::lifetimes::Lifetimes;
use crate::kernel::{Blocks, LANES};
use crate::scalar::Real;
use crate::tape::chain::{Arrays, Chain, Member, Source};
use crate::tape::{Graph, Place, Step};

/// The most arrays of a chain: operations, and inputs whose gradients are needed. Another is for what a pullback does not read.
const MOST: usize = LANES - 1;

/// The operations of each chain, in their order. `steps` are all that a replay computes; backward starts from `root`.
pub(super) fn find<T: Real>(graph: &Graph<T>, steps: &[usize], root: Option<usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let (mut group, mut arrays): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for &k in steps {
        let fits = may_join(graph, k);
        let others =
            group.last().is_some_and(|&last| graph.nodes[last].extent != graph.nodes[k].extent || Some(last) == root);
        if !fits || others || arrays.len() + graph.nodes.inputs(k).count() + 1 > MOST {
            groups.push(std::mem::take(&mut group));
            arrays.clear();
        }
        if fits {
            group.push(k);
            arrays.extend(graph.nodes.wanted(k).map(|id| graph.nodes[id as usize].base as usize).chain([k]));
            arrays.sort_unstable();
            arrays.dedup();
        }
    }
    groups.push(group);
    groups.retain(|group| group.len() >= graph.chained.operations);
    groups
}

/// Whether operation `k` can be computed for a block at a time: elementwise, with inputs that are whole values of its size.
fn may_join<T: Real>(graph: &Graph<T>, k: usize) -> bool {
    let (node, Step::Op(index)) = (&graph.nodes[k], graph.nodes[k].step) else { return false };
    let whole = |id: u32| {
        let input = &graph.nodes[id as usize];
        input.extent == node.extent && graph.nodes.layout_of(input).dense_range() == Some(0..node.extent)
    };
    let in_arena = |id: u32| matches!(graph.nodes[id as usize].gradient, Some(Place::Arena(_)));
    graph.ops.get(index).is_elementwise()
        && node.extent >= graph.chained.elements
        && node.saved.1 == 0
        && graph.nodes.inputs(k).all(whole)
        && graph.nodes.wanted(k).all(in_arena)
}

/// The chain of these operations, in the arenas that were planned for them.
pub(super) fn chain<T: Real>(
    graph: &Graph<T>,
    group: &[usize],
    lifetimes: &Lifetimes,
    (values, gradients): (&[usize], &[usize]),
) -> Chain {
    let base = |id: u32| graph.nodes[id as usize].base as usize;
    let is_pulled = |node: usize| lifetimes.gradients[node].is_some();
    let mut owners: Vec<usize> = Vec::new();
    for &node in group.iter().filter(|&&node| is_pulled(node)) {
        for owner in graph.nodes.wanted(node).map(base).chain([node]) {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    let position_of = |node: usize| owners.iter().position(|&owner| owner == node);
    let source = |id: u32| match group.binary_search(&base(id)) {
        Ok(position) => Source::Member { position, node: base(id) },
        Err(_) => Source::Node(base(id)),
    };
    let member = |&node: &usize| {
        let operands = graph.nodes.operands_of(&graph.nodes[node]);
        let gradient = |wanted: bool, id: u32| position_of(base(id)).filter(|_| wanted && is_pulled(node));
        Member {
            node,
            inputs: operands.iter().map(|operand| source(operand.id())).collect(),
            reads: graph.reads(node),
            cotangent: position_of(node).filter(|_| is_pulled(node)),
            gradients: operands.iter().map(|operand| gradient(operand.wanted(), operand.id())).collect(),
        }
    };
    let value = |&node: &usize| (!lifetimes.is_value_passing(node)).then(|| values[node]);
    let gradient = |&node: &usize| (!lifetimes.is_gradient_passing(node)).then(|| gradients[node]);
    Chain {
        blocks: Blocks {
            size: group.first().map_or(0, |&k| graph.nodes[k].extent),
            block: graph.chained.block,
            operations: group.len(),
        },
        values: Arrays::new(group.iter().map(value).collect()),
        gradients: Arrays::new(owners.iter().map(gradient).collect()),
        members: group.iter().map(member).collect(),
        owners,
    }
}
