//! Theory beside measurement: what mean-field theory says of a network that was measured.

use autodiff::{Real, Tensor};

use crate::blueprint::Blueprint;
use crate::error::Error;
use crate::measure::lengths;
use crate::results::Profile;
use crate::theory::{MeanField, Nonlinearity, Position};

/// What theory is told of a network; `None` where no theory is known.
pub(crate) fn mean_field(blueprint: &Blueprint<f64>) -> Result<Option<MeanField>, Error> {
    if blueprint.known.unknown.is_some() {
        return Ok(None);
    }
    let known = &blueprint.known;
    Ok(Some(MeanField {
        activation: Nonlinearity::new(blueprint.activation.clone())?,
        weight_variance: blueprint.weights.weight_variance(),
        bias_variance: blueprint.weights.bias_variance,
        orthogonal: blueprint.weights.orthogonal(blueprint.images),
        keep: known.keep,
        norm: known.norm,
        norm_position: if blueprint.norm_after { Position::After } else { Position::Before },
        branch: known.branch,
        width: blueprint.width,
    }))
}

/// Writes predictions beside the measures of a network at initialization, from the lengths of the samples at its first layer,
/// and returns the acceptance band; `None` where no theory is known.
pub(crate) fn predict<T: Real>(
    theory: Option<&MeanField>,
    profile: &mut Profile,
    taps: &[Tensor<T>],
    samples: usize,
) -> Result<Option<f64>, Error> {
    let (Some(theory), Some(bottom), Some(first)) = (theory, profile.layers.first(), taps.first()) else {
        return Ok(None);
    };
    let lengths = lengths(first.data(), samples);
    if !lengths.iter().all(|length| length.is_finite()) {
        return Ok(None);
    }
    let correlation = bottom.correlation.unwrap_or(1.0).clamp(-1.0, 1.0);
    let predictions = theory.predict(profile.layers.len(), &lengths, correlation)?;
    for (layer, prediction) in profile.layers.iter_mut().zip(&predictions) {
        layer.predicted_ratio = prediction.ratio;
        layer.predicted_q = prediction.q;
        layer.predicted_correlation = prediction.correlation;
    }
    predict_norms(profile);
    Ok(theory.band(&predictions)?)
}

/// ‖δ‖ by theory of every layer that has a ratio, and of the one above the highest of them, where it is the measured one.
fn predict_norms(profile: &mut Profile) {
    let layers = &mut profile.layers;
    for above in (1..layers.len()).rev() {
        let Some(ratio) = layers[above - 1].predicted_ratio else { continue };
        let measured = layers[above].delta_norm;
        let start = *layers[above].predicted_delta_norm.get_or_insert(measured);
        layers[above - 1].predicted_delta_norm = Some(start * ratio);
    }
}
