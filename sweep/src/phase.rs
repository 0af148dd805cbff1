//! What theory says of deep networks as such: the fixed point, depth scales, the phase diagram.

use crate::blueprint::Blueprint;
use crate::configuration::Configuration;
use crate::error::Error;
use crate::prediction::mean_field;
use crate::results::{DepthScales, PhaseDiagram};
use crate::theory::{MeanField, Norm};

/// Points along each line of a phase diagram.
const POINTS: usize = 41;
/// Networks train to this multiple of the depth over which correlations settle (Schoenholz 2017).
const TRAINED: f64 = 6.0;

/// What theory says of a configuration at any depth; `None` where no theory is known, and where lengths have no fixed point.
pub(crate) fn depth_scales(configuration: &Configuration) -> Result<Option<DepthScales>, Error> {
    if configuration.custom {
        return Ok(None);
    }
    let blueprint = configuration.blueprint::<f64>()?;
    let Some(theory) = mean_field(&blueprint)?.filter(is_plain) else { return Ok(None) };
    let Some(fixed) = theory.fixed_point(1.0)? else { return Ok(None) };
    let layers = blueprint.depth - 1;
    let jacobian = theory.jacobian(layers, fixed.q)?;
    Ok(Some(DepthScales {
        q: fixed.q,
        chi: fixed.chi,
        correlation: fixed.correlation,
        correlation_depth: fixed.correlation_depth(),
        gradient_depth: fixed.gradient_depth(),
        jacobian_log_mean: jacobian.map(|moments| moments.log_mean),
        jacobian_relative_variance: jacobian.map(|moments| moments.relative_variance),
    }))
}

/// The phase diagram of a sweep over σw²; `None` for one that does not vary it, or of networks without a theory.
pub(crate) fn phase_diagram(configurations: &[Configuration]) -> Result<Option<PhaseDiagram>, Error> {
    let blueprints: Vec<Blueprint<f64>> =
        configurations.iter().map(Configuration::blueprint).collect::<Result<_, _>>()?;
    let variances = || blueprints.iter().map(|blueprint| blueprint.weights.weight_variance());
    let [lowest, highest] = [variances().fold(f64::INFINITY, f64::min), variances().fold(0.0, f64::max)];
    let (Some(first), Some(configuration)) = (blueprints.first(), configurations.first()) else { return Ok(None) };
    if first.weights.variance.is_none() || lowest == highest || configuration.custom {
        return Ok(None);
    }
    let Some(theory) = mean_field(first)?.filter(is_plain) else { return Ok(None) };
    let bias_variance = theory.bias_variance;
    let along = |from: f64, to: f64| (0..POINTS).map(move |k| from + (to - from) * k as f64 / (POINTS - 1) as f64);
    let mut critical = Vec::new();
    // The line is steep near 0, so points are denser there.
    for root in along(0.0, (4.0 * bias_variance).max(0.2).sqrt()) {
        let bias = root * root;
        critical.extend(theory.activation.critical(bias)?.map(|point| [point.weight_variance, bias]));
    }
    let weights: Vec<f64> = along(lowest, highest).collect();
    let points = theory.phase_diagram(&weights, &[bias_variance])?;
    let scale = |point: &crate::theory::PhasePoint| {
        Some([point.weight_variance, TRAINED * point.fixed_point.as_ref()?.correlation_depth()])
    };
    Ok(Some(PhaseDiagram {
        activation: configuration.value("activation").to_owned(),
        critical,
        bias_variance,
        depth_scales: points.iter().filter_map(scale).collect(),
    }))
}

/// Whether layers are plain and without normalization, which fixed points are of.
fn is_plain(theory: &MeanField) -> bool {
    theory.branch.is_none() && theory.norm == Norm::None
}
