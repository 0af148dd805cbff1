//! State: values without gradient, such as running statistics, and the count of training steps.

use super::{Params, Slot, StateId, TableEntry, check_finite, mistake};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::scalar::Real;

impl<T: Real> Params<T> {
    /// Name, shape and values of every state, in order of registration.
    pub fn states(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table().states.iter().map(|e| (e.name.as_str(), &e.shape, &self.state[e.range.clone()]))
    }

    /// The state registered under this full name.
    ///
    /// # Errors
    /// If there is none.
    pub fn state_id(&self, name: &str) -> Result<StateId, Error> {
        match self.table().by_name.get(name) {
            Some(&Slot::State(index)) => Ok(StateId { key: self.table().states[index].key, index }),
            Some(Slot::Parameter(_)) => Err(mistake(name, "it is a parameter, not a state")),
            None => Err(mistake(name, "there is none of this name")),
        }
    }

    /// A copy of a state's value.
    ///
    /// # Errors
    /// If `id` belongs to other `Params`.
    pub fn state(&self, id: StateId) -> Result<Tensor<T>, Error> {
        let entry = self.state_entry(id)?;
        Tensor::copy_of(&entry.shape, &self.state[entry.range.clone()])
    }

    /// Replaces a state's value.
    ///
    /// # Errors
    /// If `id` belongs to other `Params`, or the shape differs.
    pub fn set_state(&mut self, id: StateId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.state_entry(id)?;
        entry.check_shape(value.shape())?;
        let range = entry.range.clone();
        self.lifted.forget();
        self.state[range].copy_from_slice(value.data());
        Ok(())
    }

    /// Checks that all values are finite; the error names the first parameter or state that is infinite or NaN.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self) -> Result<(), Error> {
        self.values.check_finite("value")?;
        check_finite(&self.table().states, &self.state, "value")
    }

    /// Number of training steps taken: calls of [`Params::commit`].
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Sets the number of training steps taken, to continue an earlier run.
    pub fn set_step(&mut self, step: u64) {
        self.lifted.forget();
        self.step = step;
    }

    pub(crate) fn state_entry(&self, id: StateId) -> Result<&TableEntry, Error> {
        self.table().state(id)
    }

    pub(crate) fn flat_state(&self) -> &[T] {
        &self.state
    }

    pub(crate) fn flat_state_mut(&mut self) -> &mut [T] {
        self.lifted.forget();
        &mut self.state
    }

    pub(crate) fn state_index(&self, id: StateId) -> usize {
        id.index
    }

    pub(crate) fn state_name(&self, index: usize) -> &str {
        self.table().states.get(index).map_or("", |entry| &entry.name)
    }
}
