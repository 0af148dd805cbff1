//! Our checker.

use autodiff::Error;
use autodiff::check::{Check, Report};

use crate::cases::{Case, Subject};
use crate::mutants::table::{diagnoses, says};
use crate::row::{Row, Verdict};

/// The report on a case; `None` where it cannot be written.
pub(crate) fn report(case: &Case) -> Option<Result<Report, Error>> {
    let check = Check::new();
    match (&case.subject, &case.inputs[..]) {
        (Subject::Impossible(_), _) => None,
        (Subject::Wrong(op, _) | Subject::Right(op), inputs) => Some(check.op(&**op, vec![inputs.to_vec()])),
        (Subject::RightDetached, [x, ..]) => Some(check.function(|[x]| x * x.detach(), [x.clone()])),
        (Subject::RightDetached, []) => None,
    }
}

pub(crate) fn row(case: &Case) -> Row {
    Row::timed(case, "ours", || {
        let report = match report(case) {
            None => {
                return Err(if let Subject::Impossible(reason) = case.subject { reason.into() } else { String::new() });
            }
            Some(Err(error)) => {
                return Ok(Verdict { failed: true, diagnosed: false, said: error.to_string().replace('\n', " ") });
            }
            Some(Ok(report)) => report,
        };
        let diagnosed = match &case.subject {
            Subject::Wrong(_, Some(expected)) => says(&report, expected),
            _ => false,
        };
        let mut said: Vec<String> = diagnoses(&report).map(ToString::to_string).collect();
        said.dedup();
        Ok(Verdict { failed: !report.passed(), diagnosed, said: said.join("; ") })
    })
}
