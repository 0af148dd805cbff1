//! The state of a training run: everything that a checkpoint holds.

use std::collections::BTreeMap;

use autodiff::{Error, Params, Real};
use optim::{EarlyStopping, Optimizer, Rule};

/// The state of a training run: parameters, optimizer, and progress.
#[derive(Clone, Debug)]
pub struct TrainingState<T: Real, R> {
    /// The parameters of the model, and its state, such as running statistics.
    pub params: Params<T>,
    /// The optimizer with its buffers.
    pub optimizer: Optimizer<T, R>,
    /// The rate of the optimizer before the first step, which schedules multiply.
    pub(crate) base_rate: f64,
    pub(crate) cursor: Cursor,
    pub(crate) history: Vec<EpochReport>,
    pub(crate) stopping: Option<EarlyStopping<T>>,
    pub(crate) stopped: bool,
    /// The settings of the trainer and the data that results depend on, as text, by name.
    pub(crate) settings: BTreeMap<String, String>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cursor {
    /// Completed epochs.
    pub(crate) epoch: u64,
    /// Completed batches of the current epoch.
    pub(crate) batch: usize,
    /// The sum over the samples of those batches of their loss.
    pub(crate) loss_sum: f64,
    /// The samples of those batches.
    pub(crate) samples: usize,
}

/// The results of an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// The number of the epoch, counted from 0.
    pub epoch: u64,
    /// The mean training loss.
    pub loss: f64,
    /// Names and values of the metrics that [`Callback::evaluate`](crate::Callback::evaluate) returned.
    pub metrics: Vec<(String, f64)>,
}

impl<T: Real, R: Rule<T>> TrainingState<T, R> {
    /// The state before the first step.
    pub fn new(params: Params<T>, optimizer: Optimizer<T, R>) -> Self {
        TrainingState {
            params,
            base_rate: optimizer.rate(),
            optimizer,
            cursor: Cursor::default(),
            history: Vec::new(),
            stopping: None,
            stopped: false,
            settings: BTreeMap::new(),
        }
    }

    /// The reports of the completed epochs.
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Whether early stopping has ended the training.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// An error naming the first value of the state that is infinite or NaN.
    pub(crate) fn check_finite(&self) -> Result<(), Error> {
        self.params.check_finite()?;
        let start = self.optimizer.share().map_or(0, |share| share.start);
        self.optimizer.buffers().try_for_each(|(name, buffer)| {
            if T::all_finite(buffer) {
                return Ok(());
            }
            let mut whole = self.params.zeros()?;
            whole.flat_mut()[start..start + buffer.len()].copy_from_slice(buffer);
            whole.check_finite(&format!("value in the optimizer's buffer {name}"))
        })
    }
}
