//! Finds what makes a gradient infinite or NaN: as `forward.rs`, along the backward pass.
//!
//! Several pullbacks add to one gradient, so each is examined by itself: an element that it makes infinite or NaN, although
//! its cotangent is finite, is a source. A replaced source is one whose term is left out.

use std::cmp::Reverse;

use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Gradients, Graph, Place, Step};

use super::report::{Origin, inputs, range, same, shortest};

/// An element that a pullback made infinite or NaN.
#[derive(Clone, Copy)]
struct Source<T> {
    /// The operation whose pullback it is.
    node: usize,
    /// The node whose gradient it belongs to, and the offset in that.
    of: usize,
    offset: usize,
    made: T,
}

struct Search<'a, T: Real> {
    graph: &'a Graph<T>,
    params: &'a Params<T>,
    /// The root of the backward pass.
    root: usize,
    /// The gradients of the unmodified backward pass.
    actual: Gradients<T>,
}

/// An error if a gradient of a parameter or variable is not finite; it names the pullback that makes it so.
pub(super) fn check<T: Real>(graph: &Graph<T>, params: &Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
    if all_finite(graph, params, grads)? {
        return Ok(());
    }
    // The root is the last node reached.
    let Some(root) = grads.adjoints.reached.iter().rposition(|&reached| reached) else { return Ok(()) };
    // Run the pass again, to ignore what was added to the parameters' gradients since.
    let mut search = Search { graph, params, root, actual: grads.clone() };
    search.actual = search.replay(|source, _| source.made);
    let sources = search.sources();
    if sources.is_empty() || !search.spoils(&sources, sources.len()) {
        return Err(changed());
    }
    let culprit = shortest(sources.len(), |kept| search.spoils(&sources, kept)) - 1;
    Err(search.report(sources[culprit]))
}

/// Whether the gradients of all parameters and variables are finite; an error if another recording filled them.
pub(super) fn all_finite<T: Real>(graph: &Graph<T>, params: &Params<T>, grads: &Gradients<T>) -> Result<bool, Error> {
    grads.adjoints.check_filled_by(graph)?;
    grads.check_layout(params)?;
    let variables = leaves(graph, grads).filter_map(|k| gradient(graph, k, grads));
    Ok(grads.flat().iter().chain(variables.flatten()).all(|x| x.is_finite()))
}

/// The error of gradients that backward did not make so.
pub(super) fn changed() -> Error {
    let reason = "they are not finite, but backward gives finite ones: they were changed after it";
    Error::NotFilled { reason }
}

/// The parameters and variables that backward reached.
fn leaves<T: Real>(graph: &Graph<T>, grads: &Gradients<T>) -> impl Iterator<Item = usize> {
    let reached = grads.adjoints.reached.iter().enumerate().filter(|(_, reached)| **reached);
    reached.map(|(k, _)| k).filter(|&k| graph.nodes[k].step == Step::Leaf)
}

/// The gradient of an owned node.
pub(super) fn gradient<'a, T: Real>(graph: &Graph<T>, k: usize, grads: &'a Gradients<T>) -> Option<&'a [T]> {
    let node = &graph.nodes[k];
    match node.gradient? {
        Place::Arena(start) => Some(&grads.adjoints.arena[start..start + node.extent]),
        Place::Parameter(start) => Some(&grads.flat()[start..start + node.extent]),
        Place::State(_) => None,
    }
}

fn gradient_mut<'a, T: Real>(graph: &Graph<T>, k: usize, grads: &'a mut Gradients<T>) -> &'a mut [T] {
    let node = &graph.nodes[k];
    match node.gradient {
        Some(Place::Arena(start)) => &mut grads.adjoints.arena[start..start + node.extent],
        Some(Place::Parameter(start)) => &mut grads.parameters.flat_mut()[start..start + node.extent],
        Some(Place::State(_)) | None => &mut [],
    }
}

