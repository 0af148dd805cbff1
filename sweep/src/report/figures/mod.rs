//! The figures of a page, one a file; each says whether its data exist.

mod accuracy;
mod attenuation;
mod facets;
mod gradients;
mod heat;
mod overfitting;
mod phase;
mod rates;
mod spectra;
mod training;

use accuracy::accuracy;
use gradients::gradients;
pub(super) use rates::{RateCurve, best_loss, by_rate};

use super::columns::value;
use super::curves::Curves;
use super::plot::Figure;
use crate::results::Summary;

/// Names of axes that have figures of their own.
const RATE: &str = "learning_rate";
const WEIGHT_VARIANCE: &str = "weight_variance";
const BIAS_VARIANCE: &str = "bias_variance";
const ACTIVATION: &str = "activation";

/// The accuracy of guessing one of ten classes.
const CHANCE: f64 = 0.1;

/// All figures that there are data for, in the order of the page.
pub(super) fn figures(curves: &Curves<'_>) -> Vec<Figure> {
    let figures = [
        rates::rates(curves),
        gradients(curves),
        attenuation::attenuation(curves),
        accuracy(curves),
        heat::heat(curves),
        phase::diagram(curves),
        phase::trainable_depth(curves),
        overfitting::overfitting(curves),
        training::loss(curves),
        training::accuracy(curves),
        spectra::jacobian(curves),
        spectra::hessian(curves),
        spectra::tangent_kernel(curves),
    ];
    figures.into_iter().flatten().collect()
}

/// The names of the figures that are files of their own.
pub(crate) const PICTURES: [&str; 6] =
    ["gradients.svg", "accuracy.svg", "learning-rates.svg", "phases.svg", "trainable-depth.svg", "over-fitting.svg"];

/// The figures that are files of their own, by name.
pub(super) fn pictures(curves: &Curves<'_>) -> Vec<(&'static str, Figure)> {
    let rates = rates::rates(curves);
    let figures = [
        gradients(curves),
        // With many rates for each network, the best of them tells more.
        accuracy(curves).filter(|_| rates.is_none()),
        rates,
        phase::diagram(curves),
        phase::trainable_depth(curves),
        overfitting::overfitting(curves),
    ];
    PICTURES.into_iter().zip(figures).filter_map(|(name, figure)| Some((name, figure?))).collect()
}

/// The value of an axis of numbers.
fn numeric(summary: &Summary, axis: &str) -> Option<f64> {
    value(summary, axis)?.parse().ok()
}
