//! Where a training run stands: all that a checkpoint holds.

use std::collections::BTreeMap;
use std::path::Path;

use autodiff::{Error, Params, Real};
use optim::{EarlyStopping, Optimizer};

use crate::checkpoint;

/// A training run: parameters with their state, the optimizer with its buffers, and how far it has come.
#[derive(Clone, Debug)]
pub struct Run<T: Real, R> {
    /// The parameters and their state.
    pub params: Params<T>,
    /// The optimizer.
    pub optimizer: Optimizer<T, R>,
    /// The rate that schedules multiply: that of the optimizer at first.
    pub(crate) rate: f64,
    pub(crate) position: Position,
    pub(crate) history: Vec<Epoch>,
    pub(crate) stopping: Option<EarlyStopping<T>>,
    pub(crate) stopped: bool,
    /// What of the last training its bits depend on, as text by name.
    pub(crate) settings: BTreeMap<String, String>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Position {
    /// Epochs completed.
    pub(crate) epoch: u64,
    /// Batches of the current epoch completed.
    pub(crate) batch: usize,
    /// Over those batches: the sum of losses, each times its samples, and the samples.
    pub(crate) loss: f64,
    pub(crate) samples: usize,
}

/// What an epoch came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Counted from 0.
    pub epoch: u64,
    /// The mean training loss.
    pub loss: f64,
    /// What [`Watch::evaluate`](crate::Watch::evaluate) gave.
    pub metrics: Vec<(String, f64)>,
}

impl<T: Real, R: optim::Rule<T>> Run<T, R> {
    /// A run that has not begun.
    pub fn new(params: Params<T>, optimizer: Optimizer<T, R>) -> Self {
        let rate = optimizer.rate();
        let position = Position::default();
        let (history, settings) = (Vec::new(), BTreeMap::new());
        Run { params, optimizer, rate, position, history, stopping: None, stopped: false, settings }
    }

    /// The epochs so far.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// Writes all that the run is into one file, which is replaced whole or left as it was.
    ///
    /// # Errors
    /// A file that cannot be written; a number that is infinite or NaN; a scalar other than `f32` and `f64`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        checkpoint::save(self, path.as_ref())
    }

    /// Restores a run, made with the same model, seed, rate and optimizer, from a checkpoint; does nothing if there is none. What
    /// a [`Watch`](crate::Watch) keeps for itself is in no checkpoint.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is of another model, scalar, seed, rate or optimizer, which are named. The run is
    /// then as it was.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        checkpoint::resume(self, path.as_ref(), &BTreeMap::new())
    }

    /// An error naming the first number of the run that is infinite or NaN.
    pub(crate) fn check_finite(&self) -> Result<(), Error> {
        self.params.check_finite()?;
        for (name, values) in self.optimizer.buffers().filter(|(_, values)| !T::all_finite(values)) {
            let mut rest = values;
            for (parameter, _, own) in self.params.iter() {
                let (own, others) = rest.split_at(own.len());
                rest = others;
                if !T::all_finite(own) {
                    let reason = format!("the optimizer's buffer {name} of it holds an infinity or a NaN");
                    return Err(Error::Parameter { name: parameter.to_owned(), reason });
                }
            }
        }
        Ok(())
    }

    /// Whether early stopping has ended it.
    pub fn stopped(&self) -> bool {
        self.stopped
    }
}