impl<T: Real> Search<'_, T> {
    /// The sources, in the order of the backward pass.
    fn sources(&self) -> Vec<Source<T>> {
        let mut sources = Vec::new();
        self.replay(|source, before| {
            sources.push(source);
            before
        });
        sources
    }

    /// Whether the first `kept` sources make a gradient of a parameter or variable non-finite.
    fn spoils(&self, sources: &[Source<T>], kept: usize) -> bool {
        let replayed = self.replay(|found, before| {
            match sources.binary_search_by_key(&found.order(), Source::order) {
                Ok(rank) if rank < kept => found.made,
                // Replaced, unless a kept source reaches it and changes its value.
                Ok(rank) if same(sources[rank].made, found.made) => before,
                _ => found.made,
            }
        });
        leaves(self.graph, &self.actual).any(|k| {
            let gradients = [&replayed, &self.actual].map(|grads| gradient(self.graph, k, grads).unwrap_or(&[]));
            gradients[0].iter().zip(gradients[1]).any(|(x, actual)| !x.is_finite() && !actual.is_finite())
        })
    }

    /// Runs the backward pass. `replace(source, before)` returns the value of each element that a pullback makes infinite or
    /// NaN, and that was `before` until then.
    fn replay(&self, mut replace: impl FnMut(Source<T>, T) -> T) -> Gradients<T> {
        let mut grads = self.actual.clone();
        grads.parameters.flat_mut().fill(T::ZERO);
        grads.adjoints.arena.fill(T::ZERO);
        let seed = gradient(self.graph, self.root, &self.actual).unwrap_or(&[]);
        gradient_mut(self.graph, self.root, &mut grads).copy_from_slice(seed);
        for k in (0..=self.root).rev().filter(|&k| self.actual.adjoints.reached[k]) {
            // As in a replay of values, finite elements keep their value.
            let actual = gradient(self.graph, k, &self.actual).unwrap_or(&[]);
            let cotangent = gradient_mut(self.graph, k, &mut grads).iter_mut().zip(actual);
            cotangent.filter(|(_, actual)| actual.is_finite()).for_each(|(value, &actual)| *value = actual);
            let nodes = &self.graph.nodes;
            let mut given: Vec<usize> = nodes.wanted(k).map(|id| nodes[id as usize].base as usize).collect();
            given.sort_unstable();
            given.dedup();
            let before: Vec<Vec<T>> =
                given.iter().map(|&of| gradient_mut(self.graph, of, &mut grads).to_vec()).collect();
            // Backward succeeded, so there was memory for scratch buffers; if there no longer is, the search ends early.
            if self.graph.pull(k, self.params, &mut grads).is_err() {
                break;
            }
            for (&of, before) in given.iter().zip(&before) {
                let after = gradient_mut(self.graph, of, &mut grads);
                for (offset, (value, &before)) in after.iter_mut().zip(before).enumerate() {
                    if before.is_finite() && !value.is_finite() {
                        *value = replace(Source { node: k, of, offset, made: *value }, before);
                    }
                }
            }
        }
        grads
    }

    fn report(&self, culprit: Source<T>) -> Error {
        let Source { node: k, of, offset, made } = culprit;
        let (graph, params) = (self.graph, self.params);
        let shape = graph.nodes.shape(k);
        let element = graph.nodes.shape(of).unravel_index(offset);
        let output = range(graph.read(k, params).iter());
        let cotangent = range(gradient(graph, k, &self.actual).unwrap_or(&[]).iter().copied());
        let origin = Origin {
            node: k,
            pass: "backward",
            value: made,
            element: format!("{element:?} of the gradient of {}", graph.describe(&[of as u32], params)),
            read: format!("input {}, output {shape} {output}, cotangent {shape} {cotangent}", inputs(graph, k, params)),
        };
        origin.error(graph, params)
    }
}

impl<T> Source<T> {
    /// Increases along the backward pass.
    fn order(&self) -> (Reverse<usize>, usize, usize) {
        (Reverse(self.node), self.of, self.offset)
    }
}
