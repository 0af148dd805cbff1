//! Nodes and the arena: how a recording is stored and run forward. `append.rs` adds to it.
//!
//! Topological order is memory order. Every owned result is appended to one arena, so an operation's inputs lie
//! below its output and `split_at_mut` borrows both at once. A view (transpose, narrow, broadcast) is a node with a
//! layout over its base's memory in both arenas; it has no forward and no pullback.
//!
//! Rejected alternatives: a reference-counted allocation for each value (needs a graph search for the order and reuses no
//! memory between steps); a boxed backward closure for each node (captures data, so a replay could read stale values).

use std::panic::Location;

use super::chain::{Chain, Chained};
use super::deferred::Deferred;
use super::forward::Forward;
use super::operations::Operations;
use crate::array::View;
use crate::error::{Error, Mismatch};
use crate::memory;
use crate::op::{Lent, Reads, Setting};
use crate::params::{Params, unique_key};
use crate::scalar::Real;
use crate::tape::{Caller, Label, Nodes, Step};

/// What selects an operation's random numbers, besides seed and step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Draws {
    /// Distinguishes several passes of one step.
    pub(crate) pass: u64,
    /// Number of draws of this recording so far.
    pub(crate) count: u64,
}

impl Draws {
    /// What operations run with.
    pub(super) fn setting<T: Real>(self, params: &Params<T>) -> Setting<'_, T> {
        Setting { params, pass: self.pass, repeat: 0 }
    }
}

/// A recording: nodes, operations, values.
#[derive(Debug)]
pub(crate) struct Graph<T: Real> {
    pub(crate) nodes: Nodes,
    pub(crate) ops: Operations<T>,
    pub(crate) values: Vec<T>,
    /// What operations save for their pullbacks: an arena of its own, because it is often needed when the value no longer is.
    pub(crate) saves: Vec<T>,
    /// Lengths of the arenas; the first two are empty during a shape-only recording.
    pub(crate) value_length: usize,
    pub(crate) saved_length: usize,
    pub(crate) gradient_length: usize,
    /// Only in a program's recording.
    pub(super) deferred: Option<Deferred<T>>,
    /// State updates: index of the state and node of its new value, in the order they were recorded.
    pub(crate) updates: Vec<(usize, u32)>,
    pub(crate) draws: Draws,
    /// The number of shards of which this is one.
    pub(crate) shards: usize,
    /// The operations where the shards meet, in their order.
    pub(super) exchanges: Vec<u32>,
    /// The operations that select rows of a parameter, in their order.
    pub(super) selections: Vec<u32>,
    /// Only in a program: operations that are computed together, in their order.
    pub(super) chains: Vec<Chain>,
    /// Whether no backward pass will be asked for, so that a program keeps nothing for one.
    pub(super) is_forward_only: bool,
    /// Whether it is that of a body, whose inputs are another recording's.
    pub(super) is_body: bool,
    /// Which operations a program joins to chains.
    pub(super) chained: Chained,
    /// Fill fresh buffers with NaN, to expose those never written: for the gradient checker.
    pub(crate) poison_buffers: bool,
    /// The caller that operations recorded by a library are attributed to.
    pub(crate) caller: Option<Caller>,
    /// The first mistake.
    pub(crate) error: Option<Error>,
    /// Unique to this recording.
    pub(crate) key: u64,
}

impl<T: Real> Graph<T> {
    pub(crate) fn new() -> Self {
        Graph {
            nodes: Nodes::default(),
            ops: Operations::new(),
            values: Vec::new(),
            saves: Vec::new(),
            value_length: 0,
            saved_length: 0,
            gradient_length: 0,
            deferred: None,
            updates: Vec::new(),
            draws: Draws::default(),
            shards: 1,
            exchanges: Vec::new(),
            selections: Vec::new(),
            chains: Vec::new(),
            is_forward_only: false,
            is_body: false,
            chained: Chained::LARGE,
            poison_buffers: false,
            caller: None,
            error: None,
            key: unique_key(),
        }
    }

