//! New state values: collected by a backward pass, stored by [`Params::commit`].

use std::sync::Arc;

use super::Gradients;
use crate::array::View;
use crate::error::Error;
use crate::memory;
use crate::params::{Params, Table, check_finite};
use crate::scalar::Real;

/// New values in the layout of the flat state, and which states have one.
#[derive(Clone, Debug)]
pub(crate) struct Updates<T: Real> {
    table: Arc<Table>,
    values: Vec<T>,
    noted: Vec<bool>,
}

impl<T: Real> Updates<T> {
    pub(super) fn new(params: &Params<T>) -> Result<Self, Error> {
        let table = params.table().clone();
        let values = memory::filled(|| "gradients".into(), params.flat_state().len(), T::ZERO)?;
        let noted = vec![false; table.states.len()];
        Ok(Updates { table, values, noted })
    }

    pub(super) fn clear(&mut self) {
        self.noted.fill(false);
    }

    pub(super) fn note(&mut self, index: usize, value: View<'_, T>) {
        let (Some(entry), Some(noted)) = (self.table.states.get(index), self.noted.get_mut(index)) else { return };
        value.copy_to(&mut self.values[entry.range.clone()]);
        *noted = true;
    }

    /// Takes over the updates of another pass of the same step.
    pub(super) fn add(&mut self, other: &Self) {
        for (index, entry) in self.table.states.iter().enumerate().filter(|&(index, _)| other.noted[index]) {
            self.values[entry.range.clone()].copy_from_slice(&other.values[entry.range.clone()]);
            self.noted[index] = true;
        }
    }

    /// Appends which states have a new value, and the values.
    pub(super) fn write(&self, to: &mut Vec<T>) {
        to.extend(self.noted.iter().map(|&noted| if noted { T::ONE } else { T::ZERO }));
        to.extend_from_slice(&self.values);
    }

    /// Replaces the contents by what [`Updates::write`] wrote.
    pub(super) fn read(&mut self, from: &[T]) {
        let (noted, values) = from.split_at(self.noted.len().min(from.len()));
        self.noted.iter_mut().zip(noted).for_each(|(to, from)| *to = !from.is_zero());
        self.values.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    }

    /// Checks that all new values are finite; the error names the first state whose value is not.
    pub(super) fn check_finite(&self) -> Result<(), Error> {
        let noted = self.table.states.iter().zip(&self.noted).filter(|&(_, &noted)| noted);
        check_finite(noted.map(|(entry, _)| entry), &self.values, "new value")
    }

    fn store(&self, state: &mut [T]) {
        for (entry, _) in self.table.states.iter().zip(&self.noted).filter(|&(_, &noted)| noted) {
            state[entry.range.clone()].copy_from_slice(&self.values[entry.range.clone()]);
        }
    }
}

impl<T: Real> Params<T> {
    /// Stores the state updates (such as running means) that came with `grads`, and increments the step count.
    ///
    /// Every optimizer calls this once per step. **A training loop that writes to [`Params::flat_mut`] itself must call it
    /// too**: random draws depend on the step count, so without it dropout uses the same mask in every step, and running
    /// statistics are never updated. This mistake cannot be detected, because repeating a recording without a commit is
    /// also how gradients are accumulated and checked.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let mut params = Params::<f64>::new(0);
    /// let w = params.scope("fc").parameter("weight", [2], |values, _| values.fill(1.0));
    /// let (mut tape, mut grads) = (Tape::new(), params.gradients());
    /// for _ in 0..3 {
    ///     tape.start(&params, Mode::Train).param(w).square().sum(..).backward(&mut grads)?;
    ///     params.flat_mut().iter_mut().zip(grads.flat()).for_each(|(w, g)| *w -= 0.1 * g);
    ///     params.commit(&grads)?;
    /// }
    /// assert_eq!(params.step(), 3);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Params::check_commit`]; nothing is changed then.
    pub fn commit(&mut self, grads: &Gradients<T>) -> Result<(), Error> {
        self.check_commit(grads)?;
        grads.updates.store(self.flat_state_mut());
        self.set_step(self.step() + 1);
        Ok(())
    }

    /// Checks whether [`Params::commit`] would succeed.
    ///
    /// # Errors
    /// If the gradients belong to other parameters, if a new state value is infinite or NaN (the error names the state),
    /// or if the step count is at its maximum.
    pub fn check_commit(&self, grads: &Gradients<T>) -> Result<(), Error> {
        grads.check_layout(self)?;
        grads.updates.check_finite()?;
        if self.step() == u64::MAX {
            let requirement = "below 2⁶⁴ − 1, so that one more can be counted";
            return Err(Error::Setting { name: "step", value: self.step().to_string(), requirement });
        }
        Ok(())
    }
}
