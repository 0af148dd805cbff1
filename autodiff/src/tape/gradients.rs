//! What a backward pass fills: gradients of the parameters, flat, and of every value on the recording.

use super::adjoints::Adjoints;
use super::updates::Updates;
use super::{Graph, Label, Place, Step, Var};
use crate::array::{Shape, Tensor, View};
use crate::error::Error;
use crate::memory;
use crate::params::{ParamId, ParamVec, Params};
use crate::scalar::Real;

/// Gradients with the layout of the [`Params`] they were made from; reused from step to step.
#[derive(Clone, Debug)]
pub struct Gradients<T: Real> {
    pub(crate) parameters: ParamVec<T>,
    /// Of the values on the recording that was pulled last.
    pub(crate) adjoints: Adjoints<T>,
    pub(crate) updates: Updates<T>,
    /// For each parameter, whether a gradient arrived at it.
    received: Vec<bool>,
    /// Whether a backward pass, or the caller by hand, has written gradients since they were made or zeroed.
    filled: bool,
}

impl<T: Real> Params<T> {
    /// Gradients of this layout, all zero.
    ///
    /// # Panics
    /// Where they do not fit into memory; [`Params::try_gradients`] gives an error.
    pub fn gradients(&self) -> Gradients<T> {
        memory::or_panic(self.try_gradients())
    }

    /// Gradients of this layout, all zero.
    ///
    /// # Errors
    /// Gradients that do not fit into memory.
    pub fn try_gradients(&self) -> Result<Gradients<T>, Error> {
        let (parameters, updates) = (self.zeros()?, Updates::new(self)?);
        let received = vec![false; self.table().entries.len()];
        Ok(Gradients { parameters, adjoints: Adjoints::new(), updates, received, filled: false })
    }
}

impl<T: Real> Gradients<T> {
    /// The gradients of all parameters.
    pub fn parameters(&self) -> &ParamVec<T> {
        &self.parameters
    }

    /// The gradients of all parameters, in the order of [`Params::flat`].
    pub fn flat(&self) -> &[T] {
        self.parameters.flat()
    }

    /// The gradients of all parameters, to be clipped, scaled or written by hand; they count as filled from then on.
    pub fn flat_mut(&mut self) -> &mut [T] {
        self.filled = true;
        self.parameters.flat_mut()
    }

    /// Name, shape and gradient of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.parameters.iter()
    }

    /// The gradient of a value of the recording that filled these gradients last.
    ///
    /// # Errors
    /// A view has no gradient of its own; an input that needs none, and a value that the loss does not depend on,
    /// have none either.
    pub fn of(&self, var: Var<'_, T>) -> Result<Tensor<T>, Error> {
        var.with_node(|graph, k| self.of_node(graph, k))
    }

    pub(crate) fn of_node(&self, graph: &Graph<T>, k: usize) -> Result<Tensor<T>, Error> {
        let node = &graph.nodes[k];
        let none = |reason: &str| Err(Error::NoGradient { of: graph.title(k), reason: reason.into() });
        let Some(place) = node.gradient else {
            return match node.step {
                Step::Leaf => none("it is an input; record it with variable() to get its gradient"),
                _ => none("nothing it depends on needs a gradient"),
            };
        };
        if node.step == Step::View {
            return none(
                "a view has none of its own; ask for that of the value it is a view of, or compute with contiguous() of the view",
            );
        }
        self.adjoints.check_filled_by(graph)?;
        if !self.adjoints.has_reached(k) {
            return none("the value that backward started from does not depend on it");
        }
        let data = match place {
            Place::Arena(start) => &self.adjoints.arena[start..start + node.extent],
            Place::Parameter(start) => &self.flat()[start..start + node.extent],
            Place::State(_) => return none("it is a state"),
        };
        Tensor::copy_of(node.layout.shape(), data)
    }

    /// The gradient of a parameter.
    pub fn parameter(&self, params: &Params<T>, id: ParamId) -> Result<Tensor<T>, Error> {
        self.check_layout(params)?;
        self.parameters.get(id)
    }

    /// The gradient of a parameter, as [`Gradients::parameter`], but an error where the last backward pass did not reach it:
    /// "this parameter received no gradient", which in the flat buffer looks like a gradient of zero.
    pub fn received(&self, params: &Params<T>, id: ParamId) -> Result<Tensor<T>, Error> {
        let gradient = self.parameter(params, id)?;
        if self.received.get(params.index_of(id)).copied().unwrap_or(false) {
            return Ok(gradient);
        }
        let of = format!("parameter {}", params.name_of(params.index_of(id)));
        Err(Error::NoGradient { of, reason: "the value that backward started from does not depend on it".into() })
    }

    /// Adds the parameters' gradients of another pass: to accumulate over several tapes. States that the other pass
    /// updated replace those noted here: of several passes in one step, the last counts.
    pub fn add(&mut self, other: &Gradients<T>) -> Result<(), Error> {
        self.parameters.check_layout(&other.parameters, "gradients")?;
        self.flat_mut().iter_mut().zip(other.flat()).for_each(|(sum, &term)| *sum += term);
        self.filled |= other.filled;
        self.updates.add(&other.updates);
        Ok(())
    }

    /// Sets the parameters' gradients to zero and forgets the updates of states. They count as filled again after the next
    /// backward pass, [`Gradients::add`] or [`Gradients::flat_mut`].
    pub fn zero(&mut self) {
        self.parameters.flat_mut().fill(T::ZERO);
        self.updates.clear();
        self.filled = false;
    }

    /// Whether these gradients have the layout of `params`.
    pub fn check_layout(&self, params: &Params<T>) -> Result<(), Error> {
        self.parameters.check_layout(params.values(), "gradients")
    }

    /// An error where no backward pass has filled these gradients since they were made or zeroed. Optimizers call this: a
    /// step with them would do nothing but decay and momentum.
    ///
    /// # Errors
    /// [`Error::NotFilled`].
    pub fn check_filled(&self) -> Result<(), Error> {
        if self.filled {
            return Ok(());
        }
        let reason = "no backward pass has filled them since they were made or zeroed; call backward(&mut grads) first";
        Err(Error::NotFilled { reason })
    }

    /// An error naming the first parameter whose gradient is infinite or NaN, or the first state whose new value is. The
    /// operation that made it is what [`Recording::check_finite_gradients`](crate::Recording::check_finite_gradients) names.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self) -> Result<(), Error> {
        self.parameters.check_finite("gradient")?;
        self.updates.check_finite()
    }

    /// Notes which parameters are among the nodes that were reached.
    pub(super) fn mark_received(&mut self, graph: &Graph<T>) {
        self.received.fill(false);
        for node in self.adjoints.of(&graph.nodes) {
            if let (Step::Leaf, Label::Parameter(index)) = (node.step, node.label)
                && let Some(received) = self.received.get_mut(index)
            {
                *received = true;
            }
        }
    }

    /// All zero and of the length that a recording needs.
    pub(super) fn clear(&mut self, graph: &Graph<T>) -> Result<(), Error> {
        self.zero();
        self.adjoints.clear(graph.gradient_length, graph.key)?;
        self.filled = true;
        Ok(())
    }

    /// Leaves no value of a recording with a gradient: a backward pass that stopped half-way has filled none.
    pub(super) fn forget(&mut self) {
        self.adjoints.forget();
        self.filled = false;
    }

    pub(super) fn note_update(&mut self, index: usize, value: View<'_, T>) {
        self.updates.note(index, value);
    }
}
