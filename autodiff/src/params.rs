//! The trainable numbers of a model: one flat buffer with a table of names, shapes and ranges.
//!
//! Modules describe, the numbers live here: a module holds [`ParamId`]s that a [`Scope`] handed out, so it knows no
//! scalar type, and the same model runs in another scalar through [`Params::cast`].

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::error::Error;
use crate::gradients::Gradients;
use crate::real::Real;
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

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) range: Range<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
}

/// The parameters of a model.
#[derive(Clone, Debug)]
pub struct Params<T: Real> {
    table: Arc<Table>,
    values: Vec<T>,
    seed: u64,
    key: u64,
    /// The first mistake made while registering; every tape started with these parameters gives it.
    error: Option<Error>,
}

impl<T: Real> Params<T> {
    /// No parameters yet; each draws its initial values from a generator of its own, made from `seed` and its name.
    pub fn new(seed: u64) -> Self {
        Params { table: Arc::default(), values: Vec::new(), seed, key: unique_key(), error: None }
    }

    /// The scope that registers parameters under `name`.
    pub fn scope(&mut self, name: &str) -> Scope<'_, T> {
        Scope { params: self, prefix: name.to_owned() }
    }

    /// The first mistake made while registering, if any.
    pub fn check(&self) -> Result<(), Error> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// All values, in order of registration.
    pub fn flat(&self) -> &[T] {
        &self.values
    }

    /// All values, in order of registration, to be updated.
    pub fn flat_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Gradients of this layout, all zero.
    pub fn gradients(&self) -> Gradients<T> {
        Gradients::new(self.table.clone(), self.values.len(), self.key)
    }

    /// Name, shape and values of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table.entries.iter().map(|e| (e.name.as_str(), &e.shape, &self.values[e.range.clone()]))
    }

    /// The parameter registered under this full name.
    pub fn id(&self, name: &str) -> Result<ParamId, Error> {
        let known = self.table.by_name.get(name).map(|&index| ParamId { key: self.key, index });
        known.ok_or_else(|| Error::Parameter { name: name.to_owned(), reason: "there is none of this name".into() })
    }

    /// The ids of all parameters, in order of registration.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<T> {
        let key = self.key;
        (0..self.table.entries.len()).map(move |index| ParamId { key, index })
    }

    /// A copy of a parameter's value.
    pub fn value(&self, id: ParamId) -> Result<Tensor<T>, Error> {
        let entry = self.entry(id)?;
        Tensor::new(entry.shape.clone(), self.values[entry.range.clone()].to_vec())
    }

    /// Replaces a parameter's value; the shape must be the same.
    pub fn set(&mut self, id: ParamId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.entry(id)?;
        let (name, range) = (entry.name.clone(), entry.range.clone());
        if &entry.shape != value.shape() {
            let reason = format!("has shape {}, the new value has {}", entry.shape, value.shape());
            return Err(Error::Parameter { name, reason });
        }
        self.values[range].copy_from_slice(value.data());
        Ok(())
    }

    /// The same parameters in another scalar; ids and names stay valid.
    pub fn cast<U: Real>(&self) -> Params<U> {
        Params {
            table: self.table.clone(),
            values: self.values.iter().map(|value| U::from_f64(value.to_f64())).collect(),
            seed: self.seed,
            key: self.key,
            error: self.error.clone(),
        }
    }

    pub(crate) fn entry(&self, id: ParamId) -> Result<&Entry, Error> {
        let own = if id.key == self.key { self.table.entries.get(id.index) } else { None };
        own.ok_or_else(|| Error::Foreign {
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

    /// Tells whether gradients, programs and parameters fit: equal for parameters of one origin and length.
    pub(crate) fn layout(&self) -> (u64, usize) {
        (self.key, self.values.len())
    }

    fn register(&mut self, name: String, shape: Shape, fill: impl FnOnce(&mut [f64], &mut StdRng)) -> ParamId {
        let index = self.table.entries.len();
        let id = ParamId { key: self.key, index };
        let mut initial = vec![0.0; shape.size()];
        fill(&mut initial, &mut StdRng::seed_from_u64(hash(self.seed, &name)));
        let mut refuse = |reason| {
            self.error.get_or_insert(Error::Parameter { name: name.clone(), reason });
        };
        if self.table.by_name.contains_key(&name) {
            refuse("is registered twice; give each module a scope of its own".into());
        }
        if let Some(place) = initial.iter().position(|&value| !T::from_f64(value).is_finite()) {
            refuse(format!("its initialiser gave {} at place {place}", initial[place]));
        }
        let range = self.values.len()..self.values.len() + initial.len();
        self.values.extend(initial.into_iter().map(T::from_f64));
        let table = Arc::make_mut(&mut self.table);
        table.by_name.insert(name.clone(), index);
        table.entries.push(Entry { name, shape, range });
        id
    }
}

impl<T: Real> Default for Params<T> {
    /// No parameters: for functions of inputs alone.
    fn default() -> Self {
        Params::new(0)
    }
}

/// FNV-1a over the name, mixed with the seed: a generator for each parameter, whatever is registered before it.
fn hash(seed: u64, name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A place in the tree of names under which a module registers its parameters.
#[derive(Debug)]
pub struct Scope<'p, T: Real> {
    params: &'p mut Params<T>,
    prefix: String,
}

impl<T: Real> Scope<'_, T> {
    /// The scope `prefix.name`.
    pub fn child(&mut self, name: &str) -> Scope<'_, T> {
        let prefix = self.full_name(name);
        Scope { params: self.params, prefix }
    }

    /// Registers a parameter; `fill` writes its initial values, in row-major order. They are drawn in `f64`, so
    /// that a model starts from the same values in every scalar. One that is infinite or NaN is a mistake that
    /// [`Params::check`] and every tape give.
    pub fn parameter(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        fill: impl FnOnce(&mut [f64], &mut StdRng),
    ) -> ParamId {
        let name = self.full_name(name);
        self.params.register(name, shape.into(), fill)
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
