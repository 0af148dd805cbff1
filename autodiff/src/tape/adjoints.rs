//! The gradients of the values on a recording, in an arena of their own.

use super::{Graph, Node};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

/// What the backward pass of one recording has left for its values.
#[derive(Clone, Debug)]
pub(crate) struct Adjoints<T: Real> {
    pub(crate) arena: Vec<T>,
    /// For each node, whether the value that backward started from depends on it.
    pub(crate) reached: Vec<bool>,
    /// The key of the recording; 0 for none.
    filled_by: u64,
}

impl<T: Real> Adjoints<T> {
    pub(super) fn new() -> Self {
        Adjoints { arena: Vec::new(), reached: Vec::new(), filled_by: 0 }
    }

    /// All zero and of the length that a recording needs.
    ///
    /// # Errors
    /// An arena that does not fit into memory: forward has one of its own.
    pub(super) fn clear(&mut self, length: usize, filled_by: u64) -> Result<(), Error> {
        self.forget();
        self.arena.clear();
        if self.arena.try_reserve_exact(length).is_err() {
            return Err(memory::exhausted::<T>("the gradients of a recording".into(), Some(length)));
        }
        self.arena.resize(length, T::ZERO);
        self.filled_by = filled_by;
        Ok(())
    }

    /// Leaves no value with a gradient: a backward pass that stopped half-way has filled none.
    pub(super) fn forget(&mut self) {
        self.filled_by = 0;
    }

    pub(crate) fn has_reached(&self, k: usize) -> bool {
        self.reached.get(k).copied().unwrap_or(false)
    }

    /// The nodes that were reached.
    pub(super) fn of<'n>(&'n self, nodes: &'n [Node]) -> impl Iterator<Item = &'n Node> {
        nodes.iter().zip(&self.reached).filter(|&(_, &reached)| reached).map(|(node, _)| node)
    }

    /// An error unless a backward pass of this recording has filled these last.
    pub(crate) fn check_filled_by(&self, graph: &Graph<T>) -> Result<(), Error> {
        if self.filled_by == graph.key {
            return Ok(());
        }
        Err(Error::NotFilled { reason: "no backward pass of this recording has filled them" })
    }
}
