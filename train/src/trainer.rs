//! The settings of a training loop.

use std::collections::BTreeMap;
use std::path::PathBuf;

use autodiff::{Error, Real};
use nn::data::{Batches, Dataset};
use optim::{EarlyStopping, Plateau, Schedule};

use crate::logs::LogPaths;

/// A training loop: its settings, and [`Trainer::fit`], which runs it.
#[derive(Clone, Debug)]
pub struct Trainer {
    pub(crate) epochs: u64,
    pub(crate) batches: Batches,
    pub(crate) schedule: Schedule,
    pub(crate) shards: usize,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) logs: LogPaths,
    pub(crate) stopping: Option<Stopping>,
    pub(crate) plateau: Option<(String, Plateau)>,
    pub(crate) quiet: bool,
}

/// Where checkpoints are written, and after how many steps.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) path: PathBuf,
    pub(crate) every: u64,
}

/// The settings of early stopping.
#[derive(Clone, Debug)]
pub(crate) struct Stopping {
    pub(crate) metric: String,
    patience: usize,
    min_change: f64,
}

impl Stopping {
    /// Early stopping that has observed nothing.
    pub(crate) fn start<T: Real>(&self) -> EarlyStopping<T> {
        EarlyStopping::new(self.patience).min_change(self.min_change)
    }
}

impl Trainer {
    /// A loop over `epochs` epochs of these batches.
    pub fn new(epochs: u64, batches: Batches) -> Self {
        Trainer {
            epochs,
            batches,
            schedule: Schedule::Constant,
            shards: 1,
            checkpoint: None,
            logs: LogPaths::default(),
            stopping: None,
            plateau: None,
            quiet: false,
        }
    }

    /// Sets the rate of each step to the optimizer's initial rate times the factor of this schedule.
    #[must_use]
    pub fn schedule(self, schedule: Schedule) -> Self {
        Trainer { schedule, ..self }
    }

    /// Splits each batch into this many shards, which run in parallel and whose gradients are summed, as in gradient accumulation.
    /// The number of shards must be at most the number of samples in a batch. For one number of shards, results have the same bits
    /// on any number of threads.
    ///
    /// Batch normalization has the statistics of the whole batch. What else is computed across samples, such as whitening, is
    /// that of each shard by itself, and the running statistics are those of the last shard; see [`autodiff::Shards`].
    #[must_use]
    pub fn shards(self, shards: usize) -> Self {
        Trainer { shards, ..self }
    }

    /// Saves a checkpoint every `every` steps and at the end. If the file exists already, training continues from there.
    ///
    /// The checkpoint must be of a run with the same model, seed, rate, optimizer, data, batches, shards and metric of early
    /// stopping. Other settings, such as the number of epochs and the schedule, may differ.
    #[must_use]
    pub fn checkpoint(self, path: impl Into<PathBuf>, every: u64) -> Self {
        Trainer { checkpoint: Some(Checkpoint { path: path.into(), every }), ..self }
    }

    /// Writes losses and metrics into this CSV file, one row for each epoch.
    #[must_use]
    pub fn csv(mut self, path: impl Into<PathBuf>) -> Self {
        self.logs.csv = Some(path.into());
        self
    }

    /// Writes losses and metrics of each epoch into this folder, for TensorBoard. Needs the cargo feature `tensorboard`.
    #[cfg(feature = "tensorboard")]
    #[must_use]
    pub fn tensorboard(mut self, folder: impl Into<PathBuf>) -> Self {
        self.logs.tensorboard = Some(folder.into());
        self
    }

    /// Stops when the metric of this name has not decreased by more than `min_change` for `patience` epochs in a row, and restores
    /// the parameters of the best epoch.
    #[must_use]
    pub fn early_stopping(self, metric: &str, patience: usize, min_change: f64) -> Self {
        Trainer { stopping: Some(Stopping { metric: metric.to_owned(), patience, min_change }), ..self }
    }

    /// Multiplies the rate, in addition to the schedule, by the factor of `plateau`, which observes the metric of this name.
    #[must_use]
    pub fn plateau(self, metric: &str, plateau: Plateau) -> Self {
        Trainer { plateau: Some((metric.to_owned(), plateau)), ..self }
    }

    /// Shows no progress.
    #[must_use]
    pub fn quiet(self) -> Self {
        Trainer { quiet: true, ..self }
    }

    /// The same, without logs and progress, for a process beside that which has them.
    pub(crate) fn silent(&self) -> Self {
        Trainer { logs: LogPaths::default(), quiet: true, ..self.clone() }
    }

    /// Checks that all settings are in their ranges.
    pub(crate) fn check<T: Real>(&self, data: &Dataset<T>) -> Result<(), Error> {
        let setting =
            |name, value: u64, requirement| Err(Error::Setting { name, value: value.to_string(), requirement });
        if self.epochs == 0 {
            return setting("epochs", 0, "at least 1");
        }
        if self.shards == 0 || self.shards > self.batches.size().min(data.len()).max(1) {
            return setting("shards", self.shards as u64, "at least 1 and at most the samples of a batch");
        }
        if self.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.every == 0) {
            return setting("steps between checkpoints", 0, "at least 1");
        }
        self.schedule.check()?;
        self.plateau.as_ref().map_or(Ok(()), |(_, plateau)| plateau.check())?;
        self.stopping.as_ref().map_or(Ok(()), |stopping| stopping.start::<T>().check())
    }

    /// The settings that a run must keep when it is resumed, as text, by name.
    pub(crate) fn settings<T: Real>(&self, data: &Dataset<T>) -> BTreeMap<String, String> {
        let metric = self.stopping.as_ref().map(|stopping| ("early stopping's metric", stopping.metric.clone()));
        let settings = [
            ("features", data.features().shape().to_string()),
            ("batches", format!("{:?}", self.batches)),
            ("shards", self.shards.to_string()),
        ];
        settings.into_iter().chain(metric).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

pub(crate) fn training_error(reason: String) -> Error {
    Error::Training(reason)
}
