//! What a backward pass computes: gradients of the parameters, flat, and of every value on the recording.

use std::ops::Range;

use super::adjoints::Adjoints;
use super::touched::{Tables, Touched, joined};
use super::updates::Updates;
use super::{Graph, Label, Nodes, Place, Step, Var};
use crate::array::{Shape, Tensor, View};
use crate::error::Error;
use crate::memory;
use crate::op::LentMut;
use crate::params::{ParamId, ParamVec, Params};
use crate::scalar::Real;

/// Gradients with the layout of the [`Params`] they were made from. Reused from step to step.
#[derive(Clone, Debug)]
pub struct Gradients<T: Real> {
    pub(crate) parameters: ParamVec<T>,
    /// Gradients of the values of the last recording.
    pub(crate) adjoints: Adjoints<T>,
    pub(crate) updates: Updates<T>,
    /// For each parameter, whether the last backward pass reached it.
    pub(super) received: Vec<bool>,
    /// For each parameter, where its gradient may differ from zero.
    pub(super) touched: Vec<Touched>,
    /// Whether gradients have been written, by a backward pass or by hand, since creation or the last `zero`.
    pub(super) filled: bool,
}

impl<T: Real> Params<T> {
    /// Zero gradients with the layout of these parameters.
    ///
    /// # Panics
    /// If they do not fit into memory; [`Params::try_gradients`] returns an error instead.
    pub fn gradients(&self) -> Gradients<T> {
        memory::or_panic(self.try_gradients())
    }

    /// Zero gradients with the layout of these parameters.
    ///
    /// # Errors
    /// If they do not fit into memory.
    pub fn try_gradients(&self) -> Result<Gradients<T>, Error> {
        let (parameters, updates) = (self.zeros()?, Updates::new(self)?);
        let count = self.table().entries.len();
        let (received, touched) = (vec![false; count], vec![Touched::nowhere(); count]);
        Ok(Gradients { parameters, adjoints: Adjoints::new(), updates, received, touched, filled: false })
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

    /// The gradients of all parameters, mutable: to clip, scale or write them by hand. Marks them as filled.
    pub fn flat_mut(&mut self) -> &mut [T] {
        self.filled = true;
        self.touch_all();
        self.parameters.flat_mut()
    }

    /// The ranges of [`Gradients::flat`] outside of which every gradient is zero, in ascending order. Of a parameter of which the
    /// last backward pass reached only rows, selected by [`Var::index_select`] along the first axis, as an embedding does, they are
    /// those rows; of any other, all of it. Writing by hand makes them everything.
    pub fn touched(&self) -> impl Iterator<Item = Range<usize>> {
        joined(self.touched.iter().enumerate().flat_map(|(index, touched)| {
            let (range, rows) = self.parameters.rows_of(index);
            touched.ranges(range, rows)
        }))
    }

    /// Name, shape and gradient of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.parameters.iter()
    }

