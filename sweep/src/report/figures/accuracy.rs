//! Accuracy against depth, before and after training.

use super::CHANCE;
use super::facets::label_keys;
use crate::report::columns::{self, before};
use crate::report::curves::Curves;
use crate::report::plot::{Axis, Chart, Figure, Guide, Key, Owner, Panel, Series};
use crate::results::{Scores, Summary};

/// A number of one configuration, if it has it.
type Read = fn(&Summary) -> Option<f64>;

fn scores(summary: &Summary) -> Option<Scores> {
    summary.trained.as_ref()?.scores
}

const TRAIN_ERROR: Read = |summary| Some(1.0 - scores(summary)?.train.accuracy);
const TEST_ERROR: Read = |summary| Some(1.0 - scores(summary)?.test.accuracy);

/// Accuracy on held-out data against depth; and the errors, where those on training data differ.
pub(in crate::report) fn accuracy(curves: &Curves<'_>) -> Option<Figure> {
    let summaries = &curves.results.summaries;
    if !curves.several_depths() || summaries.iter().all(|summary| before(summary).is_none()) {
        return None;
    }
    let depths: Vec<_> = curves.depths.iter().map(|depth| *depth as f64).collect();
    let x = Axis::values("depth", &depths);
    let mut chart = Chart::new(x.clone(), Axis::share("accuracy on held-out data"));
    chart.guides.push(Guide { at: CHANCE, label: "chance" });
    chart.series = lines(curves, &chart.x, before, ", before training", " faint", false);
    chart.series.extend(lines(curves, &chart.x, columns::after, "", "", true));
    let mut keys = label_keys(curves);
    keys.extend([Key::line("ink", "after training"), Key::line("ink faint", "before")]);
    let mut panels = vec![Panel { title: "Accuracy".into(), chart, owner: Owner::default() }];
    let differs = |summary: &Summary| scores(summary).is_some_and(|scores| scores.train != scores.test);
    if summaries.iter().any(differs) {
        let errors = summaries.iter().flat_map(|summary| [TRAIN_ERROR(summary), TEST_ERROR(summary)]).flatten();
        let mut chart = Chart::new(x, Axis::small_share("error", errors));
        chart.series = lines(curves, &chart.x, TRAIN_ERROR, ", train error", " dash", false);
        chart.series.extend(lines(curves, &chart.x, TEST_ERROR, ", test error", "", false));
        keys.push(Key::line("ink dash", "training data (errors)"));
        panels.push(Panel {
            title: "Errors after training, held-out and training data".into(),
            chart,
            owner: Owner::default(),
        });
    }
    Some(Figure {
        id: "accuracy",
        title: "Accuracy against depth",
        caption: "Means over seeds; a bar is the standard deviation over seeds. Dotted is the untrained network."
            .into(),
        legend: "",
        keys,
        panels,
    })
}

fn lines(curves: &Curves<'_>, x: &Axis, read: Read, what: &str, class: &str, errors: bool) -> Vec<Series> {
    let line = |(label, name): (usize, &String)| {
        let found = curves.with_label(label);
        let known: Vec<_> = found.into_iter().filter_map(|summary| Some((summary, read(summary)?))).collect();
        let deviation = |summary: &Summary| summary.accuracy_std.unwrap_or(f64::NAN);
        Series {
            name: format!("{name}{what}"),
            class: format!("{}{class}", curves.label_class(label)),
            points: known.iter().map(|(summary, y)| (x.place(summary.depth as f64), *y)).collect(),
            dots: true,
            errors: known.iter().filter(|_| errors).map(|(summary, _)| deviation(summary)).collect(),
            owner: curves.label_owner(label),
        }
    };
    curves.labels.iter().enumerate().map(line).filter(|series| !series.points.is_empty()).collect()
}
