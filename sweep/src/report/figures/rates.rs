//! Accuracy and loss against the learning rate: where the best rate lies, and whether it stays there.

use super::{RATE, numeric};
use crate::report::columns::{after, varying};
use crate::report::curves::{Curves, MOST_CURVES, label_class, shade_class};
use crate::report::plot::{Axis, Chart, Figure, Key, Owner, Panel, Series};
use crate::results::{Results, Summary};

/// The configurations that differ only in the learning rate, by rate, and what the others of their values are.
pub(in crate::report) fn by_rate(results: &Results) -> Vec<(String, Vec<(f64, &Summary)>)> {
    let mut axes = varying(results);
    if !axes.contains(&RATE) {
        return Vec::new();
    }
    axes.retain(|axis| *axis != RATE);
    if results.summaries.iter().any(|summary| summary.depth != results.summaries[0].depth) {
        axes.push("depth");
    }
    let mut curves: Vec<(String, Vec<(f64, &Summary)>)> = Vec::new();
    for summary in &results.summaries {
        let Some(rate) = numeric(summary, RATE) else { continue };
        let others = summary.values.iter().filter(|(name, _)| axes.contains(name));
        let others: Vec<_> = others.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
        let name = if others.is_empty() { "all networks".to_owned() } else { others.join(", ") };
        match curves.iter_mut().find(|curve| curve.0 == name) {
            Some(curve) => curve.1.push((rate, summary)),
            None => curves.push((name, vec![(rate, summary)])),
        }
    }
    for curve in &mut curves {
        curve.1.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    curves
}

/// The smallest loss of the training.
fn best_loss(summary: &Summary) -> Option<f64> {
    let losses = summary.curve.iter().map(|point| point.loss);
    losses.filter(|loss| loss.is_finite()).reduce(f64::min)
}

/// Accuracy and smallest loss against the learning rate, where it varies.
pub(super) fn rates(curves: &Curves<'_>) -> Option<Figure> {
    let by_rate = by_rate(curves.results);
    let mut rates: Vec<_> = by_rate.iter().flat_map(|curve| &curve.1).map(|point| point.0).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let x = Axis::values("learning rate", &rates);
    let count = by_rate.len();
    let ordered = by_rate.iter().all(|curve| !curve.0.contains(',') && curve.0.ends_with(|c: char| c.is_ascii_digit()));
    let class = |index| if ordered { shade_class(index, count) } else { label_class(index) };
    let shown = || by_rate.iter().take(MOST_CURVES).enumerate();
    let lines = |read: &dyn Fn(&Summary) -> Option<f64>| -> Vec<Series> {
        let line = |(index, (name, points)): (usize, &(String, Vec<(f64, &Summary)>))| Series {
            name: name.clone(),
            class: class(index),
            points: points.iter().map(|(rate, summary)| (x.place(*rate), read(summary).unwrap_or(f64::NAN))).collect(),
            dots: true,
            ..Series::default()
        };
        shown().map(line).collect()
    };
    let mut panels = Vec::new();
    let mut add = |title: &str, y: Axis, series: Vec<Series>| {
        if series.iter().flat_map(|line| &line.points).any(|point| point.1.is_finite()) {
            let chart = Chart { series, ..Chart::new(x.clone(), y) };
            panels.push(Panel { title: title.to_owned(), chart, owner: Owner::default() });
        }
    };
    add("Accuracy on held-out data", Axis::share("accuracy"), lines(&after));
    let loss = |summary: &Summary| Some(best_loss(summary)?.log10());
    let losses = curves.results.summaries.iter().filter_map(loss);
    add("Smallest training loss", Axis::decades("loss", losses), lines(&loss));
    (!panels.is_empty()).then(|| Figure {
        id: "rates",
        title: "Learning rate",
        caption:
            "After training; a gap is a network that diverged. Where the best rate is the same on every curve, it can \
                  be tuned on the smallest network."
                .into(),
        legend: "",
        keys: shown().map(|(index, curve)| Key::line(class(index), &curve.0)).collect(),
        panels,
    })
}
