//! The names, shapes and ranges of a model's flat buffers.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::array::Shape;
use crate::error::Error;

/// A number unique to each set of parameters and each recording. It only identifies them; no result depends on it.
pub(crate) fn unique_key() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Identifies a parameter of a [`Params`](crate::Params); modules hold these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId {
    pub(super) key: u64,
    pub(super) index: usize,
}

/// Identifies a state of a [`Params`](crate::Params): values without gradient, such as the running mean of batch
/// normalization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId {
    pub(super) key: u64,
    pub(super) index: usize,
}

/// What a name refers to: an index among the parameters or the states.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Parameter(usize),
    State(usize),
}

/// A registered parameter or state.
#[derive(Clone, Debug)]
pub(crate) struct TableEntry {
    /// The key of the ids returned for it.
    pub(super) key: u64,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) range: Range<usize>,
}

impl TableEntry {
    pub(super) fn check_shape(&self, new: &Shape) -> Result<(), Error> {
        if &self.shape == new {
            return Ok(());
        }
        Err(mistake(&self.name, &format!("has shape {}, the new value has {new}", self.shape)))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The key of the last registration: clones that register more no longer have the same layout.
    pub(super) key: u64,
    pub(crate) entries: Vec<TableEntry>,
    pub(crate) states: Vec<TableEntry>,
    /// Parameters and states together, so that no name is used twice.
    pub(super) by_name: HashMap<String, Slot>,
}

impl Table {
    pub(super) fn new() -> Self {
        Table { key: unique_key(), entries: Vec::new(), states: Vec::new(), by_name: HashMap::new() }
    }

    /// Whether flat buffers of the two have the same layout: true for clones until one registers more.
    pub(crate) fn agrees(&self, other: &Table) -> bool {
        self.key == other.key
    }

    pub(super) fn parameter(&self, id: ParamId) -> Result<&TableEntry, Error> {
        let entry = self.entries.get(id.index).filter(|entry| entry.key == id.key);
        entry.ok_or_else(|| foreign_id("parameter"))
    }

    pub(super) fn state(&self, id: StateId) -> Result<&TableEntry, Error> {
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
