//! The shape-only recording of a program: it computes no values, so constants are kept until memory is allocated.

use super::Graph;
use crate::array::Tensor;
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

/// The leaves of a shape-only recording.
#[derive(Debug)]
pub(crate) struct Deferred<T: Real> {
    /// Leaves whose data is passed to each replay.
    pub(super) inputs: Vec<u32>,
    /// Leaves whose data never changes.
    constants: Vec<(u32, Tensor<T>)>,
}

impl<T: Real> Graph<T> {
    /// A graph that records shapes and computes nothing.
    pub(super) fn deferred() -> Self {
        Graph { deferred: Some(Deferred { inputs: Vec::new(), constants: Vec::new() }), ..Graph::new() }
    }

    /// Whether values are computed by replays only.
    pub(crate) fn is_deferred(&self) -> bool {
        self.deferred.is_some()
    }

    /// The leaves whose data is passed to each replay.
    pub(super) fn declared(&self) -> &[u32] {
        self.deferred.as_ref().map_or(&[], |deferred| &deferred.inputs)
    }

    pub(super) fn note_input(&mut self, id: u32) {
        if let Some(deferred) = &mut self.deferred {
            deferred.inputs.push(id);
        }
    }

    /// Keeps the data of a constant until [`Graph::allocate`].
    pub(super) fn keep_constant(&mut self, id: u32, data: Tensor<T>) {
        if let Some(deferred) = &mut self.deferred {
            deferred.constants.push((id, data));
        }
    }

    /// Allocates the value arena and copies the constants into it.
    pub(super) fn allocate(&mut self) -> Result<(), Error> {
        let length = self.value_length;
        self.values = memory::filled(|| format!("the {length} values of a program"), length, T::ZERO)?;
        let constants = self.deferred.as_mut().map(|deferred| std::mem::take(&mut deferred.constants));
        for (id, data) in constants.into_iter().flatten() {
            self.value_mut(id).copy_from_slice(data.data());
        }
        Ok(())
    }
}
