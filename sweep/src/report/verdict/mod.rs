//! What the results say, in sentences.

mod gradient;
mod theory;
mod training;

use serde::Serialize;

use super::curves::Curves;
use super::format;

/// The most curves that a sentence names.
const MOST_NAMED: usize = 6;
/// The most curves that have a sentence each.
const MOST_TOLD: usize = 4;

/// What a sentence is: its mark on the page.
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
    /// The curves that it is about, before a colon; empty if it is about the sweep.
    pub(super) about: String,
    pub(super) text: String,
}

impl Finding {
    fn new(kind: Kind, about: impl Into<String>, text: String) -> Self {
        // No line breaks before a percent sign.
        Finding { kind, about: about.into(), text: text.replace(" %", "\u{a0}%") }
    }
}

/// All findings, the gradient's first.
pub(super) fn findings(curves: &Curves<'_>) -> Vec<Finding> {
    let mut findings = gradient::findings(curves);
    findings.extend(training::findings(curves));
    findings.extend(theory::agreement(curves));
    findings
}

/// The names of curves, the first few of them. A family that is named whole has one name, and so have all curves.
fn names(curves: &Curves<'_>, labels: &[usize]) -> String {
    if labels.len() == curves.labels.len() && labels.len() > MOST_NAMED {
        return format!("All {} curves", labels.len());
    }
    let families: Vec<_> = (0..curves.labels.len()).map(|label| curves.family(label)).collect();
    let mut names: Vec<String> = Vec::new();
    for &label in labels {
        let family = families[label];
        let size = families.iter().filter(|other| **other == family).count();
        let named = labels.iter().filter(|other| families[**other] == family).count();
        let name =
            if size > 2 && named == size { format!("{family} ({size} curves)") } else { curves.labels[label].clone() };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format::list(&names, MOST_NAMED)
}
