//! The loop over rows and cases.

use autodiff::check::{Check, Finding, Probe, Report};

use crate::byhand;
use crate::engine::Operation;
use crate::framework::Framework;
use crate::panics::quietly;
use crate::row::{Case, Row};
use crate::verdict::{Kind, Verdict};

/// An operation of more cases than this is checked by all probes in the first [`WHOLE`] of them only.
const MANY: usize = 8;
const WHOLE: usize = 2;
/// The probes of the other cases.
const BRIEF: [Probe; 6] = [
    Probe::Derivative,
    Probe::FiniteDifferences,
    Probe::Accumulation,
    Probe::Subsets,
    Probe::Layouts,
    Probe::Determinism,
];

/// What was found, at least once, in the cases of an operation.
pub struct Found {
    pub operation: String,
    /// The first case that shows it.
    pub case: String,
    pub finding: Finding,
    /// The number of cases that show it.
    pub times: usize,
    /// What a calculation without the checker gives: whether it confirms the finding, and the numbers.
    pub byhand: (bool, String),
    pub kind: Kind,
    pub why: &'static str,
}

/// The result of one operation.
#[derive(Default)]
pub struct Outcome {
    pub name: String,
    pub cases: usize,
    /// Cases without a finding.
    pub passed: usize,
    pub comparisons: usize,
    /// Cases that the framework rejects, or probes that it ends, with its words.
    pub rejected: Vec<String>,
    /// What the checker could not decide.
    pub undecided: Vec<String>,
    /// Warnings, notes.
    pub remarks: Vec<String>,
}

/// The result of a sweep.
pub struct Sweep {
    pub outcomes: Vec<Outcome>,
    pub found: Vec<Found>,
    pub seconds: f64,
}

/// Checks all rows whose name contains `only`.
pub fn sweep<F: Framework>(framework: &F, rows: &[Row<F::Tensor>], verdicts: &[Verdict], only: &str) -> Sweep {
    let start = std::time::Instant::now();
    let (mut outcomes, mut found) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.name.contains(only)) {
        let mut outcome = Outcome { name: row.name.clone(), cases: row.cases.len(), ..Outcome::default() };
        let first = found.len();
        for (index, case) in row.cases.iter().enumerate() {
            let brief = row.cases.len() > MANY && index >= WHOLE;
            let (reports, errors) = check(framework, row, case, None, brief);
            let none = reports.iter().all(|report| report.findings.is_empty());
            outcome.passed += usize::from(none && !reports.is_empty());
            outcome.rejected.extend(errors.into_iter().map(|error| format!("{}: {error}", case.describe())));
            for report in reports {
                outcome.comparisons += report.comparisons;
                outcome.undecided.extend(report.undecided.iter().map(|line| format!("{}: {line}", case.describe())));
                outcome.remarks.extend(report.warnings.iter().chain(&report.notes).cloned());
                if !only.is_empty() && !report.findings.is_empty() {
                    eprintln!("{}\n{report}", case.describe());
                }
                for finding in report.findings {
                    note(&mut found, first, framework, row, case, finding, verdicts);
                }
            }
        }
        let words = if outcome.passed == outcome.cases { "ok" } else { "" };
        eprintln!(
            "{:<28} {:>3} of {:>3} {words} {:.1} s",
            row.name,
            outcome.passed,
            outcome.cases,
            start.elapsed().as_secs_f64()
        );
        outcomes.push(outcome);
    }
    Sweep { outcomes, found, seconds: start.elapsed().as_secs_f64() }
}

/// Adds a finding, or counts it if an earlier case of the operation shows the same.
fn note<F: Framework>(
    found: &mut Vec<Found>,
    first: usize,
    framework: &F,
    row: &Row<F::Tensor>,
    case: &Case<F::Tensor>,
    finding: Finding,
    verdicts: &[Verdict],
) {
    let same =
        |other: &&mut Found| other.finding.probe == finding.probe && kind_of(&other.finding) == kind_of(&finding);
    if let Some(other) = found[first..].iter_mut().find(same) {
        other.times += usize::from(other.case != case.describe());
        return;
    }
    let (headline, setting) = (finding.headline(), finding.setting.clone());
    let verdict = verdicts.iter().find(|verdict| verdict.judges(&row.name, &headline, &setting));
    let (kind, why) = verdict.map_or((Kind::Unjudged, ""), |verdict| (verdict.kind, verdict.why));
    let byhand = match kind {
        Kind::Single => passes_single(framework, row, case),
        _ => byhand::confirm(framework, case, &finding),
    };
    let (operation, case) = (row.name.clone(), case.describe());
    found.push(Found { operation, case, finding, times: 1, byhand, kind, why });
}

/// Whether a case passes if its arithmetic is taken to be that of `f32`.
fn passes_single<F: Framework>(framework: &F, row: &Row<F::Tensor>, case: &Case<F::Tensor>) -> (bool, String) {
    let (reports, errors) = check(framework, row, case, Some(f32::EPSILON.into()), true);
    match reports.first().map(|report| report.findings.first().map(Finding::headline)) {
        Some(None) => (true, "passes with the rounding error of f32".into()),
        Some(Some(headline)) => (false, format!("with the rounding error of f32: {headline}")),
        None => (false, errors.join("; ")),
    }
}

/// A diagnosis without its numbers.
fn kind_of(finding: &Finding) -> String {
    let text = finding.diagnosis.as_ref().map_or(String::new(), ToString::to_string);
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// The reports of a case, and what the framework rejects. A probe that the framework ends by an error is skipped.
fn check<F: Framework>(
    framework: &F,
    row: &Row<F::Tensor>,
    case: &Case<F::Tensor>,
    epsilon: Option<f64>,
    brief: bool,
) -> (Vec<Report>, Vec<String>) {
    let (function, epsilon, filled) = (&case.function, epsilon.unwrap_or(row.epsilon), row.filled);
    let operation = Operation { name: &row.name, framework, function, epsilon, filled };
    let mut check = Check::new();
    for (input, bounds) in case.inputs.iter().enumerate() {
        if let Some((low, high)) = bounds.bounds {
            check = check.within(input, low..=high);
        }
    }
    for (probe, why) in &row.skipped {
        check = check.skip(*probe, why);
    }
    for probe in Probe::ALL.into_iter().filter(|probe| brief && !BRIEF.contains(probe)) {
        check = check.skip(probe, "run in the first cases of this operation");
    }
    let run = |check: &Check| quietly(|| check.engine(&operation, vec![case.values()]));
    let error = match run(&check) {
        Ok(report) => return (vec![report], Vec::new()),
        Err(error) => error,
    };
    // Which probes does the framework end?
    let mut errors = Vec::new();
    let mut rest = check.clone();
    for probe in Probe::ALL {
        let others = Probe::ALL.into_iter().filter(|other| *other != probe);
        let alone = others.fold(check.clone(), |check, other| check.skip(other, "one probe at a time"));
        if let Err(error) = run(&alone) {
            errors.push(format!("{probe:?} ends with: {error}"));
            rest = rest.skip(probe, "ends with an error");
        }
    }
    match run(&rest) {
        Ok(report) if errors.len() < Probe::ALL.len() => (vec![report], errors),
        _ => (Vec::new(), vec![error.to_string()]),
    }
}
