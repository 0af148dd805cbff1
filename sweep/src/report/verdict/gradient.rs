//! Which gradients vanish, explode or stay healthy before training.

use super::{Finding, Kind, MOST_TOLD, names};
use crate::report::curves::Curves;
use crate::report::format::prose;
use crate::results::{Summary, Verdict};

/// Labels whose gradients are the same, because they differ only in the training, and the summaries by depth of the first.
type Curve<'r> = (Vec<usize>, Vec<&'r Summary>);

/// All labels, those of equal gradients together.
fn distinct<'r>(curves: &Curves<'r>) -> Vec<Curve<'r>> {
    let same = |a: &[&Summary], b: &[&Summary]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a.depth == b.depth && a.init.shrink.to_bits() == b.init.shrink.to_bits())
    };
    let mut found: Vec<Curve<'_>> = Vec::new();
    for label in 0..curves.labels.len() {
        let summaries = curves.with_label(label);
        // A single layer has no ratio that would tell labels apart.
        let told_apart = summaries.iter().any(|summary| summary.depth > 1);
        match found.iter_mut().find(|curve| told_apart && same(&curve.1, &summaries)) {
            Some(curve) => curve.0.push(label),
            None => found.push((vec![label], summaries)),
        }
    }
    found
}

pub(super) fn findings(curves: &Curves<'_>) -> Vec<Finding> {
    let all = distinct(curves);
    let of_kind = |verdict: Verdict| -> Vec<&Curve<'_>> {
        let is_so = |deepest: &&Summary| Verdict::from_shrink(deepest.init.shrink) == verdict;
        all.iter().filter(|curve| curve.1.last().is_some_and(is_so)).collect()
    };
    let mut findings = unhealthy(curves, of_kind(Verdict::Vanishing), Verdict::Vanishing);
    findings.extend(unhealthy(curves, of_kind(Verdict::Exploding), Verdict::Exploding));
    findings.extend(healthy(curves, &of_kind(Verdict::Healthy)));
    findings
}

/// A sentence for each of the worst, and one for the rest.
fn unhealthy(curves: &Curves<'_>, mut found: Vec<&Curve<'_>>, verdict: Verdict) -> Vec<Finding> {
    let severity = |curve: &Curve<'_>| curve.1.last().map_or(0.0, |deepest| deepest.init.shrink.log10().abs());
    found.sort_by(|a, b| severity(b).total_cmp(&severity(a)));
    let told = found.iter().take(MOST_TOLD);
    let told = told.filter_map(|(labels, summaries)| Some((labels, sentence(summaries, verdict)?)));
    let mut findings: Vec<_> =
        told.map(|(labels, text)| Finding::new(Kind::Bad, names(curves, labels), text)).collect();
    let rest: Vec<_> = found.iter().skip(MOST_TOLD).flat_map(|curve| curve.0.iter().copied()).collect();
    if !rest.is_empty() {
        let text = format!("the gradient is {verdict} too.");
        findings.push(Finding::new(Kind::Bad, names(curves, &rest), text));
    }
    findings
}

fn sentence(summaries: &[&Summary], verdict: Verdict) -> Option<String> {
    let (shallowest, deepest) = (summaries.first()?, summaries.last()?);
    let (does, a_layer) = match verdict {
        Verdict::Vanishing => ("vanishes", "a layer passes on"),
        _ => ("explodes", "a layer multiplies it by"),
    };
    let factor = deepest.init.factor.map(|factor| format!("; {a_layer} {}", prose(factor))).unwrap_or_default();
    let reach = match deepest.init.shrink {
        0.0 => "nothing of it reaches the bottom layer".to_owned(),
        shrink if shrink.is_finite() && shrink > 1.0 => {
            format!("the bottom layer gets {} times what the top layer gets", prose(shrink))
        }
        shrink if shrink.is_finite() => format!("the bottom layer gets {} of what the top layer gets", prose(shrink)),
        _ => "it overflows before the bottom layer".to_owned(),
    };
    let first = summaries.iter().find(|summary| Verdict::from_shrink(summary.init.shrink) == verdict)?;
    let from = if first.depth > shallowest.depth { format!(" from depth {} on", first.depth) } else { String::new() };
    Some(format!("the gradient {does}{from}{factor}; at depth {} {reach}.", deepest.depth))
}

fn healthy(curves: &Curves<'_>, found: &[&Curve<'_>]) -> Option<Finding> {
    let deepest = || found.iter().filter_map(|curve| curve.1.last()).filter(|summary| summary.depth > 1);
    let shrinks = || deepest().map(|summary| summary.init.shrink);
    let (least, most) = (shrinks().reduce(f64::min)?, shrinks().reduce(f64::max)?);
    let depth = deepest().map(|summary| summary.depth).max()?;
    let range = match (prose(least), prose(most)) {
        (least, most) if least == most => least,
        (least, most) => format!("between {least} and {most}"),
    };
    let labels: Vec<_> = found.iter().flat_map(|curve| curve.0.iter().copied()).collect();
    let text = format!(
        "the gradient stays healthy; at depth {depth} the bottom layer gets {range} times what the top layer gets."
    );
    Some(Finding::new(Kind::Good, names(curves, &labels), text))
}
