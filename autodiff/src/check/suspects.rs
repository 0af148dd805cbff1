//! Finds operations on the tape of a function or model: the wrong one, and those that detach.

use super::subject::{D, Recorded, Subject, with_values};
use super::tensors::{seeded, unstructured};
use crate::array::Tensor;
use crate::params::Params;
use crate::tape::{Detach, Graph, Mode, Tape};

/// The operations whose pullback, applied to ones, disagrees with the tangents of their inputs and output. In a model this
/// names the wrong operation, whereas the gradient of a parameter only shows that there is one.
pub(super) fn suspects(subject: &dyn Subject, recorded: &dyn Recorded, inputs: &[Tensor<f64>]) -> Vec<String> {
    on_tape(subject, recorded, inputs, |graph, params, _| {
        let wrong = (0..graph.nodes.len()).filter(|&k| is_wrong(graph, params, k));
        wrong.map(|k| format!("#{k} {}", graph.title(k))).collect()
    })
}

/// The `detach` calls on whose results the output depends.
pub(super) fn detached(subject: &dyn Subject, inputs: &[Tensor<f64>]) -> Vec<String> {
    let Some(recorded) = subject.recorded() else { return Vec::new() };
    on_tape(subject, recorded, inputs, |graph, _, output| {
        let mut reached = vec![false; graph.nodes.len()];
        let mark = |reached: &mut Vec<bool>, k: u32| {
            if let Some(reached) = reached.get_mut(k as usize) {
                *reached = true;
            }
        };
        mark(&mut reached, output);
        for k in (0..graph.nodes.len()).rev() {
            if reached[k] {
                mark(&mut reached, graph.nodes[k].base);
                graph.nodes.inputs(k).for_each(|input| mark(&mut reached, input));
            }
        }
        let names = (0..graph.nodes.len()).filter(|&k| reached[k] && graph.kind(k) == Detach::NAME);
        names.map(|k| graph.title(k)).collect()
    })
}

/// What `look` finds on the tape of one run with tangents, given the index of the output.
fn on_tape(
    subject: &dyn Subject,
    recorded: &dyn Recorded,
    inputs: &[Tensor<f64>],
    look: impl FnOnce(&Graph<D>, &Params<D>, u32) -> Vec<String>,
) -> Vec<String> {
    let directions: Vec<_> = inputs.iter().map(|x| unstructured(x.shape())).collect();
    let lifted = seeded(inputs, Some(&directions));
    let none = Params::default();
    let params = recorded.params().map(|params| with_values(params, &lifted));
    let params = params.as_ref().unwrap_or(&none);
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let leaf = |(input, x)| if subject.differentiable(input) { t.variable(x) } else { t.input(x) };
    let leaves: Vec<_> = match recorded.params() {
        Some(_) => Vec::new(),
        None => lifted.iter().enumerate().map(leaf).collect(),
    };
    let output = recorded.record(&t, &leaves);
    let graph = t.graph.borrow();
    look(&graph, params, output.id)
}

fn is_wrong(graph: &Graph<D>, params: &Params<D>, k: usize) -> bool {
    let Some([contributed, output]) = graph.pull_alone(k, params) else { return false };
    let agrees = (contributed.0 - output.0).abs() <= 1e-8 * (contributed.1 + output.1);
    !agrees // NaN counts as wrong
}
