//! The norm of the gradient, layer by layer.

use super::facets::{self, Marks};
use crate::report::curves::Curves;
use crate::report::plot::{Area, Axis, Figure, Key, Owner, Series};
use crate::results::{LayerMeasures, Summary};

/// Gradient norm against layer, measured and predicted.
pub(in crate::report) fn gradients(curves: &Curves<'_>) -> Option<Figure> {
    let layers = || curves.results.summaries.iter().flat_map(|summary| &summary.init.layers);
    let measured = layers().map(|layer| layer.delta_norm.log10());
    let predicted = layers().filter_map(predicted);
    let deepest = curves.results.summaries.iter().map(|summary| summary.init.layers.len()).max()?;
    let x = Axis::layers("layer (1 is next to the input)", deepest);
    let y = Axis::decades("gradient norm ‖δ‖", measured.chain(predicted.clone()));
    let (legend, mut keys) = facets::legend(curves);
    let mut caption =
        "Before training, on a logarithmic scale: a straight line is the same factor at every layer. The \
                       gradient travels from right to left."
            .to_owned();
    if predicted.count() > 0 {
        keys.extend([Key::line("ink dash", "predicted"), Key::filled("band ink", "acceptance band")]);
        caption.push_str(" Dashed is what mean-field theory predicts from the top layer down, shaded how far networks of this width may be from it.");
    }
    let panels = facets::panels(curves, (&x, &y), |summary, class, owner| marks(curves, summary, class, owner));
    Some(Figure { id: "gradients", title: "Gradient norm, layer by layer", caption, legend, keys, panels })
}

fn predicted(layer: &LayerMeasures) -> Option<f64> {
    Some(layer.predicted_delta_norm?.log10())
}

fn marks(curves: &Curves<'_>, summary: &Summary, class: &str, owner: Owner) -> Marks {
    let name = facets::name(curves, owner);
    let layers = || summary.init.layers.iter().enumerate().map(|(index, layer)| ((index + 1) as f64, layer));
    let measured = Series {
        name: name.clone(),
        class: class.to_owned(),
        points: layers().map(|(x, layer)| (x, layer.delta_norm.log10())).collect(),
        dots: true,
        owner,
        ..Series::default()
    };
    let points: Vec<_> = layers().filter_map(|(x, layer)| Some((x, predicted(layer)?))).collect();
    if points.is_empty() {
        return Marks { series: vec![measured], areas: Vec::new() };
    }
    let areas = band(summary, &points).map(|points| Area { class: class.to_owned(), points, owner });
    let predicted = Series {
        name: format!("{name}, predicted"),
        class: format!("{class} dash"),
        points,
        owner,
        ..Series::default()
    };
    Marks { series: vec![predicted, measured], areas: areas.into_iter().collect() }
}

/// The acceptance band around the prediction. It is meant for the sum over all layers of log(measured²/predicted²), whose
/// deviation grows with the root of the number of layers.
fn band(summary: &Summary, predicted: &[(f64, f64)]) -> Option<Vec<(f64, f64, f64)>> {
    let agreement = summary.agreement.filter(|agreement| agreement.layers > 0 && agreement.band.is_finite())?;
    let of_norms = agreement.band / (2.0 * std::f64::consts::LN_10);
    let top = predicted.last()?.0;
    let around = |&(x, y): &(f64, f64)| {
        let half = of_norms * ((top - x) / agreement.layers as f64).sqrt();
        (x, y - half, y + half)
    };
    Some(predicted.iter().map(around).collect())
}
