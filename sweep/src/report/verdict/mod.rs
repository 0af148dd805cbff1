//! What the results say, in sentences.

mod gradient;
mod theory;
mod training;

use serde::Serialize;

use super::curves::Curves;

/// The most curves that a sentence names.
const MOST_NAMED: usize = 6;

/// What a sentence is about: its mark on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Good,
    Bad,
    Note,
}

/// A sentence or two on one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) text: String,
}

impl Finding {
    fn new(kind: Kind, text: String) -> Self {
        Finding { kind, text }
    }
}

/// All findings, the gradient's first.
pub(super) fn findings(curves: &Curves<'_>) -> Vec<Finding> {
    let mut findings = gradient::findings(curves);
    findings.extend(training::findings(curves));
    findings.extend(theory::agreement(curves));
    findings
}
