//! Chains: consecutive elementwise operations of a program, computed together for a block of elements while it is in the cache.
//!
//! The operations of a chain have large inputs and outputs of one size, so that a block of each output depends on the same
//! block of the inputs. A value or gradient that nothing outside of the chain needs has no place in an arena: it exists for
//! one block at a time. `plan` finds chains; `forward` and `backward` run them, on several threads, with the bits of a run of
//! one operation after the other.

mod backward;
mod forward;

use super::Graph;
use crate::kernel::Blocks;
use crate::op::Reads;
use crate::scalar::Real;

/// Which elementwise operations are joined to chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chained {
    /// The fewest elements of their outputs.
    pub(super) elements: usize,
    /// The fewest operations of a chain.
    pub(super) operations: usize,
    /// The elements that are computed at a time.
    pub(super) block: usize,
}

impl Chained {
    /// Those for which it pays: smaller arrays stay in the cache by themselves.
    pub(crate) const LARGE: Chained = Chained { elements: 1 << 13, operations: 2, block: 1 << 11 };
    /// All that have elements, in blocks so small that most arrays have several.
    pub(crate) const ALL: Chained = Chained { elements: 1, operations: 1, block: 3 };
}

/// Elementwise operations that are computed together.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// In their order.
    pub(super) members: Vec<Member>,
    /// The size of each input and output, and how they are divided.
    pub(super) blocks: Blocks,
    /// Of the value of each member.
    pub(super) values: Arrays,
    /// Of every gradient that the pullbacks read or add to.
    pub(super) gradients: Arrays,
    /// The nodes that these gradients belong to.
    pub(super) owners: Vec<usize>,
}

/// An operation of a chain.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) node: usize,
    pub(super) inputs: Vec<Source>,
    /// What its pullback reads.
    pub(super) reads: Reads,
    /// The position of the gradient of its output among those of the chain; `None` if backward does not reach it.
    pub(super) cotangent: Option<usize>,
    /// For each input, the position of its gradient, if backward adds to it.
    pub(super) gradients: Vec<Option<usize>>,
}

/// An input of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// The output of the member at this position, which is this node.
    Member { position: usize, node: usize },
    /// The value of this node.
    Node(usize),
}

/// Places of arrays of one size in an arena.
#[derive(Clone, Debug)]
pub(super) struct Arrays {
    /// `None` for an array that exists for one block at a time.
    pub(super) offsets: Vec<Option<usize>>,
    /// The positions of those with an offset, in the order of offsets.
    pub(super) sorted: Vec<usize>,
}

impl Arrays {
    pub(super) fn new(offsets: Vec<Option<usize>>) -> Self {
        let mut sorted: Vec<usize> = (0..offsets.len()).filter(|&lane| offsets[lane].is_some()).collect();
        sorted.sort_by_key(|&lane| offsets[lane]);
        Arrays { offsets, sorted }
    }
}

impl<T: Real> Graph<T> {
    /// The nodes whose gradients exist for one block at a time.
    pub(super) fn passing_gradients(&self) -> impl Iterator<Item = usize> + '_ {
        self.chains.iter().flat_map(|Chain { gradients, owners, .. }| {
            gradients.offsets.iter().zip(owners).filter(|(offset, _)| offset.is_none()).map(|(_, &owner)| owner)
        })
    }
}

impl Chain {
    pub(super) fn first(&self) -> usize {
        self.members.first().map_or(0, |member| member.node)
    }

    pub(super) fn last(&self) -> usize {
        self.members.last().map_or(0, |member| member.node)
    }
}
