//! Logs of epochs: a CSV file and, with the feature `tensorboard`, event files.

#[cfg(feature = "tensorboard")]
mod tensorboard;

use std::path::PathBuf;

use autodiff::Error;
use nn::io::{Sink, replace};

use crate::state::EpochReport;

/// Which logs are written, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogPaths {
    pub(crate) csv: Option<PathBuf>,
    /// A folder.
    #[cfg(feature = "tensorboard")]
    pub(crate) tensorboard: Option<PathBuf>,
}

pub(crate) struct Logs {
    csv: Option<PathBuf>,
    #[cfg(feature = "tensorboard")]
    events: Option<tensorboard::EventFiles>,
}

impl Logs {
    pub(crate) fn new(paths: &LogPaths) -> Self {
        Logs {
            csv: paths.csv.clone(),
            #[cfg(feature = "tensorboard")]
            events: paths.tensorboard.as_deref().map(tensorboard::EventFiles::new),
        }
    }

    /// Logs the epochs up to now. The CSV file is replaced, event files get the rows that they lack: where a run was killed after
    /// an epoch and repeats it, no row is there twice.
    pub(crate) fn write(&mut self, history: &[EpochReport]) -> Result<(), Error> {
        if let Some(path) = &self.csv {
            replace(path, |file| Ok(write_csv(file, history)?))?;
        }
        #[cfg(feature = "tensorboard")]
        if let Some(events) = &mut self.events {
            events.write(history)?;
        }
        Ok(())
    }
}

fn write_csv(file: &mut dyn Sink, history: &[EpochReport]) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(file);
    let metrics = history.first().map_or(&[][..], |report| &report.metrics);
    table.write_record(["epoch", "loss"].into_iter().chain(metrics.iter().map(|(name, _)| name.as_str())))?;
    for report in history {
        let values = report.metrics.iter().map(|(_, value)| value.to_string());
        table.write_record([report.epoch.to_string(), report.loss.to_string()].into_iter().chain(values))?;
    }
    table.flush()?;
    Ok(())
}
