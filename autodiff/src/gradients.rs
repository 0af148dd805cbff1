//! What a backward pass fills: gradients of the parameters, flat, and of every value on the recording.

use std::sync::Arc;

use crate::error::Error;
use crate::graph::Graph;
use crate::memory;
use crate::node::{Label, Node, Place, Step};
use crate::params::{ParamId, Params, ParamsLayout, Table, check_finite};
use crate::real::Real;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::var::Var;
use crate::view::View;

/// Gradients with the layout of the [`Params`] they were made from; reused from step to step.
#[derive(Clone, Debug)]
pub struct Gradients<T: Real> {
    table: Arc<Table>,
    layout: ParamsLayout,
    pub(crate) flat: Vec<T>,
    /// Gradients of the values of the recording that `filled_by` names.
    pub(crate) arena: Vec<T>,
    pub(crate) reached: Vec<bool>,
    /// For each parameter, whether a gradient arrived at it.
    received: Vec<bool>,
    filled_by: u64,
    /// Whether a backward pass, or the caller by hand, has written gradients since they were made or zeroed.
    filled: bool,
    /// New values of the states, in the layout of the flat state, and which of them there are.
    state: Vec<T>,
    updated: Vec<bool>,
}

impl<T: Real> Gradients<T> {
    pub(crate) fn new(table: Arc<Table>, layout: ParamsLayout) -> Result<Self, Error> {
        let zeros = |length| memory::filled(|| "gradients".into(), length, T::ZERO);
        let (flat, state) = (zeros(layout.parameters)?, zeros(layout.state)?);
        let (received, updated) = (vec![false; table.entries.len()], vec![false; table.states.len()]);
        let (arena, reached) = (Vec::new(), Vec::new());
        Ok(Gradients { table, layout, flat, arena, reached, received, filled_by: 0, filled: false, state, updated })
    }

    /// The gradients of all parameters, in the order of [`Params::flat`].
    pub fn flat(&self) -> &[T] {
        &self.flat
    }

    /// The gradients of all parameters, to be clipped, scaled or written by hand; they count as filled from then on.
    pub fn flat_mut(&mut self) -> &mut [T] {
        self.filled = true;
        &mut self.flat
    }

