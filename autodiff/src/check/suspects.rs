//! Finds the wrong operation on a tape: compares each node's pullback with its tangents.

use super::subject::{D, Subject};
use super::tensors::seeded;
use crate::array::Tensor;
use crate::params::Params;
use crate::tape::{Graph, Mode, Tape};

/// The operations whose pullback, applied to ones, disagrees with the tangents of their inputs and output. In a model this
/// names the wrong operation, whereas the gradient of a parameter only shows that there is one.
pub(super) fn suspects(subject: &dyn Subject, inputs: &[Tensor<f64>]) -> Vec<String> {
    if subject.is_operation() || !subject.has_tangents() {
        return Vec::new(); // only one operation, or no tangents to compare with
    }
    // A fixed unstructured direction: nonzero, unequal tangents.
    let direction = |x: &Tensor<f64>| Tensor::from_fn(x.shape(), |k| 0.5 + ((k * 37 + 11) % 23) as f64 / 23.0);
    let directions: Vec<_> = inputs.iter().map(direction).collect();
    let lifted = seeded(inputs, Some(&directions));
    let none = Params::default();
    let params = subject.params().map(|params| super::subject::with_values(params, &lifted));
    let params = params.as_ref().unwrap_or(&none);
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let leaf = |(input, x)| if subject.differentiable(input) { t.variable(x) } else { t.input(x) };
    let leaves: Vec<_> = match subject.params() {
        Some(_) => Vec::new(),
        None => lifted.iter().enumerate().map(leaf).collect(),
    };
    subject.record(&t, &leaves);
    let graph = t.graph.borrow();
    (0..graph.nodes.len())
        .filter(|&k| is_wrong(&graph, params, k))
        .map(|k| format!("#{k} {}", graph.title(k)))
        .collect()
}

fn is_wrong(graph: &Graph<D>, params: &Params<D>, k: usize) -> bool {
    let Some([contributed, output]) = graph.pull_alone(k, params) else { return false };
    let agrees = (contributed.0 - output.0).abs() <= 1e-8 * (contributed.1 + output.1);
    !agrees // NaN counts as wrong
}
