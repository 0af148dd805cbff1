//! The gradients of a recording's values, in their own arena.

use super::{Graph, Node};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

/// The gradients that a backward pass has computed for the values of one recording.
#[derive(Clone, Debug)]
pub(crate) struct Adjoints<T: Real> {
    pub(crate) arena: Vec<T>,
    /// For each node, whether the root of the backward pass depends on it.
    pub(crate) reached: Vec<bool>,
    /// For each [slot](Node::slot), whether nothing was added to its gradient yet: what the memory holds then counts as zeros.
    pub(crate) fresh: Vec<bool>,
    /// The key of the recording that filled them; 0 for none.
    filled_by: u64,
}

impl<T: Real> Adjoints<T> {
    pub(super) fn new() -> Self {
        Adjoints { arena: Vec::new(), reached: Vec::new(), fresh: Vec::new(), filled_by: 0 }
    }

    /// Makes the arena as long as the gradients of `graph` and marks all of them, and those of the parameters, as fresh.
    ///
    /// # Errors
    /// If the arena does not fit into memory; it is separate from that of forward.
    pub(super) fn clear(&mut self, graph: &Graph<T>, parameters: usize) -> Result<(), Error> {
        self.forget();
        let length = graph.gradient_length;
        if self.arena.try_reserve_exact(length.saturating_sub(self.arena.len())).is_err() {
            return Err(memory::exhausted::<T>("the gradients of a recording".into(), Some(length)));
        }
        self.arena.resize(length, T::ZERO);
        if graph.poison_buffers {
            self.arena.fill(T::from_f64(f64::NAN));
        }
        self.fresh.clear();
        self.fresh.resize(graph.nodes.len() + parameters, true);
        // What exists for a block at a time has no memory to be set to zero.
        graph.passing_gradients().for_each(|k| self.fresh[k] = false);
        self.filled_by = graph.key;
        Ok(())
    }

    /// Marks the gradients as not filled: used when a backward pass fails half-way.
    pub(super) fn forget(&mut self) {
        self.filled_by = 0;
    }

    pub(crate) fn has_reached(&self, k: usize) -> bool {
        self.reached.get(k).copied().unwrap_or(false)
    }

    /// The nodes that the backward pass reached.
    pub(super) fn reached_nodes<'n>(&'n self, nodes: &'n [Node]) -> impl Iterator<Item = &'n Node> {
        nodes.iter().zip(&self.reached).filter(|&(_, &reached)| reached).map(|(node, _)| node)
    }

    /// An error unless the last backward pass into these gradients was of this recording.
    pub(crate) fn check_filled_by(&self, graph: &Graph<T>) -> Result<(), Error> {
        if self.filled_by == graph.key {
            return Ok(());
        }
        Err(Error::NotFilled { reason: "no backward pass of this recording has filled them" })
    }
}
