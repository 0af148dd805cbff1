//! Accuracy and loss against the learning rate: where the best rate lies, and whether it stays there.

use super::{RATE, numeric};
use crate::report::columns::{after, value, varying};
use crate::report::curves::{Curves, MOST_CURVES, label_class, shade_class};
use crate::report::plot::{Axis, Chart, Figure, Key, Owner, Panel, Series};
use crate::results::{Results, Summary};

/// The configurations that differ only in the learning rate, by rate.
#[derive(Debug)]
pub(in crate::report) struct RateCurve<'r> {
    /// The group of them.
    pub(in crate::report) group: String,
    /// What tells it from others of the group.
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<(f64, &'r Summary)>,
}

/// The curves over the learning rate, where it varies.
pub(in crate::report) fn by_rate(results: &Results) -> Vec<RateCurve<'_>> {
    let mut curves: Vec<RateCurve<'_>> = Vec::new();
    if !varying(results).contains(&RATE) {
        return curves;
    }
    let depths_vary = results.summaries.iter().any(|summary| summary.depth != results.summaries[0].depth);
    for summary in &results.summaries {
        let Some(rate) = numeric(summary, RATE) else { continue };
        let group = summary.group.clone().unwrap_or_default();
        let rate_part = format!("{} {}", RATE.replace('_', " "), value(summary, RATE).unwrap_or_default());
        let others = summary.label.split(", ").filter(|part| *part != rate_part).collect::<Vec<_>>().join(", ");
        let others = others.strip_prefix(&group).map_or(others.as_str(), |rest| rest.trim_start_matches(", "));
        let depth = depths_vary.then(|| format!("depth {}", summary.depth));
        let parts: Vec<_> = [others.to_owned()].into_iter().filter(|part| !part.is_empty()).chain(depth).collect();
        let name = if parts.is_empty() { "all networks".to_owned() } else { parts.join(", ") };
        match curves.iter_mut().find(|curve| curve.group == group && curve.name == name) {
            Some(curve) => curve.points.push((rate, summary)),
            None => curves.push(RateCurve { group, name, points: vec![(rate, summary)] }),
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    curves
}

/// The smallest loss of the training.
pub(in crate::report) fn best_loss(summary: &Summary) -> Option<f64> {
    let losses = summary.curve.iter().map(|point| point.loss);
    losses.filter(|loss| loss.is_finite()).reduce(f64::min)
}

/// Accuracy and smallest loss against the learning rate, where it varies: two panels for each group.
pub(super) fn rates(curves: &Curves<'_>) -> Option<Figure> {
    let all = by_rate(curves.results);
    let mut rates: Vec<_> = all.iter().flat_map(|curve| &curve.points).map(|point| point.0).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let x = Axis::values("learning rate", &rates);
    let loss = |summary: &Summary| Some(best_loss(summary)?.log10());
    let losses = Axis::decades("smallest training loss", curves.results.summaries.iter().filter_map(loss));
    let (mut panels, mut keys) = (Vec::new(), Vec::new());
    for group in all.chunk_by(|a, b| a.group == b.group) {
        let group = &group[..group.len().min(MOST_CURVES)];
        let title = &group[0].group;
        panels.extend(panel(title, &x, Axis::share("accuracy on held-out data"), lines(group, &x, after)));
        panels.extend(panel(title, &x, losses.clone(), lines(group, &x, loss)));
        keys.extend(group.iter().enumerate().map(|(index, curve)| (class(index, group.len()), curve.name.clone())));
    }
    keys.sort_by(|a, b| a.1.len().cmp(&b.1.len()).then(a.cmp(b)));
    keys.dedup();
    (!panels.is_empty()).then(|| Figure {
        id: "rates",
        title: "Learning rate",
        caption:
            "After training; a gap is a network that diverged. Where the best rate is the same on every curve, it can \
                  be tuned on the smallest network."
                .into(),
        legend: "",
        keys: keys.into_iter().map(|(class, name)| Key::line(class, name)).collect(),
        panels,
    })
}

/// Shades, since the curves of a group are in the order of their values.
fn class(index: usize, count: usize) -> String {
    if count > 1 { shade_class(index, count) } else { label_class(0) }
}

fn lines(curves: &[RateCurve<'_>], x: &Axis, read: impl Fn(&Summary) -> Option<f64>) -> Vec<Series> {
    let at = |(rate, summary): &(f64, &Summary)| (x.place(*rate), read(summary).unwrap_or(f64::NAN));
    let line = |(index, curve): (usize, &RateCurve<'_>)| Series {
        name: if curve.group.is_empty() { curve.name.clone() } else { format!("{}: {}", curve.group, curve.name) },
        class: class(index, curves.len()),
        points: curve.points.iter().map(at).collect(),
        dots: true,
        ..Series::default()
    };
    curves.iter().enumerate().map(line).collect()
}

/// A panel, if there is a point in it.
fn panel(title: &str, x: &Axis, y: Axis, series: Vec<Series>) -> Option<Panel> {
    let known = series.iter().flat_map(|line| &line.points).any(|point| point.1.is_finite());
    let chart = Chart { series, ..Chart::new(x.clone(), y) };
    known.then(|| Panel { title: title.to_owned(), chart, owner: Owner::default() })
}
