//! A replay once more, in memory where nothing is overwritten: for diagnostics, which read every value.

use super::{Graph, Nodes, Place, Step};
use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;

/// The nodes of a program as they were recorded, before the plan.
#[derive(Clone, Debug)]
pub(super) struct Unplanned {
    nodes: Nodes,
    value_length: usize,
    saved_length: usize,
    gradient_length: usize,
}

impl Unplanned {
    pub(super) fn new<T: Real>(graph: &Graph<T>) -> Self {
        let Graph { nodes, value_length, saved_length, gradient_length, .. } = graph;
        let [value_length, saved_length, gradient_length] = [value_length, saved_length, gradient_length].map(|n| *n);
        Unplanned { nodes: nodes.clone(), value_length, saved_length, gradient_length }
    }

    /// Runs what `planned` last ran, from the same inputs.
    pub(super) fn replay<T: Real>(&self, planned: &Graph<T>, params: &Params<T>) -> Result<Graph<T>, Error> {
        let mut graph = Graph {
            nodes: self.nodes.clone(),
            ops: planned.ops.shared(),
            value_length: self.value_length,
            saved_length: self.saved_length,
            gradient_length: self.gradient_length,
            updates: planned.updates.clone(),
            draws: planned.draws,
            shards: planned.shards,
            exchanges: planned.exchanges.clone(),
            key: planned.key,
            ..Graph::new()
        };
        graph.allocate()?;
        for k in 0..graph.nodes.len() {
            let (from, to) = (&planned.nodes[k], &graph.nodes[k]);
            let given = to.step == Step::Leaf || planned.is_exchange(k);
            match (from.value, to.value, to.extent) {
                (Place::Arena(from), Place::Arena(to), extent) if given => {
                    graph.values[to..to + extent].copy_from_slice(&planned.values[from..from + extent]);
                }
                _ => graph.run(k, params)?,
            }
        }
        Ok(graph)
    }
}
