//! What trains, to which accuracy and at which depth; what diverges; which learning rate is best.

use super::{Finding, Kind, MOST_NAMED, MOST_TOLD, names};
use crate::report::columns::after;
use crate::report::curves::Curves;
use crate::report::figures::by_rate;
use crate::report::format::{count, list, number, percent};
use crate::results::{Scores, Summary};

/// A network has learned if it is right more often than wrong.
const LEARNED: f64 = 0.5;
/// The difference between the accuracies on training and on held-out data that is worth a sentence.
const OVERFITTING: f64 = 0.05;

fn scores(summary: &Summary) -> Option<Scores> {
    summary.trained.as_ref()?.scores
}

pub(super) fn findings(curves: &Curves<'_>) -> Vec<Finding> {
    let rates = rates(curves);
    let mut findings: Vec<_> = match rates {
        // Each rate is a curve of its own; the best of them is what matters.
        Some(_) => Vec::new(),
        None if curves.several_depths() => trained_depths(curves),
        None => Vec::new(),
    };
    findings.extend(ends(curves));
    findings.extend(overfitting(curves));
    findings.extend(rates);
    findings.extend(diverged(curves));
    findings
}

/// How deep networks train: those that do at every depth, and a sentence for each of the first of the others.
fn trained_depths(curves: &Curves<'_>) -> Vec<Finding> {
    let (mut everywhere, mut limited) = (Vec::new(), Vec::new());
    for label in 0..curves.labels.len() {
        match limit(&curves.with_label(label)) {
            Limit::Unknown => {}
            Limit::None => everywhere.push(label),
            Limit::Depth(text) => limited.push((label, text)),
        }
    }
    let mut findings = Vec::new();
    if !everywhere.is_empty() {
        let about = names(curves, &everywhere);
        findings.push(Finding::new(Kind::Good, about, "training succeeds at every depth.".into()));
    }
    let rest: Vec<_> = limited.iter().skip(MOST_TOLD).map(|(label, _)| *label).collect();
    for (label, text) in limited.into_iter().take(MOST_TOLD) {
        findings.push(Finding::new(Kind::Bad, curves.labels[label].as_str(), text));
    }
    if !rest.is_empty() {
        findings.push(Finding::new(Kind::Bad, names(curves, &rest), "training fails at some depth too.".into()));
    }
    findings
}

/// How deep networks train.
enum Limit {
    /// None was trained.
    Unknown,
    /// At every depth.
    None,
    /// Where it ends, in a sentence.
    Depth(String),
}

fn limit(by_depth: &[&Summary]) -> Limit {
    let known: Vec<_> = by_depth.iter().filter_map(|summary| Some((summary.depth, after(summary)?))).collect();
    let Some(best) = known.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return Limit::Unknown };
    let at = |(depth, accuracy): &(usize, f64)| format!("{} at depth {depth}", percent(*accuracy));
    let Some(learned) = known.iter().rposition(|point| point.1 >= LEARNED) else {
        return Limit::Depth(format!("training fails; at best it reaches {}.", at(best)));
    };
    match known.get(learned + 1) {
        None => Limit::None,
        Some(next) => Limit::Depth(format!("training reaches {}, but only {}.", at(&known[learned]), at(next))),
    }
}

/// The best and the worst accuracy.
fn ends(curves: &Curves<'_>) -> Option<Finding> {
    let known = curves.all().filter_map(|(summary, owner)| Some((after(summary)?, summary.depth, owner.label?)));
    let told = |(accuracy, depth, label): (f64, usize, usize)| {
        format!("{} ({} at depth {depth})", percent(accuracy), curves.labels[label])
    };
    let best = known.clone().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let worst = known.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let text = match known.count() {
        1 => format!("The accuracy after training is {}.", told(best)),
        _ => format!("The best accuracy after training is {}, the worst {}.", told(best), told(worst)),
    };
    Some(Finding::new(if best.0 >= LEARNED { Kind::Good } else { Kind::Bad }, "", text))
}

fn overfitting(curves: &Curves<'_>) -> Option<Finding> {
    let gap = |summary: &Summary| {
        let Scores { train, test } = scores(summary)?;
        Some((train.accuracy - test.accuracy, train.accuracy, test.accuracy))
    };
    let known = curves.all().filter_map(|(summary, owner)| Some((gap(summary)?, summary.depth, owner.label?)));
    let (least, most) =
        (known.clone().min_by(|a, b| a.0.0.total_cmp(&b.0.0))?, known.max_by(|a, b| a.0.0.total_cmp(&b.0.0))?);
    let ((difference, train, test), depth, label) = most;
    let text = format!(
        "The largest over-fitting: {} at depth {depth}, {} on training data and {} on held-out data; the smallest \
         difference is {} ({} at depth {}).",
        curves.labels[label],
        percent(train),
        percent(test),
        percent(least.0.0),
        curves.labels[least.2],
        least.1,
    );
    (difference > OVERFITTING).then(|| Finding::new(Kind::Note, "", text))
}

/// Whether the best learning rate stays where it is.
fn rates(curves: &Curves<'_>) -> Option<Finding> {
    let found = by_rate(curves.results);
    let best = |points: &[(f64, &Summary)]| {
        let known = points.iter().filter_map(|(rate, summary)| Some((*rate, after(summary)?)));
        known.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let best: Vec<_> = found.iter().filter_map(|curve| Some((&curve.name, best(&curve.points)?.0))).collect();
    let (first, last) = (best.first()?, best.last()?);
    if best.len() > 1 && best.iter().all(|curve| curve.1 == first.1) {
        let text = format!("The best learning rate is {} on all {} curves.", number(first.1), best.len());
        return Some(Finding::new(Kind::Good, "", text));
    }
    let told: Vec<_> = best.iter().map(|(name, rate)| format!("{} ({name})", number(*rate))).collect();
    let moves = if best.len() > 1 {
        format!(" It moves by a factor of {} from the first to the last.", number(last.1 / first.1))
    } else {
        String::new()
    };
    Some(Finding::new(Kind::Note, "", format!("The best learning rate is {}.{moves}", list(&told, MOST_NAMED))))
}

fn diverged(curves: &Curves<'_>) -> Option<Finding> {
    let found: Vec<_> = curves.all().filter(|(summary, _)| summary.diverged > 0).collect();
    let (total, runs) = found.iter().fold((0, 0), |(total, runs), (s, _)| (total + s.diverged, runs + s.seeds));
    let place = found.iter().find_map(|(summary, _)| summary.non_finite.as_deref());
    let place = place.map(|place| format!(" First: {place}.")).unwrap_or_default();
    let names: Vec<_> = found
        .iter()
        .filter_map(|(s, owner)| {
            Some(format!("{} at depth {} ({} of {})", curves.labels[owner.label?], s.depth, s.diverged, s.seeds))
        })
        .collect();
    let text = format!(
        "{} diverged in training, of {runs} with these settings: {}.{place}",
        count(total, "run"),
        list(&names, MOST_NAMED)
    );
    (total > 0).then(|| Finding::new(Kind::Bad, "", text))
}
