//! Names, shapes and ranges: what the flat numbers of a model stand for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::array::Shape;
use crate::error::Error;

/// One number for each set of parameters and each recording, to tell them apart; it steers nothing else.
pub(crate) fn unique_key() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The name of a parameter inside a [`Params`](crate::Params), as modules hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId {
    pub(super) key: u64,
    pub(super) index: usize,
}

/// The name of a state inside a [`Params`](crate::Params): numbers that training carries along without a gradient, such as
/// the running mean of batch normalization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId {
    pub(super) key: u64,
    pub(super) index: usize,
}

/// What a name stands for: its index among the entries of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Parameter(usize),
    State(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// That of the ids handed out for it.
    pub(super) key: u64,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) range: Range<usize>,
}

impl Entry {
    pub(super) fn check_shape(&self, new: &Shape) -> Result<(), Error> {
        if &self.shape == new {
            return Ok(());
        }
        Err(mistake(&self.name, &format!("has shape {}, the new value has {new}", self.shape)))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Of the last registration: clones that register on their own are no longer of one layout.
    pub(super) key: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) states: Vec<Entry>,
    /// Of both kinds, so that no name is used twice.
    pub(super) by_name: HashMap<String, Slot>,
}

impl Table {
    pub(super) fn new() -> Self {
        Table { key: unique_key(), entries: Vec::new(), states: Vec::new(), by_name: HashMap::new() }
    }

    /// Whether flat numbers of the two have one layout: true for clones as long as neither registers anything.
    pub(crate) fn agrees(&self, other: &Table) -> bool {
        self.key == other.key
    }

    pub(super) fn parameter(&self, id: ParamId) -> Result<&Entry, Error> {
        let entry = self.entries.get(id.index).filter(|entry| entry.key == id.key);
        entry.ok_or_else(|| foreign_id("parameter"))
    }

    pub(super) fn state(&self, id: StateId) -> Result<&Entry, Error> {
        let entry = self.states.get(id.index).filter(|entry| entry.key == id.key);
        entry.ok_or_else(|| foreign_id("state"))
    }
}

fn foreign_id(what: &'static str) -> Error {
    let reason = "it was registered in other Params than those this tape was started with".into();
    Error::ForeignParams { what, reason }
}

/// A mistake in the parameter or state of this name.
pub(super) fn mistake(name: &str, reason: &str) -> Error {
    Error::Parameter { name: name.to_owned(), reason: reason.to_owned() }
}
