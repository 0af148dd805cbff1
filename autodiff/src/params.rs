//! The numbers of a model: two flat buffers, parameters and state, with a table of names, shapes and ranges.
//!
//! Modules describe, the numbers live here: a module holds [`ParamId`]s and [`StateId`]s that a
//! [`Scope`](crate::Scope) handed out, so it knows no scalar type, and the same model runs in another scalar through
//! [`Params::cast`].

mod register;
mod state;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::anomaly::multi_index;
use crate::error::Error;
use crate::gradients::Gradients;
use crate::memory;
use crate::real::Real;
use crate::scope::Scope;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// One number for each set of parameters and each recording, to tell them apart; it steers nothing else.
pub(crate) fn unique_key() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The name of a parameter inside a [`Params`], as modules hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId {
    key: u64,
    index: usize,
}

/// The name of a state inside a [`Params`]: numbers that training carries along without a gradient, such as the
/// running mean of batch normalization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId {
    key: u64,
    index: usize,
}

/// Entries and lengths of a set of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParamsLayout {
    /// Of the last registration: clones that register on their own are no longer of one layout.
    key: u64,
    pub(crate) parameters: usize,
    pub(crate) state: usize,
}

/// Tells the values that a set of parameters has from those that it had or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(u64);

/// What a name stands for: its place among the entries of its kind.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Parameter(usize),
    State(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// That of the ids handed out for it.
    key: u64,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) range: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    key: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) states: Vec<Entry>,
    /// Of both kinds, so that no name is used twice.
    by_name: HashMap<String, Slot>,
}

/// The parameters and the state of a model.
#[derive(Clone, Debug)]
pub struct Params<T: Real> {
    table: Arc<Table>,
    values: Vec<T>,
    state: Vec<T>,
    seed: u64,
    /// Steps that training has taken: random draws differ from step to step by it.
    step: u64,
    version: Version,
    /// The first mistake made while registering; every tape started with these parameters gives it.
    error: Option<Error>,
}

impl<T: Real> Params<T> {
    /// No parameters yet; each draws its initial values from a generator of its own, made from `seed` and its name.
    pub fn new(seed: u64) -> Self {
        let table = Table { key: unique_key(), entries: Vec::new(), states: Vec::new(), by_name: HashMap::new() };
        let (values, state, version) = (Vec::new(), Vec::new(), Version(0));
        Params { table: Arc::new(table), values, state, seed, step: 0, version, error: None }
    }

