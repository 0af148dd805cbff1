//! The result of a check: findings with their worst elements, a diagnosis, and code to reproduce them.

use std::fmt;

use super::diagnosis::Diagnosis;

/// A property that the checker tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Probe {
    /// Gradients against dual numbers.
    Derivative,
    /// Gradients against finite differences.
    FiniteDifferences,
    /// Gradients at equal input elements, where kinks and ties occur, against one-sided derivatives.
    Ties,
    /// The pullback is linear: a zero cotangent gives zero, −2 times the cotangent gives −2 times the gradient.
    Linearity,
    /// The pullback adds to the gradients of another consumer of the same input, recorded before or after.
    Accumulation,
    /// A gradient does not depend on which other inputs need one.
    Subsets,
    /// Transposed, narrowed and broadcast inputs against contiguous copies.
    Layouts,
    /// Extents 1 and 0, if the shape rule accepts them.
    Extents,
    /// Inputs enlarged by repetition, so that blocks of a loop are crossed: derivatives, and `f64` itself.
    Enlarged,
    /// Cotangents over twelve orders of magnitude, of both signs.
    Cotangents,
    /// Slopes at 0, ±10⁻³, ±1, ±3, ±6, ±10, ±22, ±30, ±100, ±1000, of all elements of an input together.
    Slopes,
    /// Many runs give bit-identical results.
    Determinism,
    /// A replay on other values against a new recording.
    Replay,
    /// `f32` against `f64`, also for large inputs and for strided ones.
    SinglePrecision,
    /// `f64` itself against dual numbers, also for strided inputs.
    DoublePrecision,
    /// At 0, ±1000 and ± the largest finite number: no NaN in value or gradient where the true one is a number.
    Extremes,
    /// The Hessian, by reverse mode over dual numbers: symmetric, and equal to finite differences of gradients.
    SecondOrder,
    /// Every input and parameter that the result depends on receives a gradient.
    Received,
}

impl Probe {
    /// All probes.
    pub const ALL: [Probe; 18] = [
        Probe::Derivative,
        Probe::FiniteDifferences,
        Probe::Ties,
        Probe::Linearity,
        Probe::Accumulation,
        Probe::Subsets,
        Probe::Layouts,
        Probe::Extents,
        Probe::Enlarged,
        Probe::Cotangents,
        Probe::Slopes,
        Probe::Determinism,
        Probe::Replay,
        Probe::SinglePrecision,
        Probe::DoublePrecision,
        Probe::Extremes,
        Probe::SecondOrder,
        Probe::Received,
    ];
}

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

/// A failed probe.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// The probe that failed.
    pub probe: Probe,
    /// The setting of the probe, in words: "transposed inputs", "a second consumer recorded first".
    pub setting: String,
    /// The kind of mistake, if it is a known one.
    pub diagnosis: Option<Diagnosis>,
    /// The operations whose own pullback disagrees with dual numbers: index on the tape, name and the caller's line.
    pub suspects: Vec<String>,
    /// The elements that differ most, worst first.
    pub entries: Vec<Discrepancy>,
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
    /// The failed probes.
    pub findings: Vec<Finding>,
    /// Cases whose one-sided derivatives differ, with the gradient between them.
    pub kinks: Vec<String>,
    /// Comparisons whose reference was not accurate enough to decide.
    pub undecided: Vec<String>,
    /// What may be meant: an input that claims to have no derivative, and has one.
    pub notes: Vec<String>,
    /// Skipped probes, with the reason.
    pub skipped: Vec<(Probe, String)>,
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
        for (title, lines) in [("kink", &self.kinks), ("undecided", &self.undecided), ("note", &self.notes)] {
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
