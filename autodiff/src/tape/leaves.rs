//! The leaves of a recording: data, parameters, states.

use std::panic::Location;

use super::program::InputSpec;
use super::{Graph, Label, Place, Recording, Var};
use crate::array::{Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::params::{ParamId, StateId};
use crate::scalar::Real;

impl<'t, T: Real> Recording<'t, T> {
    /// Records data without gradient: a batch, labels.
    #[track_caller]
    pub fn input<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        self.data_leaf("input", data, false, Location::caller())
    }

    /// Records data whose gradient is computed by backward.
    #[track_caller]
    pub fn variable<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        self.variable_at(data, Location::caller())
    }

    /// As [`Recording::variable`], with the caller's line given.
    pub(crate) fn variable_at<'r>(&'r self, data: &Tensor<T>, location: &'static Location<'static>) -> Var<'r, T> {
        self.data_leaf("variable", data, true, location)
    }

    /// Records data without gradient that, in a [`Program`](crate::Program), is the same in every replay.
    #[track_caller]
    pub fn constant<'r>(&'r self, data: &Tensor<T>) -> Var<'r, T> {
        let location = Location::caller();
        let (shape, label) = (data.shape().clone(), (false, Label::None));
        if !self.graph.borrow().is_deferred() {
            return self.leaf("constant", shape, label, location, |graph, id| {
                graph.value_mut(id).copy_from_slice(data.data());
            });
        }
        match Tensor::copy_of(&shape, data.data()) {
            Ok(copy) => self.leaf("constant", shape, label, location, |graph, id| graph.keep_constant(id, copy)),
            Err(error) => self.poison(error),
        }
    }

    /// Records a parameter.
    #[track_caller]
    pub fn param<'r>(&'r self, id: ParamId) -> Var<'r, T> {
        match self.params.entry(id) {
            Ok(_) => self.parameter_at(self.params.index_of(id), Location::caller()),
            Err(Error::ForeignParams { what, reason }) => {
                self.refuse(what, Mismatch::new(reason), &[], Location::caller())
            }
            Err(error) => self.poison(error),
        }
    }

    /// Records the parameter with this index.
    pub(super) fn parameter_at<'r>(&'r self, index: usize, location: &'static Location<'static>) -> Var<'r, T> {
        let entry = &self.params.table().entries[index];
        let (shape, place) = (entry.shape.clone(), Place::Parameter(entry.range.start));
        let pushed = self.graph.borrow_mut().push_stored(shape, place, Label::Parameter(index), location);
        self.pushed("parameter", pushed, location)
    }

    /// Records the current value of a state: its last [`Recording::update`] on this recording, or else the stored value. It
    /// has no gradient.
    #[track_caller]
    pub fn state<'r>(&'r self, id: StateId) -> Var<'r, T> {
        let location = Location::caller(); // in a closure this would be the closure's line
        let entry = match self.params.state_entry(id) {
            Ok(entry) => entry,
            Err(error) => return self.poison(error),
        };
        let index = self.params.state_index(id);
        let noted = self.graph.borrow().updates.iter().rev().find(|update| update.0 == index).map(|update| update.1);
        if let Some(id) = noted {
            return Var::new(self, id);
        }
        let (shape, place) = (entry.shape.clone(), Place::State(entry.range.start));
        let pushed = self.graph.borrow_mut().push_stored(shape, place, Label::State(index), location);
        self.pushed("state", pushed, location)
    }

    /// Sets the new value of a state. No gradient flows through it. A backward pass copies the value into the
    /// [`Gradients`](crate::Gradients), and [`Params::commit`](crate::Params::commit), which optimizers call, stores it.
    #[track_caller]
    pub fn update<'r>(&'r self, id: StateId, value: Var<'r, T>) {
        let location = Location::caller();
        if !self.holds(value) {
            self.refuse("update", Mismatch::new("the new value is on another tape"), &[], location);
            return;
        }
        let value = value.detach();
        let entry = match self.params.state_entry(id) {
            Ok(entry) => entry,
            Err(error) => {
                self.poison(error);
                return;
            }
        };
        match value.shape() {
            Ok(shape) if shape == entry.shape => {
                self.graph.borrow_mut().updates.push((self.params.state_index(id), value.id));
            }
            Ok(_) => {
                let reason = format!("the state {} has shape {}, unlike its new value", entry.name, entry.shape);
                self.refuse("update", Mismatch::new(reason), &[value.id], location);
            }
            Err(_) => {} // poisoned: the mistake is on the tape already
        }
    }

    fn data_leaf<'r>(
        &'r self,
        what: &'static str,
        data: &Tensor<T>,
        needs_gradient: bool,
        location: &'static Location<'static>,
    ) -> Var<'r, T> {
        if self.graph.borrow().is_deferred() {
            let reason =
                "a program records shapes; declare it where the program is recorded, or keep it with constant()";
            return self.refuse(what, Mismatch::new(reason), &[], location);
        }
        self.leaf(what, data.shape().clone(), (needs_gradient, Label::None), location, |graph, id| {
            graph.value_mut(id).copy_from_slice(data.data());
        })
    }

    /// Appends a leaf stored in the arena and calls `fill` with its id.
    pub(super) fn leaf<'r>(
        &'r self,
        what: &'static str,
        shape: Shape,
        (needs_gradient, label): (bool, Label),
        location: &'static Location<'static>,
        fill: impl FnOnce(&mut Graph<T>, u32),
    ) -> Var<'r, T> {
        let mut graph = self.graph.borrow_mut();
        let pushed = graph.push_leaf(shape, needs_gradient, label, location);
        if let Ok(id) = pushed {
            fill(&mut graph, id);
        }
        drop(graph);
        self.pushed(what, pushed, location)
    }

    /// A program's leaf whose data is passed to every replay.
    pub(super) fn declare<'r>(&'r self, spec: &InputSpec, location: &'static Location<'static>) -> Var<'r, T> {
        let kind = (spec.needs_gradient, Label::Name(spec.name));
        self.leaf("input", spec.shape.clone(), kind, location, |graph, id| graph.note_input(id))
    }
}
