//! Accuracy and loss against the learning rate: where the best rate lies, and whether it stays there.

use super::{RATE, numeric};
use crate::report::columns::{after, varying};
use crate::report::curves::{Curves, MOST_CURVES, label_class, shade_class};
use crate::report::plot::{Axis, Chart, Figure, Key, Owner, Panel, Series};
use crate::results::{Results, Summary};

/// The configurations that differ only in the learning rate, by rate.
#[derive(Debug)]
pub(in crate::report) struct RateCurve<'r> {
    /// What the others of their values are.
    pub(in crate::report) name: String,
    pub(in crate::report) points: Vec<(f64, &'r Summary)>,
}

/// The curves over the learning rate, where it varies.
pub(in crate::report) fn by_rate(results: &Results) -> Vec<RateCurve<'_>> {
    let mut axes = varying(results);
    if !axes.contains(&RATE) {
        return Vec::new();
    }
    axes.retain(|axis| *axis != RATE);
    if results.summaries.iter().any(|summary| summary.depth != results.summaries[0].depth) {
        axes.push("depth");
    }
    let mut curves: Vec<RateCurve<'_>> = Vec::new();
    for summary in &results.summaries {
        let Some(rate) = numeric(summary, RATE) else { continue };
        let others = summary.values.iter().filter(|(name, _)| axes.contains(name));
        let others: Vec<_> = others.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
        let name = if others.is_empty() { "all networks".to_owned() } else { others.join(", ") };
        match curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => curve.points.push((rate, summary)),
            None => curves.push(RateCurve { name, points: vec![(rate, summary)] }),
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|a, b| a.0.total_cmp(&b.0));
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
    let mut shown = by_rate(curves.results);
    let mut rates: Vec<_> = shown.iter().flat_map(|curve| &curve.points).map(|point| point.0).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let classes = classes(&shown);
    shown.truncate(MOST_CURVES);
    let x = Axis::values("learning rate", &rates);
    let loss = |summary: &Summary| Some(best_loss(summary)?.log10());
    let losses = Axis::decades("loss", curves.results.summaries.iter().filter_map(loss));
    let panels = [
        panel("Accuracy on held-out data", &x, Axis::share("accuracy"), lines(&shown, &classes, &x, after)),
        panel("Smallest training loss", &x, losses, lines(&shown, &classes, &x, loss)),
    ];
    let panels: Vec<_> = panels.into_iter().flatten().collect();
    (!panels.is_empty()).then(|| Figure {
        id: "rates",
        title: "Learning rate",
        caption:
            "After training; a gap is a network that diverged. Where the best rate is the same on every curve, it can \
                  be tuned on the smallest network."
                .into(),
        legend: "",
        keys: shown.iter().zip(&classes).map(|(curve, class)| Key::line(class, &curve.name)).collect(),
        panels,
    })
}

/// Shades, where the curves are the values of one axis of numbers; else colors.
fn classes(curves: &[RateCurve<'_>]) -> Vec<String> {
    let number =
        |curve: &RateCurve<'_>| !curve.name.contains(',') && curve.name.ends_with(|c: char| c.is_ascii_digit());
    let ordered = curves.iter().all(number);
    let class = |index| if ordered { shade_class(index, curves.len()) } else { label_class(index) };
    (0..curves.len()).map(class).collect()
}

fn lines(
    curves: &[RateCurve<'_>],
    classes: &[String],
    x: &Axis,
    read: impl Fn(&Summary) -> Option<f64>,
) -> Vec<Series> {
    let at = |(rate, summary): &(f64, &Summary)| (x.place(*rate), read(summary).unwrap_or(f64::NAN));
    let line = |(curve, class): (&RateCurve<'_>, &String)| Series {
        name: curve.name.clone(),
        class: class.clone(),
        points: curve.points.iter().map(at).collect(),
        dots: true,
        ..Series::default()
    };
    curves.iter().zip(classes).map(line).collect()
}

/// A panel, if there is a point in it.
fn panel(title: &str, x: &Axis, y: Axis, series: Vec<Series>) -> Option<Panel> {
    let known = series.iter().flat_map(|line| &line.points).any(|point| point.1.is_finite());
    let chart = Chart { series, ..Chart::new(x.clone(), y) };
    known.then(|| Panel { title: title.to_owned(), chart, owner: Owner::default() })
}
