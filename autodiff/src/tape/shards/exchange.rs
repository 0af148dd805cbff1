//! Where shards meet: every shard gets the values of all, and the sum of their cotangents of its own.

use super::group::{Division, ProcessGroup};
use super::part::Part;
use crate::error::Error;
use crate::kernel::add_each;
use crate::params::Params;
use crate::scalar::Real;

/// An operation in which the shards of a batch meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Its node, the same in the programs of all shards.
    pub(super) node: usize,
    /// The size of the stack of what all shards have.
    pub(super) size: usize,
}

/// What is sent to other processes, and what all of them have.
#[derive(Debug, Default)]
pub(super) struct Buffers<T> {
    pub(super) own: Vec<T>,
    pub(super) all: Vec<T>,
}

impl<T: Real> Buffers<T> {
    /// Gathers `own`, in which each shard has this many numbers, as `all`.
    pub(super) fn gather(&mut self, group: &impl ProcessGroup<T>, shards: Division, each: usize) -> Result<(), Error> {
        self.all.clear();
        self.all.resize(shards.items() * each, T::ZERO);
        group.all_gather(&self.own, &shards.lengths(each), &mut self.all)
    }
}

impl Exchange {
    /// Writes to every shard the values of all.
    pub(super) fn stack_values<T: Real>(
        self,
        parts: &mut [Part<T>],
        (group, shards): (&impl ProcessGroup<T>, Division),
        buffers: &mut Buffers<T>,
        params: &Params<T>,
    ) -> Result<(), Error> {
        buffers.own.clear();
        parts.iter().for_each(|part| part.read_own(self.node, params, &mut buffers.own));
        buffers.gather(group, shards, self.size / shards.items().max(1))?;
        parts.iter_mut().for_each(|part| part.write_stack(self.node, &buffers.all));
        Ok(())
    }

    /// Adds to the gradient of every shard's own value what all of them have for it, in their order.
    pub(super) fn stack_cotangents<T: Real>(
        self,
        parts: &mut [Part<T>],
        (group, shards): (&impl ProcessGroup<T>, Division),
        buffers: &mut Buffers<T>,
    ) -> Result<(), Error> {
        buffers.own.clear();
        for (position, part) in parts.iter().enumerate() {
            // What no pullback has reached stays zero.
            buffers.own.extend(part.cotangent(self.node));
            buffers.own.resize((position + 1) * self.size, T::ZERO);
        }
        buffers.gather(group, shards, self.size)?;
        let first = self.size.min(buffers.all.len());
        let (sums, others) = buffers.all.split_at_mut(first);
        for terms in others.chunks(self.size.max(1)) {
            add_each(terms, sums);
        }
        let each = self.size / shards.items().max(1);
        for part in parts {
            let own = part.shard * each;
            part.add_to_own(self.node, &sums[own..own + each]);
        }
        Ok(())
    }
}
