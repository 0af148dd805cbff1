//! Why a measurement has no prediction beside it.

use crate::configuration::Configuration;
use crate::error::Error;
use crate::results::RunRecord;
use crate::theory::Norm;

/// The layers that theory leaves out where a batch is normalized: the first and the top four.
const LEFT_OUT: usize = 5;
/// The smallest batch whose rate has a variance.
const SMALLEST: usize = 6;

/// Why theory says nothing of the gradient in these runs, none of which has a prediction.
pub(crate) fn reason(configuration: &Configuration, runs: &[RunRecord]) -> Result<&'static str, Error> {
    if configuration.custom {
        return Ok("a layer of your own");
    }
    let blueprint = configuration.blueprint::<f64>()?;
    let no_gradient = |run: &RunRecord| run.init.layers.iter().any(|layer| layer.delta_norm == 0.0);
    Ok(match (blueprint.known.unknown, blueprint.known.norm) {
        _ if blueprint.depth == 1 => "a single layer",
        (Some(reason), _) => reason,
        (None, Norm::Zca | Norm::NewtonSchulz) => {
            "no theory of whitening, but of all units of linear networks with orthogonal weights"
        }
        (None, Norm::Batch { .. }) if blueprint.norm_after => "no theory of batch normalization after the activation",
        (None, Norm::Batch { samples }) if samples < SMALLEST => "no theory of batches below 6",
        (None, Norm::Batch { .. }) if blueprint.depth <= LEFT_OUT + 1 => {
            "theory leaves out the first layer and the top four"
        }
        (None, Norm::Group { .. } | Norm::Layer | Norm::Rms) if blueprint.norm_after => {
            "no theory of this normalization after the activation"
        }
        (None, Norm::Group { .. }) => "no theory of groups of less than 6 units",
        _ if runs.iter().any(no_gradient) => "no gradient arrives",
        _ => "the signal dies out or grows without bound",
    })
}
