//! How much of the gradient arrives at the bottom, against depth.

use super::facets::label_keys;
use crate::report::curves::Curves;
use crate::report::plot::{Area, Axis, Chart, Figure, Guide, Key, Owner, Panel, Series};
use crate::results::{Summary, THRESHOLD};

/// Bottom over top against depth, a line for each label.
pub(super) fn attenuation(curves: &Curves<'_>) -> Option<Figure> {
    if !curves.several_depths() {
        return None;
    }
    let measured = curves.results.summaries.iter().map(|summary| summary.init.shrink.log10());
    let theory = curves.results.summaries.iter().filter_map(predicted);
    let any_predicted = theory.clone().count() > 0;
    let y = Axis::decades("bottom / top", measured.chain(theory).chain([0.0]));
    let x = Axis::values("depth", &curves.depths.iter().map(|depth| *depth as f64).collect::<Vec<_>>());
    let mut chart = Chart::new(x, y);
    chart.guides.push(Guide { at: 0.0, label: "" });
    let healthy = THRESHOLD.log10();
    let points = vec![(chart.x.low(), -healthy, healthy), (chart.x.high(), -healthy, healthy)];
    chart.areas.push(Area { class: "ink".into(), points, owner: Owner::default() });
    for (label, name) in curves.labels.iter().enumerate() {
        let summaries = curves.with_label(label);
        let along = |shrink: &dyn Fn(&Summary) -> Option<f64>| -> Vec<_> {
            let points = summaries.iter().filter_map(|summary| Some((summary.depth as f64, shrink(summary)?)));
            points.map(|(depth, shrink)| (chart.x.place(depth), shrink)).collect()
        };
        let line = |name: String, class: String, points, dots| {
            let owner = curves.label_owner(label);
            Series { name, class, points, dots, owner, ..Series::default() }
        };
        let class = curves.label_class(label);
        let expected = along(&predicted);
        let seen = along(&|summary| Some(summary.init.shrink.log10()));
        if !expected.is_empty() {
            chart.series.push(line(format!("{name}, predicted"), format!("{class} dash"), expected, false));
        }
        chart.series.push(line(name.clone(), class, seen, true));
    }
    let mut keys = label_keys(curves);
    if any_predicted {
        keys.push(Key::line("ink dash", "predicted"));
    }
    keys.push(Key::filled("band ink", "healthy"));
    Some(Figure {
        id: "attenuation",
        title: "Gradient at the bottom against depth",
        caption: format!(
            "The norm at the bottom layer over that at the top, before training. Within the shaded band, from \
             1/{THRESHOLD} to {THRESHOLD}, a learning rate that suits the top layer still moves the bottom layer."
        ),
        legend: "",
        keys,
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}

/// The exponent of what theory says of bottom over top.
fn predicted(summary: &Summary) -> Option<f64> {
    let layers = &summary.init.layers;
    Some(layers.first()?.predicted_delta_norm?.log10() - layers.last()?.predicted_delta_norm?.log10())
}
