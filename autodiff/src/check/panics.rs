//! Panics of the subject become findings that list the inputs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::report::{Diagnosis, Finding, Probe, Report};
use super::subject::{Request, Subject};
use super::tensors::{code, shapes, values};
use crate::array::Tensor;
use crate::error::Error;

/// A panic and the run that caused it.
#[derive(Debug)]
pub(super) struct Panic {
    message: String,
    /// The layout of the inputs, or how else the subject was run.
    setting: String,
    inputs: Vec<Tensor<f64>>,
}

/// Calls `run`. A panic is passed to `seen` and returned as an error, which ends the probe. `case` describes the run:
/// setting and inputs.
pub(super) fn caught<R>(
    run: impl FnOnce() -> Result<R, Error>,
    case: impl FnOnce() -> (String, Vec<Tensor<f64>>),
    seen: impl FnOnce(Panic),
) -> Result<R, Error> {
    // Unwind safe: a panic can only leave an incomplete recording, which the next run clears.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = message(&*payload);
        let (setting, inputs) = case();
        let error = Error::Panicked(format!("the subject panicked: {message}"));
        seen(Panic { message, setting, inputs });
        Err(error)
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

impl Request<'_> {
    /// "transposed inputs", and their values.
    pub(super) fn case(&self) -> (String, Vec<Tensor<f64>>) {
        let backward = if self.cotangent.is_some() { ", forward and backward" } else { "" };
        let setting = format!("{:?} inputs{backward}", self.storage).to_lowercase();
        (setting, self.inputs.iter().map(values).collect())
    }
}

impl Panic {
    /// Adds it to the report, unless another probe already has.
    pub(super) fn note(self, probe: Probe, subject: &dyn Subject, report: &mut Report) {
        let diagnosis = Some(Diagnosis::Panicked(self.message));
        if report.findings.iter().any(|finding| finding.diagnosis == diagnosis && finding.setting == self.setting) {
            return;
        }
        let inputs = self.inputs.iter().map(code).collect::<Vec<_>>().join(", ");
        report.findings.push(Finding {
            probe,
            setting: self.setting,
            diagnosis,
            certain: true,
            suspects: Vec::new(),
            entries: Vec::new(),
            consequences: Vec::new(),
            case: shapes(&self.inputs),
            snippet: format!("Check::new().seed({}).{}", report.seed, subject.call(&inputs)),
        });
    }
}
