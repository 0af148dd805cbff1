//! Errors on training and held-out data side by side, where networks of one depth are compared.

use super::rates::by_rate;
use crate::report::curves::Curves;
use crate::report::format;
use crate::report::plot::{Axis, Cell, Chart, Figure, Key, Owner, Panel};
use crate::results::Summary;

const ROW: f64 = 38.0;

/// Bars for each label.
pub(super) fn overfitting(curves: &Curves<'_>) -> Option<Figure> {
    let errors = |summary: &Summary| {
        let scores = summary.trained.as_ref()?.scores?;
        Some([1.0 - scores.train.accuracy, 1.0 - scores.test.accuracy])
    };
    let known: Vec<_> = curves.all().filter_map(|(s, owner)| Some((owner.label?, errors(s)?))).collect();
    let differ = known.iter().any(|(_, [train, test])| train != test);
    if !by_rate(curves.results).is_empty() || curves.several_depths() || curves.labels.len() < 2 || !differ {
        return None;
    }
    let x = Axis::small_share("error", known.iter().flat_map(|(_, errors)| *errors));
    let mut chart = Chart::new(x, Axis::names("", &curves.labels));
    chart.size = (640.0, 60.0 + ROW * curves.labels.len() as f64);
    let sets = [("k0", "training data", 0.02, 0.4), ("k1", "held-out data", -0.4, -0.02)];
    for (label, errors) in known {
        for ((class, set, low, high), error) in sets.into_iter().zip(errors) {
            let y = -(label as f64);
            chart.cells.push(Cell {
                x: (0.0, error),
                y: (y + low, y + high),
                class: class.into(),
                text: String::new(),
                tip: format!("{}, {set}: {}", curves.labels[label], format::percent(error)),
                owner: Owner::default(),
            });
        }
    }
    Some(Figure {
        id: "overfitting",
        title: "Errors on training and held-out data",
        caption: "After training. The difference between the two bars is over-fitting.".into(),
        legend: "error on",
        keys: sets.iter().map(|(class, set, ..)| Key::filled(*class, *set)).collect(),
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}
