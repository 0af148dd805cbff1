//! What trains, to which accuracy and at which depth; what diverges; which learning rate is best.

use super::{Finding, Kind, MOST_NAMED, MOST_TOLD, names};
use crate::report::columns::after;
use crate::report::curves::Curves;
use crate::report::figures::{RateCurve, best_loss, by_rate};
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
    // Where rates vary each is a curve of its own; the best of them is what matters.
    let by_depth = rates.is_empty() && curves.several_depths();
    let mut findings = if by_depth { trained_depths(curves) } else { Vec::new() };
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
    let told = |((_, train, test), depth, label): ((f64, f64, f64), usize, usize)| {
        let (train, test) = (percent(train), percent(test));
        format!("{} at depth {depth}, {train} on training data and {test} on held-out data", curves.labels[label])
    };
    let text = format!("The largest over-fitting: {}; the smallest: {}.", told(most), told(least));
    (most.0.0 > OVERFITTING).then(|| Finding::new(Kind::Note, "", text))
}

/// Whether the best learning rate stays where it is, for each group.
fn rates(curves: &Curves<'_>) -> Vec<Finding> {
    by_rate(curves.results).chunk_by(|a, b| a.group == b.group).filter_map(best_rate).collect()
}

fn best_rate(group: &[RateCurve<'_>]) -> Option<Finding> {
    // The loss tells rates apart where all reach the same accuracy.
    let best = |curve: &RateCurve<'_>| {
        let known = curve.points.iter().filter_map(|(rate, summary)| Some((*rate, best_loss(summary)?)));
        Some(known.min_by(|a, b| a.1.total_cmp(&b.1))?.0)
    };
    let best: Vec<_> = group.iter().filter_map(|curve| Some((best(curve)?, &curve.name))).collect();
    let (first, last) = (best.first()?, best.last()?);
    let told = |(rate, name): &(f64, &String)| format!("{} ({name})", number(*rate));
    let (kind, text) = if best.len() == 1 {
        (Kind::Note, format!("The training loss is smallest at the rate {}.", number(first.0)))
    } else if best.iter().all(|curve| curve.0 == first.0) {
        (
            Kind::Good,
            format!("The best learning rate, by training loss, is {} on all {} curves.", number(first.0), best.len()),
        )
    } else if best.len() <= MOST_NAMED {
        let all: Vec<_> = best.iter().map(told).collect();
        (Kind::Note, format!("The best learning rate, by training loss, moves: {}.", list(&all, MOST_NAMED)))
    } else {
        (Kind::Note, format!("The best learning rate, by training loss, moves from {} to {}.", told(first), told(last)))
    };
    Some(Finding::new(kind, group[0].group.as_str(), text))
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
