//! Many curves at once: a panel for each label with a shade for each depth, or one panel with a color for each label.

use crate::report::curves::{Curves, shade_class};
use crate::report::plot::{Area, Axis, Chart, Key, Owner, Panel, Series};
use crate::results::Summary;

/// The marks of one configuration.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) series: Vec<Series>,
    pub(super) areas: Vec<Area>,
}

/// The panels. `marks` draws one configuration with the given color; panels without marks are left out.
pub(super) fn panels(
    curves: &Curves<'_>,
    (x, y): (&Axis, &Axis),
    marks: impl Fn(&Summary, &str, Owner) -> Marks,
) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    let panel = |title: &str, owner| Panel { title: title.to_owned(), chart: Chart::new(x.clone(), y.clone()), owner };
    if curves.several_depths() {
        for (label, name) in curves.labels.iter().enumerate() {
            panels.push(panel(name, curves.label_owner(label)));
        }
    } else {
        panels.push(panel("", Owner::default()));
    }
    for (summary, owner) in curves.all() {
        let (Some(label), Some(depth)) = (owner.label, owner.depth) else { continue };
        let (index, class) = match curves.several_depths() {
            true => (label, shade_class(depth, curves.depths.len())),
            false => (0, curves.label_class(label)),
        };
        let Marks { series, areas } = marks(summary, &class, owner);
        panels[index].chart.series.extend(series);
        panels[index].chart.areas.extend(areas);
    }
    panels.retain(|panel| !panel.chart.series.is_empty());
    panels
}

/// What the colors of the panels stand for.
pub(super) fn legend(curves: &Curves<'_>) -> (&'static str, Vec<Key>) {
    if curves.several_depths() {
        let count = curves.depths.len();
        let key = |(rank, depth): (usize, &usize)| Key {
            owner: Owner { depth: Some(rank), hidden: !curves.shown_depths[rank], label: None },
            ..Key::line(shade_class(rank, count), depth.to_string())
        };
        ("depth", curves.depths.iter().enumerate().map(key).collect())
    } else {
        ("", label_keys(curves))
    }
}

/// The colors of the labels.
pub(super) fn label_keys(curves: &Curves<'_>) -> Vec<Key> {
    let key = |(label, name): (usize, &String)| Key {
        owner: curves.label_owner(label),
        ..Key::line(curves.label_class(label), name)
    };
    curves.labels.iter().enumerate().map(key).collect()
}

/// What the pointer is told of a curve.
pub(super) fn name(curves: &Curves<'_>, owner: Owner) -> String {
    let label = owner.label.and_then(|label| curves.labels.get(label)).map_or("", |label| label);
    match owner.depth.and_then(|depth| curves.depths.get(depth)) {
        Some(depth) => format!("{label}, depth {depth}"),
        None => label.to_owned(),
    }
}
