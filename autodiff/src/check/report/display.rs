//! Reports as people read them.

use std::fmt;

use super::{Diagnosis, Discrepancy, Finding, Probe, Rates, Report};

/// Of kinks and the like, at most this many lines are shown.
const SHOWN: usize = 4;

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

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |rate: Option<f64>| rate.map_or("exact".to_owned(), |rate| format!("{rate:.2}"));
        write!(f, "remainders fall at rates {} and {}", rate(self.first), rate(self.second))?;
        match self.until {
            Some(step) => write!(f, ", until rounding at h = {step:.0e}"),
            None => Ok(()),
        }
    }
}

impl Finding {
    /// What is wrong, where, and how sure that is, in one line.
    pub fn headline(&self) -> String {
        let what = self.diagnosis.as_ref().map_or("the gradient is wrong".to_owned(), Diagnosis::to_string);
        let of = self.entries.first().map_or(String::new(), |entry| format!(", {}", entry.of));
        let suspect = self.suspects.first().map_or(String::new(), |suspect| format!(", by {suspect}"));
        let sure = if self.certain { "certain" } else { "by finite differences" };
        format!("{what}{of}{suspect} ({sure})")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        let setting = if self.setting.is_empty() { String::new() } else { format!(", {}", self.setting) };
        writeln!(f, "  {:?}{setting}; inputs {}", self.probe, self.case)?;
        for suspect in self.suspects.iter().skip(1) {
            writeln!(f, "  also suspect: {suspect}")?;
        }
        if !self.entries.is_empty() {
            writeln!(f, "  {:<22} {:>14} {:>14} {:>10} {:>9}", "entry", "analytic", "reference", "allowed", "ratio")?;
        }
        for entry in &self.entries {
            writeln!(f, "  {entry}")?;
        }
        if !self.consequences.is_empty() {
            let mut probes: Vec<String> = self.consequences.iter().map(|c| format!("{:?}", c.probe)).collect();
            probes.dedup();
            writeln!(f, "  also seen by: {}", probes.join(", "))?;
        }
        writeln!(f, "  reproduce: {}", self.snippet)?;
        write!(f, "  if it is meant: {}", silence(self.probe))
    }
}

/// The line that silences a probe.
fn silence(probe: Probe) -> String {
    format!("Check::new().skip(Probe::{probe:?}, \"why\")")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { subject, cases, comparisons, seed, .. } = self;
        match self.findings.len() {
            0 => write!(f, "passed: {subject}")?,
            1 => write!(f, "FAILED: {subject}: {}", self.findings[0])?,
            more => {
                write!(f, "FAILED: {subject}: {more} mistakes")?;
                for finding in &self.findings {
                    write!(f, "\n{finding}")?;
                }
            }
        }
        let separator = if self.passed() { "; " } else { "\n" };
        write!(f, "{separator}{comparisons} numbers compared in {cases} case(s), seed {seed}")?;
        if let Some(rates) = self.taylor.first() {
            write!(f, "\nTaylor's test: {rates}")?;
        }
        let lists = [
            ("kink", &self.kinks),
            ("undecided", &self.undecided),
            ("warning", &self.warnings),
            ("note", &self.notes),
            ("refused", &self.refused),
        ];
        for (title, lines) in lists {
            for line in lines.iter().take(SHOWN) {
                write!(f, "\n{title}: {line}")?;
            }
            if lines.len() > SHOWN {
                write!(f, "\n{title}: {} more", lines.len() - SHOWN)?;
            }
        }
        for (probe, why) in &self.skipped {
            write!(f, "\nskipped: {probe:?}, {why}")?;
        }
        let inapplicable: Vec<String> = self.inapplicable.iter().map(|(probe, _)| format!("{probe:?}")).collect();
        if !inapplicable.is_empty() {
            write!(f, "\nnot applicable: {}", inapplicable.join(", "))?;
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
