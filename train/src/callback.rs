//! What a trainer calls during training, and the metrics that it gets back.

use autodiff::{Error, Params, Real};

use crate::state::EpochReport;
use crate::trainer::training_error;

/// Hooks that [`Trainer::fit`](crate::Trainer::fit) calls during training. Each does nothing by default, and `()` has no others.
pub trait Callback<T: Real> {
    /// Returns names and values of metrics, such as the error on validation data, after each epoch: the same names each time.
    ///
    /// # Errors
    /// Any error ends the training.
    fn evaluate(&mut self, params: &Params<T>) -> Result<Vec<(String, f64)>, Error> {
        let _ = params;
        Ok(Vec::new())
    }

    /// Is called after each epoch with its results.
    fn on_epoch_end(&mut self, report: &EpochReport) {
        let _ = report;
    }
}

impl<T: Real> Callback<T> for () {}

/// The value of the metric of this name.
pub(crate) fn metric_of(report: &EpochReport, metric: &str) -> Result<f64, Error> {
    let found = report.metrics.iter().find(|(name, _)| name == metric).map(|(_, value)| *value);
    found.ok_or_else(|| training_error(format!("the metric {metric} is watched, which evaluate() does not return")))
}

/// An error unless every epoch has the metrics of the first.
pub(crate) fn check_same_metrics(first: Option<&EpochReport>, report: &EpochReport) -> Result<(), Error> {
    let names =
        |report: &EpochReport| report.metrics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ");
    match first.map(names) {
        Some(expected) if expected != names(report) => {
            let (epoch, found) = (report.epoch, names(report));
            Err(training_error(format!(
                "evaluate() returned {expected} after the first epoch and {found} after epoch {epoch}"
            )))
        }
        _ => Ok(()),
    }
}
