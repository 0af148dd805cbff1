//! The header: the part of the training state that is not a tensor, and the check that it belongs to the run that resumes.

use std::collections::BTreeMap;
use std::fmt::Display;

use autodiff::Real;
use optim::Rule;
use serde::{Deserialize, Serialize};

use super::scalar;
use crate::state::{Cursor, EpochReport, TrainingState};

/// Floating-point numbers are stored as bits, because JSON has no NaN.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    // What must be the same in a run that resumes.
    scalar: String,
    seed: u64,
    optimizer: String,
    rate: u64,
    pub(super) settings: BTreeMap<String, String>,
    // The progress of the run.
    pub(super) step: u64,
    pub(super) optimizer_steps: u64,
    current_rate: u64,
    epoch: u64,
    batch: usize,
    loss: u64,
    samples: usize,
    pub(super) stopped: bool,
    pub(super) waited: usize,
    best: Option<Best>,
    history: Vec<SavedReport>,
}

/// Loss and step of the best parameters.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Best {
    loss: u64,
    step: u64,
}

/// Number, loss and metrics of an epoch.
type SavedReport = (u64, u64, Vec<(String, u64)>);

impl Header {
    pub(super) fn new<T: Real, R: Rule<T>>(state: &TrainingState<T, R>) -> Result<Self, String> {
        let best = state.stopping.as_ref().and_then(|stopping| stopping.best());
        let saved = |report: &EpochReport| {
            let metrics = report.metrics.iter().map(|(name, value)| (name.clone(), value.to_bits()));
            (report.epoch, report.loss.to_bits(), metrics.collect())
        };
        Ok(Header {
            scalar: scalar::<T>()?.to_owned(),
            seed: state.params.seed(),
            optimizer: state.optimizer.describe(),
            rate: state.base_rate.to_bits(),
            settings: state.settings.clone(),
            step: state.params.step(),
            optimizer_steps: state.optimizer.steps(),
            current_rate: state.optimizer.rate().to_bits(),
            epoch: state.cursor.epoch,
            batch: state.cursor.batch,
            loss: state.cursor.loss_sum.to_bits(),
            samples: state.cursor.samples,
            stopped: state.stopped,
            waited: state.stopping.as_ref().map_or(0, |stopping| stopping.waited()),
            best: best.map(|(loss, params)| Best { loss: loss.to_bits(), step: params.step() }),
            history: state.history.iter().map(saved).collect(),
        })
    }

    /// An error if the tensors are of another scalar.
    pub(super) fn check_scalar<T: Real>(&self) -> Result<(), String> {
        check_same("scalar", self.scalar.as_str(), scalar::<T>()?)
    }

    /// An error if this state must not continue from here: it names what differs, or what is inconsistent in the header.
    pub(super) fn check<T: Real, R: Rule<T>>(
        &self,
        state: &TrainingState<T, R>,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        check_same("seed", self.seed, state.params.seed())?;
        check_same("optimizer", self.optimizer.as_str(), &state.optimizer.describe())?;
        check_same("rate", f64::from_bits(self.rate), state.base_rate)?;
        check_same_settings(&self.settings, settings)?;
        let epochs = self.history.len();
        let numbered = self.history.iter().zip(0..).all(|((epoch, ..), expected)| *epoch == expected);
        if self.epoch != epochs as u64 || !numbered {
            return Err(format!("damaged: it is at epoch {}, with the results of {epochs}", self.epoch));
        }
        let cursor = self.cursor();
        if (cursor.batch == 0) != (cursor.samples == 0) || !cursor.loss_sum.is_finite() {
            return Err(format!("damaged: no run is at {cursor:?}"));
        }
        if self.waited > epochs || self.best.is_some() && epochs == 0 {
            return Err(format!("damaged: it waited for {} of {epochs} epochs", self.waited));
        }
        Ok(())
    }

    pub(super) fn cursor(&self) -> Cursor {
        let loss_sum = f64::from_bits(self.loss);
        Cursor { epoch: self.epoch, batch: self.batch, loss_sum, samples: self.samples }
    }

    pub(super) fn current_rate(&self) -> f64 {
        f64::from_bits(self.current_rate)
    }

    /// Loss and step of the best parameters.
    pub(super) fn best(&self) -> Option<(f64, u64)> {
        self.best.map(|best| (f64::from_bits(best.loss), best.step))
    }

    pub(super) fn history(self) -> Vec<EpochReport> {
        let report = |(epoch, loss, metrics): SavedReport| {
            let metrics = metrics.into_iter().map(|(name, bits)| (name, f64::from_bits(bits)));
            EpochReport { epoch, loss: f64::from_bits(loss), metrics: metrics.collect() }
        };
        self.history.into_iter().map(report).collect()
    }
}

/// An error that names both sides where two settings of one name differ.
pub(crate) fn check_same_settings(
    file: &BTreeMap<String, String>,
    run: &BTreeMap<String, String>,
) -> Result<(), String> {
    file.iter().try_for_each(|(name, value)| run.get(name).map_or(Ok(()), |own| check_same(name, value, own)))
}

fn check_same<V: PartialEq + Display>(what: &str, file: V, run: V) -> Result<(), String> {
    if file == run {
        return Ok(());
    }
    Err(format!("of another run: its {what} is {file}, that of this run {run}"))
}