    /// Forgets the recording and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.ops.clear();
        self.values.clear();
        self.saves.clear();
        self.value_length = 0;
        self.saved_length = 0;
        self.gradient_length = 0;
        self.updates.clear();
        self.draws = Draws::default();
        self.exchanges.clear();
        self.selections.clear();
        self.caller = None;
        self.error = None;
        self.key = unique_key();
    }

    /// The value of a node through its layout.
    pub(crate) fn read<'a>(&'a self, k: usize, params: &'a Params<T>) -> View<'a, T> {
        self.nodes.view(k, Lent::whole(&self.values), params)
    }

    /// The memory of an owned node's value.
    pub(crate) fn value_mut(&mut self, id: u32) -> &mut [T] {
        self.nodes[id as usize].own_data(&mut self.values)
    }

    /// A copy with an arena of its own and the same operations. For programs.
    pub(super) fn another(&self) -> Result<Self, Error> {
        let what = || "another shard of a program".into();
        let mut values = memory::filled(what, self.values.len(), T::ZERO)?;
        values.copy_from_slice(&self.values);
        Ok(Graph {
            nodes: self.nodes.clone(),
            ops: self.ops.shared(),
            values,
            saves: memory::filled(what, self.saves.len(), T::ZERO)?,
            value_length: self.value_length,
            saved_length: self.saved_length,
            gradient_length: self.gradient_length,
            deferred: self.deferred.as_ref().map(Deferred::another),
            updates: self.updates.clone(),
            draws: self.draws,
            shards: self.shards,
            exchanges: self.exchanges.clone(),
            selections: self.selections.clone(),
            is_forward_only: self.is_forward_only,
            chains: self.chains.clone(),
            ..Graph::new()
        })
    }

    /// What the pullback of node `k` reads.
    pub(super) fn reads(&self, k: usize) -> Reads {
        match self.nodes[k].step {
            Step::Op(index) => self.ops.get(index).reads(),
            Step::Leaf | Step::View => Reads::NOTHING,
        }
    }

    /// Whether node `k` is where the shards of a batch meet.
    pub(super) fn is_exchange(&self, k: usize) -> bool {
        self.exchanges.binary_search_by_key(&k, |&id| id as usize).is_ok()
    }

    /// Computes node `k` from the nodes below it. Both the eager tape and a replay come to [`Forward::run`].
    pub(crate) fn run(&mut self, k: usize, params: &Params<T>) -> Result<(), Error> {
        let (forward, memory) = self.forward(params);
        forward.run(k, memory).map_err(|mismatch| self.refusal(k, mismatch, params))
    }

    /// As [`Graph::run`], into copies of the arenas of values and of what is saved.
    pub(crate) fn run_in(&self, copies: (&mut [T], &mut [T]), k: usize, params: &Params<T>) -> Result<(), Mismatch> {
        let Graph { nodes, ops, chains, poison_buffers: poison, .. } = self;
        Forward { nodes, ops, chains, setting: self.draws.setting(params), poison: *poison }.run(k, copies)
    }

    /// What is computed, and its memory.
    #[inline]
    pub(super) fn forward<'a>(&'a mut self, params: &'a Params<T>) -> (Forward<'a, T>, (&'a mut [T], &'a mut [T])) {
        let Graph { nodes, ops, chains, draws, poison_buffers: poison, values, saves, .. } = self;
        (Forward { nodes, ops, chains, setting: draws.setting(params), poison: *poison }, (values, saves))
    }

    pub(crate) fn refusal(&self, k: usize, mismatch: Mismatch, params: &Params<T>) -> Error {
        if let Some(error) = mismatch.inside {
            return *error;
        }
        let inputs: Vec<u32> = self.nodes.inputs(k).collect();
        self.mistake(self.kind(k), mismatch, &inputs, params, self.nodes[k].location)
    }

    /// The name of a declared input.
    pub(crate) fn name(&self, id: u32) -> &'static str {
        match self.nodes[id as usize].label {
            Label::Name(name) => name,
            Label::None | Label::Parameter(_) | Label::State(_) => "",
        }
    }

    /// The operation's name, "view" or "leaf".
    pub(crate) fn kind(&self, k: usize) -> &'static str {
        match self.nodes[k].step {
            Step::Op(index) => self.ops.get(index).name(),
            Step::View => "view",
            Step::Leaf => "leaf",
        }
    }

    /// "matmul at model.rs:3:7", for errors.
    pub(crate) fn title(&self, k: usize) -> String {
        format!("{} at {}", self.kind(k), self.nodes[k].location)
    }

    /// "[32, 784] × [785, 128] (fc1.weight)", for errors.
    pub(crate) fn describe(&self, ids: &[u32], params: &Params<T>) -> String {
        let one = |&id: &u32| {
            let node = &self.nodes[id as usize];
            let own = if node.label == Label::None { self.nodes[node.base as usize].label } else { node.label };
            let shape = self.nodes.shape(id as usize);
            match own {
                Label::None => shape.to_string(),
                Label::Name(name) => format!("{shape} ({name})"),
                Label::Parameter(index) => format!("{shape} ({})", params.name_of(index)),
                Label::State(index) => format!("{shape} ({})", params.state_name(index)),
            }
        };
        ids.iter().map(one).collect::<Vec<_>>().join(" × ")
    }

    pub(crate) fn mistake(
        &self,
        op: &'static str,
        mismatch: Mismatch,
        inputs: &[u32],
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Error {
        let location = self.attribute(location);
        Error::Operation { op, reason: mismatch.reason, inputs: self.describe(inputs, params), location }
    }
}
