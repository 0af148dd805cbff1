//! The shape-only recording of a program: it computes no values, so constants are kept until memory is planned.

use super::Graph;
use super::plan::{Plan, Turn};
use crate::array::Tensor;
use crate::error::Error;
use crate::memory;
use crate::params::Params;
use crate::scalar::Real;

/// The leaves of a shape-only recording.
#[derive(Debug)]
pub(crate) struct Deferred<T: Real> {
    /// Leaves whose data is passed to each replay.
    pub(super) inputs: Vec<u32>,
    /// Leaves whose data never changes.
    constants: Vec<(u32, Tensor<T>)>,
}

impl<T: Real> Deferred<T> {
    pub(super) fn another(&self) -> Self {
        Deferred { inputs: self.inputs.clone(), constants: Vec::new() }
    }
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

    /// Keeps the data of a constant until [`Graph::adopt_plan`].
    pub(super) fn keep_constant(&mut self, id: u32, data: Tensor<T>) {
        if let Some(deferred) = &mut self.deferred {
            deferred.constants.push((id, data));
        }
    }

    /// Gives the nodes of a program the places of a plan, allocates the value arena, and computes what is constant. Returns
    /// what every replay computes.
    pub(super) fn adopt_plan(&mut self, outputs: &[u32], params: &Params<T>) -> Result<Vec<Turn>, Error> {
        let constants = self.take_constants();
        let ids: Vec<u32> = constants.iter().map(|&(id, _)| id).collect();
        let (once, turns) = self.adopt_places(outputs, &ids);
        self.allocate()?;
        for (id, data) in &constants {
            self.value_mut(*id).copy_from_slice(data.data());
        }
        once.into_iter().try_for_each(|k| self.run(k, params))?;
        Ok(turns)
    }

    /// Gives the arenas of values, and of what is saved, their lengths.
    pub(super) fn allocate(&mut self) -> Result<(), Error> {
        let what = || format!("the {} values of a program", self.value_length + self.saved_length);
        self.values = memory::filled(what, self.value_length, T::ZERO)?;
        self.saves = memory::filled(what, self.saved_length, T::ZERO)?;
        Ok(())
    }

    /// As [`Graph::adopt_plan`], without memory. Returns what is computed, and the leaves whose data never changes.
    pub(super) fn adopt_plan_of_body(&mut self, outputs: &[u32]) -> (Vec<Turn>, Vec<(u32, Tensor<T>)>) {
        let constants = self.take_constants();
        // Nothing is computed once: the memory is another's in between.
        let (_, turns) = self.adopt_places(outputs, &[]);
        (turns, constants)
    }

    fn take_constants(&mut self) -> Vec<(u32, Tensor<T>)> {
        self.deferred.as_mut().map(|deferred| std::mem::take(&mut deferred.constants)).unwrap_or_default()
    }

    /// Gives the nodes the places of a plan. Returns the operations that are computed once, and what every replay computes.
    fn adopt_places(&mut self, outputs: &[u32], constants: &[u32]) -> (Vec<usize>, Vec<Turn>) {
        let Plan { nodes, value_length, saved_length, gradient_length, once, chains, turns } =
            Plan::new(self, outputs, constants);
        (self.nodes, self.chains) = (nodes, chains);
        (self.value_length, self.saved_length, self.gradient_length) = (value_length, saved_length, gradient_length);
        (once, turns)
    }
}
