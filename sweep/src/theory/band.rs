//! How far a measurement may be from a prediction.

use autodiff::Error;

use super::network::{MeanField, Norm};
use super::prediction::Prediction;
use super::recursion::Step;
use super::response::Map;

/// By how much the band is wider where deviations of lengths grow from layer to layer.
const UNSTABLE: f64 = 4.0;

impl MeanField {
    /// The band for Σ log(measured ratio²/predicted ratio²) over the layers of these predictions that have a ratio, averaged over
    /// five networks or more: 4 √V + V, where V is the variance of the sum in one network, the sum of the squares of
    /// [`Prediction::spread`]. The second term allows for a bias, which is of order 1/N as V is.
    ///
    /// The band is four times as wide where lengths are unstable, as with gelu and silu at σw² = 2: the lengths of a finite
    /// network leave those predicted, and χ depends on them. `None` if no layer has a ratio.
    ///
    /// # Errors
    /// If a setting is out of its range, or the activation fails.
    pub fn band(&self, predictions: &[Prediction]) -> Result<Option<f64>, Error> {
        self.check()?;
        let known: Vec<Prediction> = predictions.iter().filter(|p| p.ratio.is_some()).copied().collect();
        if known.is_empty() {
            return Ok(None);
        }
        let variance: f64 = known.iter().filter_map(|prediction| prediction.spread).map(|s| s * s).sum();
        // Orthogonal weights have no variance in a linear network, but a bias of this order with dropout or a nonlinearity.
        let bias = variance.max(2.0 * known.len() as f64 / self.width as f64);
        let factor = if self.is_unstable(&known)? { UNSTABLE } else { 1.0 };
        Ok(Some(factor * (4.0 * variance.sqrt() + bias)))
    }

    /// Whether a relative deviation of a length grows in one of these layers.
    fn is_unstable(&self, predictions: &[Prediction]) -> Result<bool, Error> {
        if self.norm != Norm::None {
            return Ok(false);
        }
        const STEP: f64 = 1e-3;
        for q in predictions.iter().filter_map(|prediction| prediction.q) {
            let [low, high] = [-STEP, STEP].map(|step| Step::new(self, &Map::Bare, q * step.exp()));
            // Relu preserves deviations exactly.
            if ((high?.next / low?.next).ln()) / (2.0 * STEP) > 1.0 + STEP {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
