//! Tasks that one process gives to the others as they become free.

use std::time::Duration;

use mpi::traits::{Communicator, Destination, Source};

use crate::World;

/// How long the first process sleeps when no other has anything to say.
const PAUSE: Duration = Duration::from_millis(1);

impl World {
    /// Whether there is no other process.
    pub fn is_single(&self) -> bool {
        self.world.size() == 1
    }

    /// Whether this process is the one that gives tasks, and speaks.
    pub fn is_first(&self) -> bool {
        self.world.rank() == 0
    }

    /// Gives tasks to the other processes until there are none: `next` gets the result of one, or nothing of a process that has had
    /// no task, and returns the next. Called by the first process, while the others call [`World::work`].
    ///
    /// # Errors
    /// Those of `next`.
    pub fn give<E>(&self, mut next: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>) -> Result<(), E> {
        let mut idle = Vec::new();
        while idle.len() + 1 < self.world.size().unsigned_abs() as usize {
            // A receive would keep a core busy.
            let Some(status) = self.world.any_process().immediate_probe() else {
                std::thread::sleep(PAUSE);
                continue;
            };
            let process = self.world.process_at_rank(status.source_rank());
            let (result, _) = process.receive_vec::<u8>();
            match next(&result)? {
                Some(task) => process.send(&task[..]),
                // Told only when all are done, or its first call for the tasks after these would be taken for one of these.
                None => idle.push(process),
            }
        }
        idle.iter().for_each(|process| process.send(&[0_u8; 0][..]));
        Ok(())
    }

    /// Does the tasks that the first process gives, until there are none. A task and its result are not empty.
    ///
    /// # Errors
    /// Those of `task`.
    pub fn work<E>(&self, mut task: impl FnMut(&[u8]) -> Result<Vec<u8>, E>) -> Result<(), E> {
        let first = self.world.process_at_rank(0);
        let mut result = Vec::new();
        loop {
            first.send(&result[..]);
            let (given, _) = first.receive_vec::<u8>();
            if given.is_empty() {
                return Ok(());
            }
            result = task(&given)?;
        }
    }
}
