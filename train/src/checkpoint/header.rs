//! What of a run is no tensor, and whether it belongs to the run that reads it.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use autodiff::Real;
use optim::Rule;
use serde::{Deserialize, Serialize};

use super::scalar;
use crate::run::{Epoch, Position, Run};

/// Numbers are kept as their bits, so that a NaN comes back as well.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// What the run is, which a resumed one must be as well.
    scalar: String,
    seed: u64,
    optimizer: String,
    rate: u64,
    pub(super) settings: BTreeMap<String, String>,
    /// How far it has come.
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
    history: Vec<SavedEpoch>,
}

/// Loss and step of the best parameters.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Best {
    loss: u64,
    step: u64,
}

/// Number, loss and metrics.
type SavedEpoch = (u64, u64, Vec<(String, u64)>);

impl Header {
    pub(super) fn of<T: Real, R: Rule<T>>(run: &Run<T, R>) -> Result<Self, String> {
        let best = run.stopping.as_ref().and_then(|stopping| stopping.best());
        let metrics =
            |epoch: &Epoch| epoch.metrics.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect();
        Ok(Header {
            scalar: scalar::<T>()?.to_owned(),
            seed: run.params.seed(),
            optimizer: run.optimizer.describe(),
            rate: run.rate.to_bits(),
            settings: run.settings.clone(),
            step: run.params.step(),
            optimizer_steps: run.optimizer.steps(),
            current_rate: run.optimizer.rate().to_bits(),
            epoch: run.position.epoch,
            batch: run.position.batch,
            loss: run.position.loss.to_bits(),
            samples: run.position.samples,
            stopped: run.stopped,
            waited: run.stopping.as_ref().map_or(0, |stopping| stopping.waited()),
            best: best.map(|(loss, params)| Best { loss: loss.to_bits(), step: params.step() }),
            history: run.history.iter().map(|epoch| (epoch.epoch, epoch.loss.to_bits(), metrics(epoch))).collect(),
        })
    }

    /// An error if the numbers are of another scalar.
    pub(super) fn check_scalar<T: Real>(&self) -> Result<(), String> {
        same("scalar", self.scalar.as_str(), scalar::<T>()?)
    }

    /// Why this run may not go on from here: what differs, or what no run comes to.
    pub(super) fn check<T: Real, R: Rule<T>>(
        &self,
        run: &Run<T, R>,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        same("seed", self.seed, run.params.seed())?;
        same("optimizer", self.optimizer.as_str(), &run.optimizer.describe())?;
        same("rate", f64::from_bits(self.rate), run.rate)?;
        same_settings(&self.settings, settings)?;
        let epochs = self.history.len();
        let numbered = self.history.iter().zip(0..).all(|((number, ..), due)| *number == due);
        if self.epoch != epochs as u64 || !numbered {
            return Err(format!("damaged: it says {} epochs and tells of {epochs}", self.epoch));
        }
        let position = self.position();
        if (position.batch == 0) != (position.samples == 0) || !position.loss.is_finite() {
            return Err(format!("damaged: no epoch stands at {position:?}"));
        }
        if self.waited > epochs || self.best.is_some() && epochs == 0 {
            return Err(format!("damaged: it waited for {} of {epochs} epochs", self.waited));
        }
        Ok(())
    }

    pub(super) fn position(&self) -> Position {
        let loss = f64::from_bits(self.loss);
        Position { epoch: self.epoch, batch: self.batch, loss, samples: self.samples }
    }

    pub(super) fn current_rate(&self) -> f64 {
        f64::from_bits(self.current_rate)
    }

    /// Loss and step of the best parameters.
    pub(super) fn best(&self) -> Option<(f64, u64)> {
        self.best.map(|best| (f64::from_bits(best.loss), best.step))
    }

    pub(super) fn history(self) -> Vec<Epoch> {
        let metrics =
            |of: Vec<(String, u64)>| of.into_iter().map(|(name, bits)| (name, f64::from_bits(bits))).collect();
        let epoch = |(epoch, loss, of)| Epoch { epoch, loss: f64::from_bits(loss), metrics: metrics(of) };
        self.history.into_iter().map(epoch).collect()
    }
}

/// An error that names both sides where two settings of one name differ.
pub(crate) fn same_settings(
    of_file: &BTreeMap<String, String>,
    of_run: &BTreeMap<String, String>,
) -> Result<(), String> {
    of_file.iter().try_for_each(|(name, value)| of_run.get(name).map_or(Ok(()), |own| same(name, value, own)))
}

fn same<V: PartialEq + Display + Debug>(what: &str, of_file: V, of_run: V) -> Result<(), String> {
    if of_file == of_run {
        return Ok(());
    }
    Err(format!("of another run: its {what} is {of_file}, that of this run {of_run}"))
}
