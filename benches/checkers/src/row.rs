//! A row of `results.csv`.

use std::time::Instant;

use serde::Serialize;

use crate::cases::Case;

#[derive(Serialize)]
pub(crate) struct Row {
    mistake: String,
    checker: &'static str,
    detected: String,
    diagnosed: String,
    accused: String,
    seconds: String,
    /// What the checker says, in one line.
    said: String,
}

/// The verdict of a checker on a case.
pub(crate) struct Verdict {
    pub(crate) failed: bool,
    pub(crate) diagnosed: bool,
    pub(crate) said: String,
}

impl Row {
    /// The row of a check, which is timed; `Err` says why the framework cannot express the case.
    pub(crate) fn timed(case: &Case, checker: &'static str, check: impl FnOnce() -> Result<Verdict, String>) -> Self {
        let start = Instant::now();
        let verdict = check();
        let seconds = start.elapsed().as_secs_f64();
        let mut row = Row {
            mistake: case.name.to_owned(),
            checker,
            detected: String::new(),
            diagnosed: String::new(),
            accused: String::new(),
            seconds: String::new(),
            said: String::new(),
        };
        match verdict {
            Err(reason) => (row.diagnosed, row.said) = ("n/a".into(), reason),
            Ok(Verdict { failed, diagnosed, said }) => {
                if case.is_right() {
                    row.accused = failed.to_string();
                } else {
                    (row.detected, row.diagnosed) = (failed.to_string(), (failed && diagnosed).to_string());
                }
                (row.seconds, row.said) = (format!("{seconds:.6}"), said);
            }
        }
        row
    }
}