    /// Name, shape and gradient of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table.entries.iter().map(|e| (e.name.as_str(), &e.shape, &self.flat[e.range.clone()]))
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
            return none("a view has none of its own; ask for that of the value it is a view of");
        }
        self.check_filled_by(graph)?;
        if !self.reached.get(k).copied().unwrap_or(false) {
            return none("the value that backward started from does not depend on it");
        }
        let data = match place {
            Place::Arena(start) => &self.arena[start..start + node.extent],
            Place::Parameter(start) => &self.flat[start..start + node.extent],
            Place::State(_) => return none("it is a state"),
        };
        Tensor::copy_of(node.layout.shape(), data)
    }

    /// The gradient of a parameter.
    pub fn parameter(&self, params: &Params<T>, id: ParamId) -> Result<Tensor<T>, Error> {
        self.check_layout(params)?;
        let entry = params.entry(id)?;
        Tensor::copy_of(&entry.shape, &self.flat[entry.range.clone()])
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
        if self.layout != other.layout {
            let reason = "the two were made from different Params".into();
            return Err(Error::Foreign { what: "gradients", reason });
        }
        self.flat.iter_mut().zip(&other.flat).for_each(|(sum, &term)| *sum += term);
        self.filled |= other.filled;
        for (index, entry) in self.table.states.iter().enumerate().filter(|&(index, _)| other.updated[index]) {
            self.state[entry.range.clone()].copy_from_slice(&other.state[entry.range.clone()]);
            self.updated[index] = true;
        }
        Ok(())
    }

    /// Sets the parameters' gradients to zero and forgets the updates of states. They count as filled again after the next
    /// backward pass, [`Gradients::add`] or [`Gradients::flat_mut`].
    pub fn zero(&mut self) {
        self.flat.fill(T::ZERO);
        self.updated.fill(false);
        self.filled = false;
    }

    /// Whether these gradients have the layout of `params`.
    pub fn check_layout(&self, params: &Params<T>) -> Result<(), Error> {
        if params.layout() == self.layout {
            return Ok(());
        }
        let reason = "they were made from other Params, or before the last parameter was registered".into();
        Err(Error::Foreign { what: "gradients", reason })
    }

    /// An error where no backward pass has filled these gradients since they were made or zeroed. Optimizers call this: a
    /// step with them would do nothing but decay and momentum.
    ///
    /// # Errors
    /// [`Error::Foreign`].
    pub fn check_filled(&self) -> Result<(), Error> {
        if self.filled {
            return Ok(());
        }
        let reason = "no backward pass has filled them since they were made or zeroed; call backward(&mut grads) first";
        Err(Error::Foreign { what: "gradients", reason: reason.into() })
    }

    /// An error naming the first parameter whose gradient is infinite or NaN, or the first state whose new value is. The
    /// operation that made it is what [`Recording::check_finite_gradients`](crate::Recording::check_finite_gradients) names.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self) -> Result<(), Error> {
        check_finite(&self.table.entries, &self.flat, "gradient")?;
        self.check_finite_updates()
    }

    /// As [`Gradients::check_finite`], for the new values of states alone.
    pub(crate) fn check_finite_updates(&self) -> Result<(), Error> {
        let updated = self.table.states.iter().zip(&self.updated).filter(|&(_, &updated)| updated);
        check_finite(updated.map(|(entry, _)| entry), &self.state, "new value")
    }

    /// An error unless a backward pass of this recording has filled these gradients last.
    pub(crate) fn check_filled_by(&self, graph: &Graph<T>) -> Result<(), Error> {
        if self.filled_by == graph.key {
            return Ok(());
        }
        let reason = "no backward pass of this recording has filled them".into();
        Err(Error::Foreign { what: "gradients", reason })
    }

    /// Notes which parameters the marked nodes of a recording are.
    pub(crate) fn mark_received(&mut self, nodes: &[Node]) {
        self.received.fill(false);
        for (node, _) in nodes.iter().zip(&self.reached).filter(|&(_, &reached)| reached) {
            if let (Step::Leaf, Label::Parameter(index)) = (node.step, node.label)
                && let Some(received) = self.received.get_mut(index)
            {
                *received = true;
            }
        }
    }

    /// All zero and of the length that a recording needs.
    ///
    /// # Errors
    /// An arena that does not fit into memory: forward has one of its own.
    pub(crate) fn clear(&mut self, arena_length: usize, filled_by: u64) -> Result<(), Error> {
        self.zero();
        self.forget();
        self.arena.clear();
        if self.arena.try_reserve_exact(arena_length).is_err() {
            return Err(memory::exhausted::<T>("the gradients of a recording".into(), Some(arena_length)));
        }
        self.arena.resize(arena_length, T::ZERO);
        (self.filled_by, self.filled) = (filled_by, true);
        Ok(())
    }

    /// Leaves no value of a recording with a gradient: a backward pass that stopped half-way has filled none.
    pub(crate) fn forget(&mut self) {
        (self.filled_by, self.filled) = (0, false);
    }

    /// Notes the new value of a state.
    pub(crate) fn note_update(&mut self, index: usize, value: View<'_, T>) {
        let (Some(entry), Some(updated)) = (self.table.states.get(index), self.updated.get_mut(index)) else { return };
        value.copy_to(&mut self.state[entry.range.clone()]);
        *updated = true;
    }

    /// For each state, its new value if there is one.
    pub(crate) fn updates(&self) -> impl Iterator<Item = Option<&[T]>> {
        let values = self.table.states.iter().map(|entry| &self.state[entry.range.clone()]);
        values.zip(&self.updated).map(|(values, &updated)| updated.then_some(values))
    }
}
