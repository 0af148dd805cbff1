//! Where the first infinity or NaN came from, forward and backward.

use crate::error::Error;
use crate::gradients::Gradients;
use crate::graph::Graph;
use crate::node::{Place, Step};
use crate::params::Params;
use crate::real::Real;
use crate::tape::Recording;

impl<T: Real> Recording<'_, T> {
    /// An error naming the first value, in the order of computation, that is infinite or NaN: the operation, the caller's
    /// line, the element, and the ranges of the inputs it was computed from.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.variable(&[1.0, 0.0, 4.0].into()).named("x");
    /// let _loss = (x.ln() * x).sum(..); // 0 · ln 0: the loss is NaN, the cause is the logarithm
    /// let error = t.check_finite().unwrap_err().to_string();
    /// assert!(error.starts_with("ln first produced -inf in forward at "));
    /// assert!(error.ends_with("element [1]: [3] (x) in 0..4"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFinite`]; a mistake on the tape.
    pub fn check_finite(&self) -> Result<(), Error> {
        self.check()?;
        let graph = self.graph.borrow();
        let owned = (0..graph.nodes.len()).filter(|&k| graph.nodes[k].step != Step::View);
        for k in owned {
            let view = graph.read(k, self.params);
            if let Some((place, value)) = view.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(report(&graph, self.params, k, ("forward", place, value)));
            }
        }
        Ok(())
    }

    /// As [`Recording::check_finite`], for the gradients that a backward pass of this recording has filled: names the
    /// first value, in the order of the backward pass, whose gradient is infinite or NaN. Its operation is the one that
    /// still got a finite gradient from none of its consumers.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; gradients that another recording has filled.
    pub fn check_finite_gradients(&self, grads: &Gradients<T>) -> Result<(), Error> {
        let graph = self.graph.borrow();
        grads.check_filled_by(&graph)?;
        for k in (0..graph.nodes.len()).rev().filter(|&k| graph.nodes[k].step != Step::View && grads.reached[k]) {
            let node = &graph.nodes[k];
            let gradient = match node.gradient {
                Some(Place::Arena(start)) => &grads.arena[start..start + node.extent],
                Some(Place::Parameter(start)) => &grads.flat[start..start + node.extent],
                Some(Place::State(_)) | None => continue,
            };
            if let Some((place, &value)) = gradient.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(report(&graph, self.params, k, ("backward", place, value)));
            }
        }
        Ok(())
    }
}

fn report<T: Real>(
    graph: &Graph<T>,
    params: &Params<T>,
    k: usize,
    (pass, place, value): (&'static str, usize, T),
) -> Error {
    let node = &graph.nodes[k];
    let range = |&id: &u32| {
        let finite = || graph.read(id as usize, params).iter().map(T::to_f64).filter(|x| x.is_finite());
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        let others = node_size(graph, id) - finite().count();
        let rest = if others > 0 { format!(", {others} not finite") } else { String::new() };
        format!("{} in {low}..{high}{rest}", graph.describe(&[id], params))
    };
    let mut rest = place;
    let mut index = vec![0; node.layout.shape().rank()];
    for (i, &extent) in index.iter_mut().zip(node.layout.shape().iter()).rev() {
        *i = rest % extent;
        rest /= extent;
    }
    let what = match node.step {
        Step::Leaf => format!("leaf {}", graph.describe(&[k as u32], params)),
        _ => graph.kind(k).to_owned(),
    };
    let inputs = node.inputs.iter().map(range).collect::<Vec<_>>().join(" × ");
    Error::NotFinite { what, pass, value: value.to_f64().to_string(), index, inputs, location: node.location }
}

fn node_size<T: Real>(graph: &Graph<T>, id: u32) -> usize {
    graph.nodes[id as usize].layout.shape().size()
}
