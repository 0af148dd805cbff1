//! Gradients through ZCA whitening.

use autodiff::Error;

use super::network::MeanField;
use super::prediction::Prediction;

/// Orthogonal linear layers between ZCA whitenings are isometries of the gradient: a whitened batch stays white under W, so
/// the next whitening only undoes the gain, and its Jacobian is a projection on the tangent space of white batches, which W
/// maps onto the next layer's. The first layer sees a batch that is not white; the top layer's random gradient is not tangent.
///
/// No theory is known for another φ (Yang 2019 treats batch normalization).
pub(super) fn predict(net: &MeanField, depth: usize) -> Result<Option<Vec<Prediction>>, Error> {
    let isometric = net.orthogonal && net.keep == 1.0 && net.branch.is_none() && net.weight_variance > 0.0;
    if !isometric || !net.activation.is_linear()? {
        return Ok(None);
    }
    let inner = |layer| layer > 1 && layer + 1 < depth;
    let predictions = (1..=depth).map(|layer| Prediction {
        ratio: inner(layer).then_some(1.0),
        q: (layer > 1).then_some(net.weight_variance + net.bias_variance),
        correlation: None,
        spread: inner(layer).then_some(0.0),
    });
    Ok(Some(predictions.collect()))
}
