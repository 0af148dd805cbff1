//! A model's parameters and state: two flat buffers with a table of names, shapes and ranges.
//!
//! A module holds no numbers, only the [`ParamId`]s and [`StateId`]s that a [`Scope`] returned. So it does not depend on
//! the scalar, and the same model runs in another one through [`Params::cast`].

mod cast;
mod lifted;
mod register;
mod scope;
mod state;
mod table;
mod vector;

use std::sync::Arc;

use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::scalar::Real;
pub(crate) use lifted::Lifted;
use lifted::LiftedCopy;
pub use scope::Scope;
pub use table::{ParamId, StateId};
use table::{Slot, mistake};
pub(crate) use table::{Table, TableEntry, unique_key};
pub use vector::ParamVec;
pub(crate) use vector::check_finite;

/// The parameters of a model, which are trained, and its state, which is not (running statistics).
#[derive(Clone, Debug)]
pub struct Params<T: Real> {
    values: ParamVec<T>,
    state: Vec<T>,
    seed: u64,
    /// Number of training steps taken; random draws depend on it.
    step: u64,
    /// The first mistake made while registering; every tape started with these parameters reports it.
    error: Option<Error>,
    /// The same as dual numbers, for derivatives in a recording.
    lifted: LiftedCopy,
}

impl<T: Real> Params<T> {
    /// Empty parameters. Each parameter registered later draws its initial values from its own generator, seeded with `seed`
    /// and its name.
    pub fn new(seed: u64) -> Self {
        let values = ParamVec { table: Arc::new(Table::new()), values: Vec::new() };
        Params { values, state: Vec::new(), seed, step: 0, error: None, lifted: LiftedCopy::default() }
    }

    /// Returns the first mistake made while registering, if any.
    ///
    /// # Errors
    /// That mistake.
    pub fn check(&self) -> Result<(), Error> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// The values of all parameters.
    pub fn values(&self) -> &ParamVec<T> {
        &self.values
    }

    /// All values, in order of registration.
    pub fn flat(&self) -> &[T] {
        self.values.flat()
    }

    /// All values, in order of registration, mutable. A training loop that updates them itself must call [`Params::commit`]
    /// after each step, as optimizers do.
    pub fn flat_mut(&mut self) -> &mut [T] {
        self.lifted.forget();
        self.values.flat_mut()
    }

    /// Name, shape and values of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.values.iter()
    }

    /// The parameter registered under this full name.
    ///
    /// # Errors
    /// If there is none.
    pub fn id(&self, name: &str) -> Result<ParamId, Error> {
        let table = self.table();
        match table.by_name.get(name) {
            Some(&Slot::Parameter(index)) => Ok(ParamId { key: table.entries[index].key, index }),
            Some(Slot::State(_)) => Err(mistake(name, "it is a state, not a parameter")),
            None => Err(mistake(name, "there is none of this name")),
        }
    }

    /// The ids of all parameters, in order of registration.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<T> {
        let table = self.table().clone();
        (0..table.entries.len()).map(move |index| ParamId { key: table.entries[index].key, index })
    }

    /// The seed of initial values and of random draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A copy of a parameter's value.
    ///
    /// # Errors
    /// If `id` belongs to other `Params`.
    pub fn value(&self, id: ParamId) -> Result<Tensor<T>, Error> {
        self.values.get(id)
    }

    /// Replaces a parameter's value.
    ///
    /// # Errors
    /// If `id` belongs to other `Params`, or the shape differs.
    pub fn set(&mut self, id: ParamId, value: &Tensor<T>) -> Result<(), Error> {
        self.lifted.forget();
        self.values.set(id, value)
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.values.table
    }

    pub(crate) fn entry(&self, id: ParamId) -> Result<&TableEntry, Error> {
        self.table().parameter(id)
    }

    pub(crate) fn index_of(&self, id: ParamId) -> usize {
        id.index
    }

    pub(crate) fn name_of(&self, index: usize) -> &str {
        self.table().entries.get(index).map_or("", |entry| &entry.name)
    }
}

impl<T: Real> Default for Params<T> {
    /// No parameters: for functions of their inputs only.
    fn default() -> Self {
        Params::new(0)
    }
}
