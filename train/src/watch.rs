//! What watches a run, and what it says.

use autodiff::{Error, Params, Real};

use crate::run::Epoch;
use crate::trainer::refused;

/// What is called while a run goes on. All of it may be left out; `()` watches nothing.
pub trait Watch<T: Real> {
    /// Numbers to judge the parameters by, behind each epoch: names and values.
    ///
    /// # Errors
    /// What goes wrong; the run ends with it.
    fn evaluate(&mut self, params: &Params<T>) -> Result<Vec<(String, f64)>, Error> {
        let _ = params;
        Ok(Vec::new())
    }

    /// Behind each epoch.
    fn epoch(&mut self, epoch: &Epoch) {
        let _ = epoch;
    }
}

impl<T: Real> Watch<T> for () {}

/// The metric of this name.
pub(crate) fn metric_of(report: &Epoch, metric: &str) -> Result<f64, Error> {
    let found = report.metrics.iter().find(|(name, _)| name == metric).map(|(_, value)| *value);
    found.ok_or_else(|| refused(format!("the metric {metric} is watched, which evaluate() does not give")))
}

/// An error unless every epoch has the metrics of the first.
pub(crate) fn same_metrics(first: Option<&Epoch>, report: &Epoch) -> Result<(), Error> {
    let names = |epoch: &Epoch| epoch.metrics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ");
    match first.map(names) {
        Some(due) if due != names(report) => {
            let (epoch, found) = (report.epoch, names(report));
            Err(refused(format!("evaluate() gave {due} after the first epoch and {found} after epoch {epoch}")))
        }
        _ => Ok(()),
    }
}
