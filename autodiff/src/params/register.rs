//! Registration: appends a name, a shape and initial values to the flat buffers. The first mistake is stored, and every
//! tape reports it.

use std::borrow::Cow;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{ParamId, Params, Slot, StateId, TableEntry, mistake, unique_key};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

impl<T: Real> Params<T> {
    pub(crate) fn register(
        &mut self,
        name: String,
        shape: Shape,
        fill: impl FnOnce(&mut [f64], &mut StdRng),
    ) -> ParamId {
        let room = memory::room(|| format!("parameter {name} of shape {shape}"), shape.checked_size());
        let initial = room.map(|mut initial: Vec<f64>| {
            initial.resize(shape.size(), 0.0);
            fill(&mut initial, &mut StdRng::seed_from_u64(hash(self.seed, &name)));
            initial.into()
        });
        let entry = append(self, name, shape, initial, |params| &mut params.values.values);
        let (key, index) = (entry.key, self.table().entries.len());
        let table = Arc::make_mut(&mut self.values.table);
        table.by_name.insert(entry.name.clone(), Slot::Parameter(index));
        table.entries.push(entry);
        ParamId { key, index }
    }

    pub(crate) fn register_state(&mut self, name: String, value: &Tensor<f64>) -> StateId {
        self.append_state(name, value.shape().clone(), Ok(value.data().into()))
    }

    pub(crate) fn register_state_with(&mut self, name: String, shape: Shape, fill: impl FnOnce(&mut [f64])) -> StateId {
        let room = memory::room(|| format!("state {name} of shape {shape}"), shape.checked_size());
        let initial = room.map(|mut initial: Vec<f64>| {
            initial.resize(shape.size(), 0.0);
            fill(&mut initial);
            initial.into()
        });
        self.append_state(name, shape, initial)
    }

    /// Stores a mistake that a module found in its own parameters or settings, if it is the first.
    pub(crate) fn fail(&mut self, name: &str, reason: &str) {
        refuse(self, mistake(name, reason));
    }

    fn append_state(&mut self, name: String, shape: Shape, initial: Result<Cow<'_, [f64]>, Error>) -> StateId {
        let entry = append(self, name, shape, initial, |params| &mut params.state);
        let (key, index) = (entry.key, self.table().states.len());
        let table = Arc::make_mut(&mut self.values.table);
        table.by_name.insert(entry.name.clone(), Slot::State(index));
        table.states.push(entry);
        StateId { key, index }
    }
}

/// Appends initial values to a flat buffer. An entry whose values do not fit into memory gets shape `[0]`.
fn append<T: Real>(
    params: &mut Params<T>,
    name: String,
    shape: Shape,
    initial: Result<Cow<'_, [f64]>, Error>,
    flat: impl FnOnce(&mut Params<T>) -> &mut Vec<T>,
) -> TableEntry {
    let key = unique_key();
    params.lifted.forget();
    Arc::make_mut(&mut params.values.table).key = key;
    if params.table().by_name.contains_key(&name) {
        refuse(params, mistake(&name, "is registered twice; give each module a scope of its own"));
    }
    let mut values = initial.iter().flat_map(|values| values.iter()).enumerate();
    if let Some((index, value)) = values.find(|&(_, &value)| !T::from_f64(value).is_finite()) {
        refuse(params, mistake(&name, &format!("its initializer gave {value} at index {index}")));
    }
    let flat = flat(params);
    let start = flat.len();
    let stored = initial.and_then(|initial| {
        if !memory::reserve(flat, initial.len()) {
            return Err(memory::exhausted::<T>(format!("parameter {name} of shape {shape}"), Some(initial.len())));
        }
        flat.extend(initial.iter().map(|&value| T::from_f64(value)));
        Ok(initial.len())
    });
    match stored {
        Ok(length) => TableEntry { key, name, shape, range: start..start + length },
        Err(error) => {
            refuse(params, error);
            TableEntry { key, name, shape: Shape::new(&[0]), range: start..start }
        }
    }
}

fn refuse<T: Real>(params: &mut Params<T>, error: Error) {
    params.error.get_or_insert(error);
}

/// FNV-1a over the name, mixed with the seed: a parameter's initial values do not depend on what is registered before it.
fn hash(seed: u64, name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
