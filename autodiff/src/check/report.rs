//! What a check has to say: findings with their worst entries, a diagnosis, and how to reproduce them.

use std::fmt;

use super::diagnosis::Diagnosis;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Probe {
    /// Reverse mode against dual numbers.
    Derivative,
    /// Reverse mode against finite differences.
    FiniteDifferences,
    /// All inputs equal: kinks and ties, against slopes to both sides.
    Ties,
    /// A zero cotangent gives zero, and twice the cotangent twice the gradient.
    Linearity,
    /// Another consumer of the same input, before or after.
    Accumulation,
    /// Every subset of the inputs needing gradients.
    Subsets,
    /// Transposed, narrowed and broadcast inputs against dense copies.
    Layouts,
    /// Extents 1 and 0, where the shape rule takes them.
    Extents,
    /// Two runs give the same bits.
    Determinism,
    /// A replay on other values against a fresh recording.
    Replay,
    /// `f32` against `f64`, also for large inputs.
    SinglePrecision,
    /// 0, ±1000 and ± the largest finite number.
    Extremes,
    /// The Hessian, by reverse over dual: symmetric, and the difference quotient of gradients.
    SecondOrder,
    /// Inputs and parameters that get no gradient.
    Received,
}

impl Probe {
    /// All of them.
    pub const ALL: [Probe; 14] = [
        Probe::Derivative,
        Probe::FiniteDifferences,
        Probe::Ties,
        Probe::Linearity,
        Probe::Accumulation,
        Probe::Subsets,
        Probe::Layouts,
        Probe::Extents,
        Probe::Determinism,
        Probe::Replay,
        Probe::SinglePrecision,
        Probe::Extremes,
        Probe::SecondOrder,
        Probe::Received,
    ];
}

/// One number that is not what it should be.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Discrepancy {
    /// Which input (the name of a parameter), or the output.
    pub of: String,
    /// Its multi-index there.
    pub index: Vec<usize>,
    /// What was computed.
    pub analytic: f64,
    /// What should have been.
    pub reference: f64,
    /// The difference that would have been allowed: estimated error of the reference, and rounding.
    pub allowed: f64,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// What was looked at.
    pub probe: Probe,
    /// In what way, in words: "transposed input", "second consumer recorded first".
    pub setting: String,
    /// The pattern, where it is a known one.
    pub diagnosis: Option<Diagnosis>,
    /// The operations whose own rule disagrees with dual numbers: place on the tape, name and the caller's line.
    pub suspects: Vec<String>,
    /// The worst entries, worst first.
    pub entries: Vec<Discrepancy>,
    /// The case: shapes of the inputs.
    pub case: String,
    /// Code that reproduces it.
    pub snippet: String,
}

/// The result of a check.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// What was checked.
    pub subject: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// How many cases were checked.
    pub cases: usize,
    /// How many numbers were compared.
    pub comparisons: usize,
    /// What is wrong, one finding a probe and case.
    pub findings: Vec<Finding>,
    /// Places where left and right slopes differ; the gradient lies between them.
    pub kinks: Vec<String>,
    /// Where a reference was too inexact to decide.
    pub undecided: Vec<String>,
    /// Probes that were left out, and why.
    pub skipped: Vec<(Probe, String)>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }

    /// Fails a test with this report, unless nothing is wrong.
    ///
    /// # Panics
    /// With the report, where there are findings: for tests.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.passed(), "{self}");
    }
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = format!("{}{:?}", self.of, self.index);
        let ratio = self.analytic / self.reference;
        write!(
            f,
            "{location:<22} {:>14.6e} {:>14.6e} {:>10.1e} {ratio:>9.4}",
            self.analytic, self.reference, self.allowed
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.probe)?;
        if !self.setting.is_empty() {
            write!(f, ", {}", self.setting)?;
        }
        match &self.diagnosis {
            Some(diagnosis) => writeln!(f, ": {diagnosis}")?,
            None => writeln!(f, ": the gradient is wrong")?,
        }
        writeln!(f, "  inputs {}", self.case)?;
        for suspect in &self.suspects {
            writeln!(f, "  suspect: {suspect}")?;
        }
        if !self.entries.is_empty() {
            writeln!(f, "  {:<22} {:>14} {:>14} {:>10} {:>9}", "entry", "analytic", "reference", "allowed", "ratio")?;
        }
        for entry in &self.entries {
            writeln!(f, "  {entry}")?;
        }
        write!(f, "  reproduce: {}", self.snippet)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        write!(
            f,
            "gradient check of {}: {verdict}; {} case(s), {} numbers compared, seed {}",
            self.subject, self.cases, self.comparisons, self.seed
        )?;
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        for (title, lines) in [("kink", &self.kinks), ("undecided", &self.undecided)] {
            for line in lines {
                write!(f, "\n{title}: {line}")?;
            }
        }
        for (probe, why) in &self.skipped {
            write!(f, "\nskipped: {probe:?}, {why}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    /// As [`Display`](fmt::Display), so that a failed `?` or `unwrap` shows the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
