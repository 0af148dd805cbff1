//! State: numbers that training carries along without a gradient, and the count of its steps.

use super::{Entry, Params, Slot, StateId, check_finite, mistake};
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

    /// Takes over the states that the backward pass which filled `grads` found updated, and counts a step.
    ///
    /// Every optimizer calls this once a step. **A loop that updates [`Params::flat_mut`] itself must call it too**: random draws
    /// follow from the count, so without it every step drops the same units, and running statistics stand still. No error can
    /// say so, because a recording that is repeated without a commit is also how gradients are accumulated and checked.
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
    /// As [`Params::check_commit`]. Nothing is changed then.
    pub fn commit(&mut self, grads: &Gradients<T>) -> Result<(), Error> {
        self.check_commit(grads)?;
        self.change();
        for (entry, values) in self.table.states.iter().zip(grads.updates()) {
            if let Some(values) = values {
                self.state[entry.range.clone()].copy_from_slice(values);
            }
        }
        self.step += 1;
        Ok(())
    }

    /// Whether [`Params::commit`] would succeed.
    ///
    /// # Errors
    /// Gradients of other parameters; a state whose new value is infinite or NaN, with its name; a count of steps that is at
    /// its end.
    pub fn check_commit(&self, grads: &Gradients<T>) -> Result<(), Error> {
        grads.check_layout(self)?;
        grads.check_finite_updates()?;
        if self.step == u64::MAX {
            let requirement = "below 2⁶⁴ − 1, so that one more can be counted";
            return Err(Error::Setting { name: "step", value: self.step.to_string(), requirement });
        }
        Ok(())
    }

    /// An error naming the first parameter or state that is infinite or NaN.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self) -> Result<(), Error> {
        check_finite(&self.table.entries, &self.values, "value")?;
        check_finite(&self.table.states, &self.state, "value")
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

    pub(crate) fn flat_state_mut(&mut self) -> &mut [T] {
        &mut self.state
    }

    pub(crate) fn state_index(&self, id: StateId) -> usize {
        id.index
    }

    pub(crate) fn state_name(&self, index: usize) -> &str {
        self.table.states.get(index).map_or("", |entry| &entry.name)
    }
}
