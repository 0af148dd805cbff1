//! State: numbers that training carries along without a gradient, and the count of its steps.

use super::{Entry, Params, Slot, StateId, mistake};
use crate::error::Error;
use crate::gradients::Gradients;
use crate::real::Real;
use crate::shape::Shape;
use crate::tensor::Tensor;

impl<T: Real> Params<T> {
    /// Name, shape and values of every state, in order of registration.
    pub fn states(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table.states.iter().map(|e| (e.name.as_str(), &e.shape, &self.state[e.range.clone()]))
    }

    /// The state registered under this full name.
    pub fn state_id(&self, name: &str) -> Result<StateId, Error> {
        match self.table.by_name.get(name) {
            Some(&Slot::State(index)) => Ok(StateId { key: self.table.states[index].key, index }),
            Some(Slot::Parameter(_)) => Err(mistake(name, "it is a parameter, not a state")),
            None => Err(mistake(name, "there is none of this name")),
        }
    }

    /// A copy of a state's value.
    pub fn state(&self, id: StateId) -> Result<Tensor<T>, Error> {
        let entry = self.state_entry(id)?;
        Tensor::copy_of(&entry.shape, &self.state[entry.range.clone()])
    }

    /// Replaces a state's value; the shape must be the same.
    pub fn set_state(&mut self, id: StateId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.state_entry(id)?;
        entry.check_shape(value.shape())?;
        let range = entry.range.clone();
        self.change();
        self.state[range].copy_from_slice(value.data());
        Ok(())
    }

    /// Takes over the states that the backward pass which filled `grads` found updated, and counts a step. Every
    /// optimizer calls this once a step; without it running statistics stand still and dropout repeats its masks.
    ///
    /// # Errors
    /// Gradients of other parameters; more steps than can be counted. Nothing is changed then.
    pub fn commit(&mut self, grads: &Gradients<T>) -> Result<(), Error> {
        grads.check_layout(self)?;
        let Some(step) = self.step.checked_add(1) else {
            let requirement = "less than the largest number of steps that can be counted";
            return Err(Error::Setting { name: "step", value: self.step.to_string(), requirement });
        };
        self.change();
        for (entry, values) in self.table.states.iter().zip(grads.updates()) {
            if let Some(values) = values {
                self.state[entry.range.clone()].copy_from_slice(values);
            }
        }
        self.step = step;
        Ok(())
    }

    /// Steps that training has taken: calls of [`Params::commit`].
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Goes on from a step that an earlier run had come to.
    pub fn set_step(&mut self, step: u64) {
        self.change();
        self.step = step;
    }

    pub(crate) fn state_entry(&self, id: StateId) -> Result<&Entry, Error> {
        self.table.states.get(id.index).filter(|entry| entry.key == id.key).ok_or_else(|| Error::Foreign {
            what: "state",
            reason: "it was registered in other Params than those this tape was started with".into(),
        })
    }

    pub(crate) fn flat_state(&self) -> &[T] {
        &self.state
    }

    pub(crate) fn state_index(&self, id: StateId) -> usize {
        id.index
    }

    pub(crate) fn state_name(&self, index: usize) -> &str {
        self.table.states.get(index).map_or("", |entry| &entry.name)
    }
}