    /// The gradient of a value of the recording whose backward pass last filled these gradients, in the value's shape.
    ///
    /// # Errors
    /// If the value is a view, which has no gradient of its own; is an input without gradient; or is not reached by
    /// the backward pass.
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
        Tensor::copy_of(graph.nodes.shape(k), data)
    }

    /// The gradient of a parameter, in its shape; zero if the backward pass did not reach it.
    ///
    /// # Errors
    /// If these gradients or `id` belong to other [`Params`].
    pub fn parameter(&self, params: &Params<T>, id: ParamId) -> Result<Tensor<T>, Error> {
        self.check_layout(params)?;
        self.parameters.get(id)
    }

    /// As [`Gradients::parameter`], but an error if the last backward pass did not reach the parameter. In the flat buffer
    /// such a parameter looks like one with gradient zero.
    pub fn received(&self, params: &Params<T>, id: ParamId) -> Result<Tensor<T>, Error> {
        let gradient = self.parameter(params, id)?;
        if self.received.get(params.index_of(id)).copied().unwrap_or(false) {
            return Ok(gradient);
        }
        let of = format!("parameter {}", params.name_of(params.index_of(id)));
        Err(Error::NoGradient { of, reason: "the value that backward started from does not depend on it".into() })
    }

    /// Sets the parameters' gradients to zero, discards state updates and marks the gradients as not filled, until the next
    /// backward pass, [`Gradients::add`] or [`Gradients::flat_mut`].
    pub fn zero(&mut self) {
        (0..self.touched.len()).for_each(|index| self.zero_parameter(index));
        self.updates.clear();
        self.filled = false;
    }

    /// Checks that these gradients have the layout of `params`.
    ///
    /// # Errors
    /// [`Error::ForeignParams`].
    pub fn check_layout(&self, params: &Params<T>) -> Result<(), Error> {
        self.parameters.check_layout(params.values(), "gradients")
    }

    /// Checks that the gradients have been filled since creation or the last [`Gradients::zero`]. Optimizers call this: a
    /// step without gradients would apply only weight decay and momentum.
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

    /// Checks that all gradients and new state values are finite; the error names the first parameter or state that is not.
    /// [`Recording::check_finite_gradients`](crate::Recording::check_finite_gradients) names the operation responsible.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self) -> Result<(), Error> {
        if !self.touched().all(|range| T::all_finite(&self.flat()[range])) {
            self.parameters.check_finite("gradient")?;
        }
        self.updates.check_finite()
    }

    /// Records which parameters the backward pass reached.
    pub(super) fn mark_received(&mut self, graph: &Graph<T>) {
        self.received.fill(false);
        for node in self.adjoints.reached_nodes(&graph.nodes) {
            if let (Step::Leaf, Label::Parameter(index)) = (node.step, node.label)
                && let Some(received) = self.received.get_mut(index)
            {
                *received = true;
            }
        }
    }

    /// Prepares for a backward pass of `graph`: all gradients are fresh, but those of `tables` zero, and state updates discarded.
    pub(super) fn clear(&mut self, graph: &Graph<T>, tables: &Tables, params: &Params<T>) -> Result<(), Error> {
        self.updates.clear();
        self.adjoints.clear(graph, self.received.len())?;
        for &(index, ref selections) in tables {
            self.zero_parameter(index);
            self.adjoints.fresh[graph.nodes.len() + index] = false;
            graph.selected_rows(selections, params, &mut self.touched[index]);
        }
        for (index, touched) in self.touched.iter_mut().enumerate() {
            touched.everywhere = !tables.iter().any(|table| table.0 == index);
        }
        self.filled = true;
        Ok(())
    }

    /// Notes that any gradient may differ from zero.
    fn touch_all(&mut self) {
        self.touched.iter_mut().for_each(|touched| touched.everywhere = true);
    }

    /// Sets the gradient of the parameter with this index to zero where it may differ from that.
    pub(super) fn zero_parameter(&mut self, index: usize) {
        let touched = &mut self.touched[index];
        let (range, rows) = self.parameters.rows_of(index);
        let flat = self.parameters.flat_mut();
        touched.ranges(range, rows).for_each(|range| flat[range].fill(T::ZERO));
        touched.everywhere = false;
        touched.rows.clear();
    }

    /// Adds `amounts` to the gradient of a node.
    pub(super) fn add_to(&mut self, nodes: &Nodes, k: usize, amounts: &[T]) {
        let fresh = &mut self.adjoints.fresh[nodes.slot(&nodes[k])];
        let mut arena = LentMut::whole(&mut self.adjoints.arena);
        if let Some(gradient) = nodes.gradient_view(k, &mut arena, self.parameters.flat_mut(), fresh) {
            gradient.add(amounts);
        }
    }

    /// Sets to zero what no pullback of `graph` has added to.
    pub(super) fn settle(&mut self, graph: &Graph<T>) {
        let Adjoints { arena, fresh, reached, .. } = &mut self.adjoints;
        let (of_nodes, of_parameters) = fresh.split_at_mut(graph.nodes.len());
        for ((node, fresh), &reached) in graph.nodes.iter().zip(of_nodes).zip(&*reached) {
            let left = std::mem::take(fresh) && reached && node.step != Step::View;
            if let (true, Some(Place::Arena(start))) = (left, node.gradient) {
                arena[start..start + node.extent].fill(T::ZERO);
            }
        }
        for (index, fresh) in of_parameters.iter_mut().enumerate() {
            if std::mem::take(fresh) {
                self.parameters.entry_mut(index).fill(T::ZERO);
            }
        }
    }

    /// Marks the gradients as not filled: used when a backward pass fails half-way.
    pub(super) fn forget(&mut self) {
        self.adjoints.forget();
        self.filled = false;
    }

    pub(super) fn note_update(&mut self, index: usize, value: View<'_, T>) {
        self.updates.note(index, value);
    }
}
