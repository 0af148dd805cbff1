//! Finds what makes a value infinite or NaN.
//!
//! A replay keeps every finite value and recomputes the others. An element that is not finite although its inputs are finite
//! is a source, and is replaced by 1. If the first `n` sources are kept instead, only elements that depend on them are not
//! finite; the smallest `n` for which the requested value is not finite gives the cause. A −∞ that a maximum discards has
//! no effect.

use crate::error::Error;
use crate::op::Lent;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Place, Step};

use super::report::{Origin, inputs, same, shortest};

/// An element that is not finite although its inputs are.
#[derive(Clone, Copy)]
struct Source<T> {
    node: usize,
    /// Offset in the node's memory: its value, then what its operation saved.
    offset: usize,
    made: T,
}

/// The memory of a replay.
struct Copies<T: Real> {
    values: Vec<T>,
    saves: Vec<T>,
    params: Params<T>,
}

struct Search<'a, T: Real> {
    graph: &'a Graph<T>,
    params: &'a Params<T>,
    root: usize,
    /// The nodes with non-finite elements that the root depends on, in the order of computation.
    tainted: Vec<usize>,
}

/// An error if the value of node `root` is not finite; it names what makes it so.
pub(super) fn check<T: Real>(graph: &Graph<T>, params: &Params<T>, root: usize) -> Result<(), Error> {
    if graph.read(root, params).iter().all(T::is_finite) {
        return Ok(());
    }
    let search = Search { graph, params, root, tainted: tainted(graph, params, root) };
    let sources = search.sources();
    let culprit = match sources.len() {
        0 => search.of_root(), // an operation that is not deterministic
        count => sources[shortest(count, |kept| search.spoils(&sources, kept)) - 1],
    };
    Err(search.report(culprit))
}

/// The nodes with non-finite elements that the root depends on.
fn tainted<T: Real>(graph: &Graph<T>, params: &Params<T>, root: usize) -> Vec<usize> {
    let mut needed = vec![false; root + 1];
    needed[graph.nodes[root].base as usize] = true;
    for k in (0..=root).rev().filter(|&k| graph.nodes[k].step != Step::View) {
        if needed[k] {
            graph.nodes.inputs(k).for_each(|id| needed[graph.nodes[id as usize].base as usize] = true);
        }
    }
    let is_tainted = |&k: &usize| needed[k] && memory(graph, k, params).into_iter().flatten().any(|x| !x.is_finite());
    (0..=root).filter(is_tainted).collect()
}

/// The memory of an owned node: its value, and what its operation saved.
fn memory<'a, T: Real>(graph: &'a Graph<T>, k: usize, params: &'a Params<T>) -> [&'a [T]; 2] {
    let node = &graph.nodes[k];
    [node.data(Lent::whole(&graph.values), params), &graph.saves[node.saved.0..][..node.saved.1]]
}

impl<T: Real> Copies<T> {
    fn memory_mut(&mut self, graph: &Graph<T>, k: usize) -> [&mut [T]; 2] {
        let node = &graph.nodes[k];
        let value = match node.value {
            Place::Arena(start) => &mut self.values[start..start + node.extent],
            Place::Parameter(start) => &mut self.params.flat_mut()[start..start + node.extent],
            Place::State(start) => &mut self.params.flat_state_mut()[start..start + node.extent],
        };
        [value, &mut self.saves[node.saved.0..][..node.saved.1]]
    }
}

impl<T: Real> Search<'_, T> {
    fn sources(&self) -> Vec<Source<T>> {
        let mut sources = Vec::new();
        self.replay(|node, offset, made| {
            if self.is_read(node, offset) {
                sources.push(Source { node, offset, made });
            }
            T::ONE
        });
        sources
    }

    /// Whether the first `kept` sources make the root non-finite.
    fn spoils(&self, sources: &[Source<T>], kept: usize) -> bool {
        let copies = self.replay(|node, offset, made| {
            let rank = sources.binary_search_by_key(&(node, offset), |source| (source.node, source.offset));
            match rank {
                Ok(rank) if rank < kept => self.actual(node, offset),
                // Replaced, unless a kept source reaches it and changes its value.
                Ok(rank) if same(sources[rank].made, made) => T::ONE,
                _ => made,
            }
        });
        self.graph.nodes.view(self.root, Lent::whole(&copies.values), &copies.params).iter().any(|x| !x.is_finite())
    }

    /// Recomputes what is not finite. `replace(node, offset, made)` returns the value of each element that is still not finite.
    fn replay(&self, mut replace: impl FnMut(usize, usize, T) -> T) -> Copies<T> {
        let Graph { values, saves, .. } = self.graph;
        let mut copies = Copies { values: values.clone(), saves: saves.clone(), params: self.params.clone() };
        for &k in &self.tainted {
            let found = memory(self.graph, k, self.params);
            if self.graph.run_in((&mut copies.values, &mut copies.saves), k, &copies.params).is_err() {
                // An index computed from a replaced number: keep the original result.
                copies
                    .memory_mut(self.graph, k)
                    .into_iter()
                    .zip(found)
                    .for_each(|(copy, found)| copy.copy_from_slice(found));
            }
            let copies = copies.memory_mut(self.graph, k).into_iter().flatten();
            for (offset, (value, &actual)) in copies.zip(found.into_iter().flatten()).enumerate() {
                if actual.is_finite() {
                    *value = actual;
                } else if !value.is_finite() {
                    *value = replace(k, offset, *value);
                }
            }
        }
        copies
    }

    fn actual(&self, k: usize, offset: usize) -> T {
        let [value, saved] = memory(self.graph, k, self.params);
        offset.checked_sub(value.len()).map_or_else(|| value[offset], |offset| saved[offset])
    }

    /// Whether anything but its own pullback can read an element.
    fn is_read(&self, k: usize, offset: usize) -> bool {
        offset < self.graph.nodes[k].extent
    }

    /// The first non-finite element of the root.
    fn of_root(&self) -> Source<T> {
        let node = self.graph.nodes[self.root].base as usize;
        let [value, _] = memory(self.graph, node, self.params);
        let offset = value.iter().position(|x| !x.is_finite()).unwrap_or(0);
        Source { node, offset, made: self.actual(node, offset) }
    }

    fn report(&self, culprit: Source<T>) -> Error {
        let Source { node, offset, .. } = culprit;
        let origin = Origin {
            node,
            pass: "forward",
            value: self.actual(node, offset),
            element: format!("{:?}", self.graph.nodes.shape(node).unravel_index(offset)),
            read: inputs(self.graph, node, self.params),
        };
        origin.error(self.graph, self.params)
    }
}
