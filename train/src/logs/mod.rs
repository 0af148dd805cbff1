//! Logs of epochs: a CSV file, and event files for TensorBoard.

mod events;
mod records;

use std::path::{Path, PathBuf};

use autodiff::Error;
use nn::io::{Sink, replace};

use crate::run::Epoch;
use events::Events;

pub(crate) struct Logs {
    csv: Option<PathBuf>,
    events: Option<Events>,
}

impl Logs {
    pub(crate) fn new(csv: Option<&Path>, tensorboard: Option<&Path>) -> Self {
        Logs { csv: csv.map(Path::to_owned), events: tensorboard.map(Events::new) }
    }

    /// Writes the epochs so far. The CSV file is written whole, the event files get what they lack: a run that was killed after
    /// an epoch and does that again leaves no row twice.
    pub(crate) fn write(&mut self, history: &[Epoch]) -> Result<(), Error> {
        if let Some(path) = &self.csv {
            replace(path, |file| Ok(rows(file, history)?))?;
        }
        self.events.as_mut().map_or(Ok(()), |events| events.write(history))
    }
}

fn rows(file: &mut dyn Sink, history: &[Epoch]) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(file);
    let names = history.first().map(|epoch| epoch.metrics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    let header = ["epoch".to_owned(), "loss".to_owned()].into_iter().chain(names.unwrap_or_default());
    table.write_record(header)?;
    for epoch in history {
        let values = epoch.metrics.iter().map(|(_, value)| value.to_string());
        table.write_record([epoch.epoch.to_string(), epoch.loss.to_string()].into_iter().chain(values))?;
    }
    table.flush()?;
    Ok(())
}
