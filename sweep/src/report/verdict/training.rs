//! What trains, to which accuracy and at which depth; what diverges; which learning rate is best.

use super::{Finding, Kind, MOST_NAMED};
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
    let labels = 0..curves.labels.len();
    let (told, left_out): (Vec<_>, Vec<_>) = labels.partition(|label| *label < MOST_NAMED);
    let mut findings: Vec<_> = told.into_iter().filter_map(|label| trained(curves, label)).collect();
    findings.extend(best(curves).filter(|_| !left_out.is_empty() || findings.len() > 1));
    findings.extend(overfitting(curves));
    findings.extend(rates(curves));
    findings.extend(diverged(curves));
    findings
}

/// How deep the networks with this label train.
fn trained(curves: &Curves<'_>, label: usize) -> Option<Finding> {
    let all = curves.with_label(label);
    let known: Vec<_> = all.iter().filter_map(|summary| Some((summary.depth, after(summary)?))).collect();
    let name = &curves.labels[label];
    let at = |(depth, accuracy): &(usize, f64)| format!("{} at depth {depth}", percent(*accuracy));
    let deepest_learned = known.iter().rev().find(|point| point.1 >= LEARNED);
    let Some(learned) = deepest_learned else {
        let best = known.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        return Some(Finding::new(Kind::Bad, format!("{name} does not train: at best it reaches {}.", at(best))));
    };
    let beyond: Vec<_> = known.iter().filter(|point| point.0 > learned.0).collect();
    let text = match beyond.first() {
        None if known.len() == 1 => format!("{name} trains to {}.", at(learned)),
        None => format!("{name} trains at every depth: {}.", ends(&known)),
        Some(next) => format!(
            "{name} trains down to depth {} ({}), no longer from depth {} on ({}).",
            learned.0,
            percent(learned.1),
            next.0,
            percent(next.1)
        ),
    };
    Some(Finding::new(if beyond.is_empty() { Kind::Good } else { Kind::Bad }, text))
}

/// The least and the largest accuracy.
fn ends(known: &[(usize, f64)]) -> String {
    let accuracies = || known.iter().map(|point| point.1);
    let (least, most) = (accuracies().fold(1.0, f64::min), accuracies().fold(0.0, f64::max));
    format!("{} to {}", percent(least), percent(most))
}

fn best(curves: &Curves<'_>) -> Option<Finding> {
    let known = curves.all().filter_map(|(summary, owner)| Some((after(summary)?, summary.depth, owner.label?)));
    let (accuracy, depth, label) = known.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let text = format!("The best accuracy is {}: {} at depth {depth}.", percent(accuracy), curves.labels[label]);
    Some(Finding::new(Kind::Good, text))
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
    (difference > OVERFITTING).then(|| Finding::new(Kind::Note, text))
}

/// Whether the best learning rate stays where it is.
fn rates(curves: &Curves<'_>) -> Option<Finding> {
    let found = by_rate(curves.results);
    let best = |points: &[(f64, &Summary)]| {
        let known = points.iter().filter_map(|(rate, summary)| Some((*rate, after(summary)?)));
        known.max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let best: Vec<_> = found.iter().filter_map(|(name, points)| Some((name, best(points)?.0))).collect();
    let (first, last) = (best.first()?, best.last()?);
    if best.len() > 1 && best.iter().all(|curve| curve.1 == first.1) {
        let text = format!("The best learning rate is {} on all {} curves.", number(first.1), best.len());
        return Some(Finding::new(Kind::Good, text));
    }
    let told: Vec<_> = best.iter().map(|(name, rate)| format!("{} ({name})", number(*rate))).collect();
    let moves = if best.len() > 1 {
        format!(" It moves by a factor of {} from the first to the last.", number(last.1 / first.1))
    } else {
        String::new()
    };
    Some(Finding::new(Kind::Note, format!("The best learning rate is {}.{moves}", list(&told, MOST_NAMED))))
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
    (total > 0).then(|| Finding::new(Kind::Bad, text))
}
