//! Spectra that were asked for.

use super::facets::{self, Marks, label_keys};
use crate::report::curves::Curves;
use crate::report::plot::{Axis, Chart, Figure, Owner, Panel, Series};
use crate::results::{Spectra, Summary};

/// Singular values of the Jacobian, by rank.
pub(super) fn jacobian(curves: &Curves<'_>) -> Option<Figure> {
    let values = |spectra: &Spectra| exponents(&spectra.jacobian);
    let axis = |all: Vec<f64>| Axis::decades("singular value", all.into_iter());
    let (title, caption) = (
        "Singular values of the Jacobian",
        "Of the top layer by the first layer, for one sample before training, the largest first. All at 1 is dynamical \
         isometry: every direction of the gradient arrives.",
    );
    by_rank(curves, "jacobian", title, caption, values, axis)
}

/// The largest eigenvalues of the Hessian, by rank.
pub(super) fn hessian(curves: &Curves<'_>) -> Option<Figure> {
    let axis = |all: Vec<f64>| Axis::tight("eigenvalue", all.into_iter());
    let (title, caption) = (
        "Largest eigenvalues of the Hessian",
        "Of the loss by all parameters, before training. Gradient descent is stable for rates below 2 over the largest.",
    );
    by_rank(curves, "hessian", title, caption, |spectra| spectra.hessian.clone(), axis)
}

/// The condition of the tangent kernel against depth; its eigenvalues where depth does not vary.
pub(super) fn tangent_kernel(curves: &Curves<'_>) -> Option<Figure> {
    if !curves.several_depths() {
        let values = |spectra: &Spectra| exponents(&spectra.tangent_kernel);
        let axis = |all: Vec<f64>| Axis::decades("eigenvalue", all.into_iter());
        let caption = "Of the measured batch, before training. Along a small eigenvalue training is slow.";
        return by_rank(curves, "kernel", "Eigenvalues of the tangent kernel", caption, values, axis);
    }
    let known = curves.results.summaries.iter().filter_map(condition);
    let depths: Vec<_> = curves.depths.iter().map(|depth| *depth as f64).collect();
    let y = Axis::decades("largest / smallest eigenvalue", known);
    let mut chart = Chart::new(Axis::values("depth", &depths), y);
    for (label, name) in curves.labels.iter().enumerate() {
        let along = curves.with_label(label).into_iter();
        let points = along.filter_map(|s| Some((chart.x.place(s.depth as f64), condition(s)?))).collect();
        let (class, owner) = (curves.label_class(label), curves.label_owner(label));
        chart.series.push(Series { name: name.clone(), class, points, dots: true, owner, ..Series::default() });
    }
    chart.series.retain(|series| !series.points.is_empty());
    (!chart.series.is_empty()).then(|| Figure {
        id: "kernel",
        title: "Condition of the tangent kernel",
        caption:
            "Of the measured batch, before training. Where it is large, training is fast along some directions and \
                  hardly moves along others."
                .into(),
        legend: "",
        keys: label_keys(curves),
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}

fn exponents(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.log10()).collect()
}

/// The exponent of the largest over the smallest eigenvalue; unknown where the smallest is lost in rounding.
fn condition(summary: &Summary) -> Option<f64> {
    let kernel = &summary.spectra.as_ref()?.tangent_kernel;
    let condition = kernel.first()?.log10() - kernel.last()?.log10();
    condition.is_finite().then_some(condition)
}

fn by_rank(
    curves: &Curves<'_>,
    id: &'static str,
    title: &'static str,
    caption: &str,
    values: impl Fn(&Spectra) -> Vec<f64>,
    axis: impl Fn(Vec<f64>) -> Axis,
) -> Option<Figure> {
    let spectra = || curves.results.summaries.iter().filter_map(|summary| summary.spectra.as_ref());
    let last = spectra().map(|spectra| values(spectra).len()).max().filter(|length| *length > 0)?;
    let x = Axis::layers("rank", last);
    let y = axis(spectra().flat_map(&values).collect());
    let (legend, keys) = facets::legend(curves);
    let panels = facets::panels(curves, (&x, &y), |summary, class, owner| {
        let found = summary.spectra.as_ref().map(&values).unwrap_or_default();
        let points: Vec<_> = found.into_iter().enumerate().map(|(index, value)| ((index + 1) as f64, value)).collect();
        let (name, class) = (facets::name(curves, owner), class.to_owned());
        let series = Series { name, class, points, dots: true, owner, ..Series::default() };
        Marks { series: [series].into_iter().filter(|series| !series.points.is_empty()).collect(), ..Marks::default() }
    });
    Some(Figure { id, title, caption: caption.to_owned(), legend, keys, panels })
}
