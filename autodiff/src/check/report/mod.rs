//! The result of a check: findings with their worst elements, a diagnosis, and code to reproduce them.

mod diagnosis;
mod display;
mod fold;
mod probe;

pub use diagnosis::Diagnosis;
pub(super) use diagnosis::diagnose;
pub(super) use fold::fold;
pub use probe::Probe;

/// An element whose computed value differs from the reference.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Discrepancy {
    /// The tensor that it belongs to: an input, a parameter (its name) or the output.
    pub of: String,
    /// Its multi-index in that tensor.
    pub index: Vec<usize>,
    /// The computed value.
    pub analytic: f64,
    /// The reference value.
    pub reference: f64,
    /// The allowed absolute difference: estimated error of the reference, and rounding.
    pub allowed: f64,
}

/// What a probe found that another finding explains.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Consequence {
    /// The probe that failed.
    pub probe: Probe,
    /// The setting of the probe, in words.
    pub setting: String,
    /// The kind of mistake that it alone would indicate.
    pub diagnosis: Option<Diagnosis>,
}

/// The rates at which the remainders of Taylor's test fall: 2 and 3 if the gradient is right and the function smooth; 1 if the
/// gradient is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rates {
    /// Of f(x + h v) − f(x) − h ⟨g(x), v⟩; `None` if it is zero, or nothing but rounding.
    pub first: Option<f64>,
    /// Of f(x + h v) − f(x) − h ⟨(g(x) + g(x + h v))/2, v⟩, which also subtracts the term of second order.
    pub second: Option<f64>,
    /// The smallest step h whose first remainder is above rounding.
    pub until: Option<f64>,
}

/// A mistake: the probe that shows it best, and what else follows from it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// The probe that failed.
    pub probe: Probe,
    /// The setting of the probe, in words: "transposed inputs", "a second consumer recorded first".
    pub setting: String,
    /// The kind of mistake, if it is a known one.
    pub diagnosis: Option<Diagnosis>,
    /// Whether the reference is exact: dual numbers, or another run of the same computation. If not, it is finite differences.
    pub certain: bool,
    /// The operations whose own pullback disagrees with dual numbers: index on the tape, name and the caller's line.
    pub suspects: Vec<String>,
    /// The elements that differ most, worst first.
    pub entries: Vec<Discrepancy>,
    /// What other probes found that follows from this.
    pub consequences: Vec<Consequence>,
    /// The shapes of the inputs.
    pub case: String,
    /// Code that reproduces the finding.
    pub snippet: String,
}

/// The result of a check.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// The operation, function or model that was checked.
    pub subject: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// Number of cases checked.
    pub cases: usize,
    /// Number of comparisons.
    pub comparisons: usize,
    /// The mistakes found.
    pub findings: Vec<Finding>,
    /// Cases whose one-sided derivatives differ, with the gradient between them.
    pub kinks: Vec<String>,
    /// Comparisons whose reference was not accurate enough to decide, with the reason.
    pub undecided: Vec<String>,
    /// Limits of a right gradient: where it overflows, where `f32` loses digits.
    pub warnings: Vec<String>,
    /// What may be meant: an input that claims to have no derivative, and has one; a detached path.
    pub notes: Vec<String>,
    /// Points that a probe moved to and the subject refuses, with its reason: they are outside of its domain, and not compared.
    pub refused: Vec<String>,
    /// The rates of Taylor's test, for each case.
    pub taylor: Vec<Rates>,
    /// Skipped probes, with the reason.
    pub skipped: Vec<(Probe, String)>,
    /// Probes that do not apply to the subject, with the reason.
    pub inapplicable: Vec<(Probe, String)>,
}

impl Report {
    /// Whether there are no findings.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }

    /// For tests: panics with the report if there are findings.
    ///
    /// # Panics
    /// If there are findings.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.passed(), "{self}");
    }
}

/// Adds a line to a list of a report, once.
pub(super) fn add(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}