    /// The scope that registers parameters under `name`.
    pub fn scope(&mut self, name: &str) -> Scope<'_, T> {
        Scope::new(self, name.to_owned())
    }

    /// The first mistake made while registering, if any.
    pub fn check(&self) -> Result<(), Error> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// All values, in order of registration.
    pub fn flat(&self) -> &[T] {
        &self.values
    }

    /// All values, in order of registration, to be updated. A loop that takes its own steps by them calls [`Params::commit`]
    /// after each; optimizers do.
    pub fn flat_mut(&mut self) -> &mut [T] {
        self.change();
        &mut self.values
    }

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
        Gradients::new(self.table.clone(), self.layout())
    }

    /// Name, shape and values of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table.entries.iter().map(|e| (e.name.as_str(), &e.shape, &self.values[e.range.clone()]))
    }

    /// The parameter registered under this full name.
    pub fn id(&self, name: &str) -> Result<ParamId, Error> {
        match self.table.by_name.get(name) {
            Some(&Slot::Parameter(index)) => Ok(ParamId { key: self.table.entries[index].key, index }),
            Some(Slot::State(_)) => Err(mistake(name, "it is a state, not a parameter")),
            None => Err(mistake(name, "there is none of this name")),
        }
    }

    /// The ids of all parameters, in order of registration.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<T> {
        let table = self.table.clone();
        (0..table.entries.len()).map(move |index| ParamId { key: table.entries[index].key, index })
    }

    /// The seed of initial values and of random draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A copy of a parameter's value.
    pub fn value(&self, id: ParamId) -> Result<Tensor<T>, Error> {
        let entry = self.entry(id)?;
        Tensor::copy_of(&entry.shape, &self.values[entry.range.clone()])
    }

    /// Replaces a parameter's value; the shape must be the same.
    pub fn set(&mut self, id: ParamId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.entry(id)?;
        entry.check_shape(value.shape())?;
        let range = entry.range.clone();
        self.change();
        self.values[range].copy_from_slice(value.data());
        Ok(())
    }

    /// The same parameters and state in another scalar; ids and names stay valid. A number that the other scalar holds as
    /// infinite only (10³⁰⁰ in `f32`) is a mistake that [`Params::check`] and every tape give.
    ///
    /// # Panics
    /// Where they do not fit into memory; [`Params::try_cast`] gives an error.
    pub fn cast<U: Real>(&self) -> Params<U> {
        memory::or_panic(self.try_cast())
    }

    /// As [`Params::cast`].
    ///
    /// # Errors
    /// Parameters that do not fit into memory.
    pub fn try_cast<U: Real>(&self) -> Result<Params<U>, Error> {
        let cast = |values: &[T]| {
            let mut cast = memory::room(|| "parameters in another scalar".into(), Some(values.len()))?;
            cast.extend(values.iter().map(|value| U::from_f64(value.to_f64())));
            Ok::<_, Error>(cast)
        };
        let (values, state) = (cast(&self.values)?, cast(&self.state)?);
        let error = self.error.clone().or_else(|| {
            let overflowed = too_large(&self.table.entries, &self.values, &values);
            overflowed.or_else(|| too_large(&self.table.states, &self.state, &state))
        });
        let (table, seed, step, version) = (self.table.clone(), self.seed, self.step, self.version);
        Ok(Params { table, values, state, seed, step, version, error })
    }

    pub(crate) fn entry(&self, id: ParamId) -> Result<&Entry, Error> {
        self.table.entries.get(id.index).filter(|entry| entry.key == id.key).ok_or_else(|| Error::Foreign {
            what: "parameter",
            reason: "it was registered in other Params than those this tape was started with".into(),
        })
    }

    pub(crate) fn index_of(&self, id: ParamId) -> usize {
        id.index
    }

    pub(crate) fn name_of(&self, index: usize) -> &str {
        self.table.entries.get(index).map_or("", |entry| &entry.name)
    }

    /// Tells whether gradients, programs and parameters match: equal for clones as long as neither registers anything.
    pub(crate) fn layout(&self) -> ParamsLayout {
        ParamsLayout { key: self.table.key, parameters: self.values.len(), state: self.state.len() }
    }

    /// That of the values as they are.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Notes that a value is about to change.
    fn change(&mut self) {
        self.version = Version(unique_key());
    }
}

impl Entry {
    fn check_shape(&self, new: &Shape) -> Result<(), Error> {
        if &self.shape == new {
            return Ok(());
        }
        let reason = format!("has shape {}, the new value has {new}", self.shape);
        Err(Error::Parameter { name: self.name.clone(), reason })
    }
}

/// An error naming the first of these entries of `flat` that holds an infinity or a NaN.
pub(crate) fn check_finite<'e, T: Real>(
    entries: impl IntoIterator<Item = &'e Entry>,
    flat: &[T],
    what: &str,
) -> Result<(), Error> {
    for entry in entries {
        let values = &flat[entry.range.clone()];
        if !T::all_finite(values) {
            let found = values.iter().position(|value| !value.is_finite()).unwrap_or(0);
            let reason =
                format!("its {what} is {} at index {}", values[found].to_f64(), multi_index(&entry.shape, found));
            return Err(mistake(&entry.name, &reason));
        }
    }
    Ok(())
}

/// The first entry with a number that another scalar cannot hold.
fn too_large<T: Real, U: Real>(entries: &[Entry], values: &[T], cast: &[U]) -> Option<Error> {
    let place = values.iter().zip(cast).position(|(value, cast)| value.is_finite() && !cast.is_finite())?;
    let entry = entries.iter().find(|entry| entry.range.contains(&place))?;
    let index = place - entry.range.start;
    let value = values[place].to_f64();
    Some(mistake(&entry.name, &format!("{value:e} at index {index} is infinite in the other scalar")))
}

fn mistake(name: &str, reason: &str) -> Error {
    Error::Parameter { name: name.to_owned(), reason: reason.to_owned() }
}

impl<T: Real> Default for Params<T> {
    /// No parameters: for functions of inputs alone.
    fn default() -> Self {
        Params::new(0)
    }
}
