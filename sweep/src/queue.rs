//! The runs of a sweep, for a program that gives them to several processes.

use serde::{Deserialize, Serialize};

use crate::configuration::{Configuration, work};
use crate::error::Error;
use crate::journal::Journal;
use crate::output;
use crate::results::{Results, RunRecord};
use crate::settings::Settings;
use crate::sweep::{checked, left, one};

/// A network to be run: the index of its configuration in the whole sweep, and its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The index of the configuration.
    pub configuration: usize,
    /// The seed.
    pub seed: u64,
}

/// What is left of a sweep. One process has it, gives its runs to others, which call [`Settings::run_one`], and adds what they
/// found.
#[derive(Debug)]
pub struct Queue<'s> {
    settings: &'s Settings,
    configurations: Vec<Configuration>,
    journal: Journal,
    /// What is left, the last first.
    left: Vec<Run>,
}

impl Settings {
    /// Opens the folder of the sweep, and finds what is left to run.
    ///
    /// # Errors
    /// As [`Settings::run`].
    pub fn queue(&self) -> Result<Queue<'_>, Error> {
        let configurations = checked(self, None)?;
        let journal = Journal::open(self, false)?;
        let mut left = Vec::new();
        for (configuration, seed) in self::left(self, &configurations, &journal) {
            left.push((work(&configuration.blueprint::<f64>()?), Run { configuration: configuration.index, seed }));
        }
        // The largest come first, so that no process is busy long after the others.
        left.sort_by_key(|&(work, _)| work);
        let left = left.into_iter().map(|(_, run)| run).collect();
        Ok(Queue { settings: self, configurations, journal, left })
    }

    /// Runs one network of the sweep, without writing anything.
    ///
    /// # Errors
    /// A run that is not one of the sweep; a mistake in its network; data that cannot be read.
    pub fn run_one(&self, run: Run) -> Result<RunRecord, Error> {
        let configurations = self.configurations(false);
        let configuration = configurations.get(run.configuration).filter(|_| run.seed < self.seeds as u64);
        let unknown = || {
            let (count, seeds) = (configurations.len(), self.seeds);
            Error::Setting(format!("{run:?}: the sweep has {count} configurations with {seeds} seeds"))
        };
        one(configuration.ok_or_else(unknown)?, run.seed, self, None)
    }
}

impl Queue<'_> {
    /// The next run, which is no longer left then.
    pub fn next_run(&mut self) -> Option<Run> {
        self.left.pop()
    }

    /// Adds what was found; when this returns, it is on disk.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn add(&mut self, record: &RunRecord) -> Result<(), Error> {
        self.journal.append(std::slice::from_ref(record))
    }

    /// Writes the files of the sweep, with all that was found.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn finish(mut self) -> Result<Results, Error> {
        output::write(self.settings, &self.configurations, &mut self.journal)
    }
}
