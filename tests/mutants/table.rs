//! Checks a mutant, and prints what found it.

use std::io::Write;

use autodiff::Tensor;
use autodiff::check::{Check, Diagnosis, Report};
use autodiff::op::AnyScalar;

/// A mutant: where its mistake comes from, its name, the operation, a case, and what the checker must say of it (`None`: any
/// finding will do). Operations that share a name share the mistake: the league counts it once.
pub(crate) struct Mutant {
    pub(crate) origin: &'static str,
    pub(crate) mistake: &'static str,
    pub(crate) op: Box<dyn AnyScalar>,
    pub(crate) inputs: Vec<Tensor<f64>>,
    pub(crate) expected: Option<Diagnosis>,
}

/// Mutants of one origin: `"origin": "mistake": operation, [inputs], expected; …`.
macro_rules! table {
    ($origin:literal: $($mistake:literal: $op:expr, [$($input:expr),*], $expected:expr;)*) => {
        vec![$($crate::mutants::table::Mutant {
            origin: $origin,
            mistake: $mistake,
            op: Box::new($op),
            inputs: vec![$($input),*],
            expected: $expected,
        }),*]
    };
}
pub(crate) use table;

/// What the checker calls the mistake.
pub(crate) fn diagnoses(report: &Report) -> impl Iterator<Item = &Diagnosis> {
    report.findings.iter().filter_map(|finding| finding.diagnosis.as_ref())
}

/// Whether the checker calls the mistake what it is.
pub(crate) fn says(report: &Report, expected: &Diagnosis) -> bool {
    let alike = |found: &Diagnosis| match (found, expected) {
        (Diagnosis::Factor(found), Diagnosis::Factor(expected)) => (found - expected).abs() < 1e-6,
        _ => found == expected,
    };
    diagnoses(report).any(alike)
}

/// Checks every mutant and prints a table; fails where one survives or is found for a wrong reason.
pub(crate) fn kill(title: &str, mutants: Vec<Mutant>) {
    let (mut table, mut wrong, mut mistakes) = (format!("{title}\n"), Vec::new(), 0);
    for mutant in &mutants {
        let report = Check::new().op(&*mutant.op, vec![mutant.inputs.clone()]).unwrap();
        mistakes += report.findings.len();
        let probes: Vec<String> = report.findings.iter().map(|finding| format!("{:?}", finding.probe)).collect();
        let diagnosed = mutant.expected.as_ref().is_none_or(|expected| says(&report, expected));
        let diagnosis = match &mutant.expected {
            Some(expected) if diagnosed => expected.to_string(),
            Some(expected) => format!("NOT FOUND: {expected}"),
            None => diagnoses(&report).map(ToString::to_string).next().unwrap_or_default(),
        };
        let found = if report.passed() { "SURVIVES".to_owned() } else { probes.join(" ") };
        let name = format!("{:?}", mutant.op);
        table += &format!(
            "  {:<24} {:<36} {:<28} {:<40} {found}\n",
            mutant.origin,
            mutant.mistake,
            name.chars().take(28).collect::<String>(),
            diagnosis
        );
        if report.passed() || !diagnosed {
            wrong.push(format!("{}, {} {name}: {report}", mutant.origin, mutant.mistake));
        }
    }
    table +=
        &format!("  {} mutants, {} survive or are misdiagnosed, {mistakes} findings\n", mutants.len(), wrong.len());
    let _ = std::io::stderr().write_all(table.as_bytes());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
