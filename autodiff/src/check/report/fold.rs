//! One finding a mistake: what follows from another finding is folded under it.

use super::{Consequence, Diagnosis, Finding, Probe};

/// Folds the findings of one case: those from index `first` on.
pub(in crate::check) fn fold(findings: &mut Vec<Finding>, first: usize) {
    let mut found = findings.split_off(first);
    found.sort_by_key(depth);
    let mut causes: Vec<Finding> = Vec::new();
    for finding in found {
        match causes.iter_mut().find(|cause| explains(cause, &finding)) {
            Some(cause) => {
                let Finding { probe, setting, diagnosis, .. } = finding;
                // A mistake may be easier to recognize at another shape.
                if cause.diagnosis.is_none() && probe == Probe::Extents && diagnosis == Some(Diagnosis::Misplaced) {
                    cause.diagnosis.clone_from(&diagnosis);
                }
                cause.consequences.push(Consequence { probe, setting, diagnosis });
            }
            None => causes.push(finding),
        }
    }
    findings.extend(causes);
}

/// How near to the cause a finding is; the nearest first.
fn depth(finding: &Finding) -> (usize, Probe) {
    let depth = match (&finding.diagnosis, finding.probe) {
        (Some(Diagnosis::Panicked(_)), _) => 0,
        (Some(Diagnosis::Uninitialized), _) => 1,
        (Some(Diagnosis::Nondeterministic), _) => 2,
        (Some(Diagnosis::NoGradient), _) => 3,
        (Some(Diagnosis::NotLinear), _) => 4,
        (Some(_), Probe::Derivative) => 5,
        (None, Probe::Derivative) => 6,
        (Some(Diagnosis::NotFinite), _) => 7,
        _ => 8,
    };
    (depth, finding.probe)
}

/// Whether `finding` follows from `cause`.
fn explains(cause: &Finding, finding: &Finding) -> bool {
    let same = cause.diagnosis == finding.diagnosis;
    match (&cause.diagnosis, cause.probe) {
        _ if !cause.suspects.is_empty() && cause.suspects == finding.suspects => true,
        (Some(Diagnosis::Panicked(_)), _) => same,
        (Some(Diagnosis::Uninitialized | Diagnosis::Nondeterministic), _) => true,
        (Some(Diagnosis::NoGradient | Diagnosis::NotLinear), _) | (_, Probe::Derivative) => {
            follows_from_wrong(cause, finding)
        }
        (Some(Diagnosis::DependsOnLayout), _) => same,
        _ => {
            let not_finite = |finding: &Finding| {
                matches!(finding.diagnosis, Some(Diagnosis::NotFinite | Diagnosis::OverflowInSingle))
            };
            let by_differences = |finding: &Finding| matches!(finding.probe, Probe::FiniteDifferences | Probe::Taylor);
            cause.probe == finding.probe
                || (not_finite(cause) && not_finite(finding))
                || (by_differences(cause) && finding.probe.needs_reference())
        }
    }
}

/// Whether a finding follows from a gradient that is wrong at the inputs of the case.
fn follows_from_wrong(cause: &Finding, finding: &Finding) -> bool {
    match (&finding.diagnosis, finding.probe) {
        (Some(Diagnosis::Panicked(_)), _) => false,
        (Some(Diagnosis::OverflowInSingle | Diagnosis::NotFinite), _) => cause.diagnosis == Some(Diagnosis::NotFinite),
        (Some(_), Probe::Derivative) if cause.probe == Probe::Derivative => {
            cause.diagnosis.is_none() || cause.diagnosis == finding.diagnosis
        }
        (_, probe) => probe.needs_reference() || probe == cause.probe,
    }
}
