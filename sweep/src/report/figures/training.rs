//! Curves over the training.

use super::CHANCE;
use super::facets::{self, Marks};
use crate::report::curves::Curves;
use crate::report::plot::{Axis, Figure, Guide, Panel, Series};
use crate::results::CurvePoint;

/// Training loss against step.
pub(super) fn loss(curves: &Curves<'_>) -> Option<Figure> {
    let points = curves.results.summaries.iter().flat_map(|summary| &summary.curve);
    let y = Axis::decades("training loss", points.map(|point| point.loss.log10()));
    let panels = panels(curves, &y, |point| Some(point.loss.log10()));
    figure(curves, "loss", "Loss during training", panels)
}

/// Accuracy on held-out data against step.
pub(super) fn accuracy(curves: &Curves<'_>) -> Option<Figure> {
    let y = Axis::share("accuracy on held-out data");
    let mut panels = panels(curves, &y, |point| point.accuracy);
    for panel in &mut panels {
        panel.chart.guides.push(Guide { at: CHANCE, label: "chance" });
    }
    figure(curves, "learning", "Accuracy during training", panels)
}

fn panels(curves: &Curves<'_>, y: &Axis, read: impl Fn(&CurvePoint) -> Option<f64>) -> Vec<Panel> {
    let points = curves.results.summaries.iter().flat_map(|summary| &summary.curve);
    let x = Axis::linear("step", points.map(|point| point.step as f64));
    facets::panels(curves, (&x, y), |summary, class, owner| {
        let known = summary.curve.iter().filter_map(|point| Some((point.step as f64, read(point)?)));
        let points: Vec<_> = known.collect();
        let known = points.iter().any(|point| point.1.is_finite());
        let (name, class) = (facets::name(curves, owner), class.to_owned());
        let series = known.then(|| Series { name, class, points, owner, ..Series::default() });
        Marks { series: series.into_iter().collect(), ..Marks::default() }
    })
}

fn figure(curves: &Curves<'_>, id: &'static str, title: &'static str, panels: Vec<Panel>) -> Option<Figure> {
    let (legend, keys) = facets::legend(curves);
    let caption = "Means over the seeds that did not diverge.".to_owned();
    (!panels.is_empty()).then_some(Figure { id, title, caption, legend, keys, panels })
}
