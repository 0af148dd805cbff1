//! The processes that `mpiexec` has started.

use std::cell::Cell;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use autodiff::{Error, ProcessGroup, Real};
use mpi::Threading;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Equivalence};

use crate::lengths::Lengths;

/// All processes that `mpiexec` has started; one, if the program was started without it.
pub struct World {
    pub(crate) world: SimpleCommunicator,
    /// Numbers that were sent to other processes.
    sent: Cell<u64>,
    /// MPI ends with it.
    _universe: Universe,
}

/// How long other processes wait with an error for the first to tell the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long `mpiexec` has to pass on what was printed.
const FORWARDING: Duration = Duration::from_millis(500);

impl World {
    /// Starts MPI, does `work`, and ends MPI. An error or a panic in one process is printed and ends all of them: none waits
    /// forever for what another no longer sends.
    pub fn run<E: Display>(work: impl FnOnce(&World) -> Result<(), E>) -> ExitCode {
        // Threads are in kernels; the one that began communicates.
        let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
            eprintln!("error: MPI is running already; a program calls World::run once");
            return ExitCode::FAILURE;
        };
        let world = World { world: universe.world(), sent: Cell::new(0), _universe: universe };
        match catch_unwind(AssertUnwindSafe(|| work(&world))) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => world.fail(Some(&error.to_string())),
            // The panic has been printed.
            Err(_) => world.fail(None),
        }
    }

    fn fail(&self, error: Option<&str>) -> ! {
        let rank = self.world.rank();
        if rank != 0 {
            // Of a mistake that all processes find, one line is enough: the first ends the others.
            std::thread::sleep(PATIENCE);
        }
        if let Some(error) = error {
            eprintln!("error: process {rank}: {error}");
        }
        // What a process has printed goes through mpiexec, which forgets it when it ends the processes.
        std::thread::sleep(FORWARDING);
        self.world.abort(1)
    }

    /// How many numbers this process has sent to others, as parameters and gradients are counted.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    fn count_sent(&self, numbers: usize) {
        self.sent.set(self.sent.get() + numbers as u64);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("rank", &self.world.rank()).field("count", &self.world.size()).finish()
    }
}

impl<T: Real + Equivalence> ProcessGroup<T> for World {
    fn rank(&self) -> usize {
        self.world.rank().unsigned_abs() as usize
    }

    fn count(&self) -> usize {
        self.world.size().unsigned_abs() as usize
    }

    fn all_gather(&self, own: &[T], lengths: &[usize], all: &mut [T]) -> Result<(), Error> {
        let Lengths { counts, starts } = Lengths::new(lengths)?;
        self.count_sent(own.len() * (lengths.len() - 1));
        self.world.all_gather_varcount_into(own, &mut PartitionMut::new(all, counts, starts));
        Ok(())
    }

    fn all_to_all(&self, own: &[T], sent: &[usize], received: &[usize], all: &mut [T]) -> Result<(), Error> {
        let (sent, received) = (Lengths::new(sent)?, Lengths::new(received)?);
        let own_part = sent.counts.get(ProcessGroup::<T>::rank(self)).map_or(0, |count| count.unsigned_abs() as usize);
        self.count_sent(own.len() - own_part);
        let own = Partition::new(own, sent.counts, sent.starts);
        self.world.all_to_all_varcount_into(&own, &mut PartitionMut::new(all, received.counts, received.starts));
        Ok(())
    }
}
