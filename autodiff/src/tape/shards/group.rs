//! The processes that divide the shards of a batch among them.

use std::ops::Range;

use smallvec::SmallVec;

use super::start_of;
use crate::error::Error;

/// The processes that divide the shards of a batch among them. A call of a function that communicates returns after all
/// processes have called it; all call the same functions in the same order.
///
/// [`Alone`] is a single process; the crate `cluster` has the processes of MPI.
pub trait ProcessGroup<T> {
    /// The number of this process, from 0.
    fn rank(&self) -> usize;

    /// The number of processes.
    fn count(&self) -> usize;

    /// Gives all processes what each has, in the order of ranks: `lengths[r]` numbers of the process with rank `r`.
    ///
    /// # Errors
    /// Processes that cannot be reached.
    fn all_gather(&self, own: &[T], lengths: &[usize], all: &mut [T]) -> Result<(), Error>;

    /// Gives each process its part of what all processes have, in the order of ranks: `sent[r]` numbers of `own`, after those for
    /// lower ranks, go to the process with rank `r`; `received[r]` numbers of `all` come from it.
    ///
    /// # Errors
    /// Processes that cannot be reached.
    fn all_to_all(&self, own: &[T], sent: &[usize], received: &[usize], all: &mut [T]) -> Result<(), Error>;
}

/// A process that does all by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl<T: Copy> ProcessGroup<T> for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn count(&self) -> usize {
        1
    }

    fn all_gather(&self, own: &[T], _: &[usize], all: &mut [T]) -> Result<(), Error> {
        all.iter_mut().zip(own).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn all_to_all(&self, own: &[T], _: &[usize], _: &[usize], all: &mut [T]) -> Result<(), Error> {
        ProcessGroup::all_gather(self, own, &[], all)
    }
}

/// How many numbers each process has, in the order of ranks.
pub(super) type Lengths = SmallVec<[usize; 8]>;

/// Items in a row, divided among processes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    items: usize,
    processes: usize,
}

impl Division {
    pub(super) fn new<T>(items: usize, group: &(impl ProcessGroup<T> + ?Sized)) -> Self {
        Division { items, processes: group.count().max(1) }
    }

    /// The items of the process with this rank.
    pub(super) fn of(self, rank: usize) -> Range<usize> {
        start_of(rank, self.items, self.processes)..start_of(rank + 1, self.items, self.processes)
    }

    /// The items of each process, in the order of ranks.
    pub(super) fn all(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.processes).map(move |rank| self.of(rank))
    }

    /// The number of items.
    pub(super) fn items(self) -> usize {
        self.items
    }

    /// How many numbers each process has, in the order of ranks, if an item has this many.
    pub(super) fn lengths(self, each: usize) -> Lengths {
        self.all().map(|items| items.len() * each).collect()
    }

    /// The rank of the process with the last item.
    pub(super) fn last(self) -> usize {
        self.all().take_while(|items| items.end < self.items).count()
    }
}
