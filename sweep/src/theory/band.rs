//! How far a measurement may be from a prediction.

use autodiff::Error;

use super::network::{MeanField, Norm, Position};
use super::prediction::Prediction;
use super::recursion::Step;
use super::response::Map;

/// The step of log q by which derivatives are taken.
const STEP: f64 = 1e-4;

impl MeanField {
    /// The band for Σ log(measured ratio²/predicted ratio²) over the layers of these predictions that have a ratio, in the mean
    /// of several networks: four standard deviations V of one network and, for the bias of order 1/N, the variance:
    /// 4 √V + V. `None` if no layer has a ratio.
    ///
    /// For N units and independent weights V is (3κ − 1)/N a layer, κ = E\[φ'⁴\]/E\[φ'²\]², and what lengths add that scatter
    /// about the predicted q: a deviation is passed on to all layers above, and grows where the fixed point of q is unstable.
    ///
    /// # Errors
    /// If a setting is out of its range, or the activation fails.
    pub fn band(&self, predictions: &[Prediction]) -> Result<Option<f64>, Error> {
        self.check()?;
        let layers = predictions.iter().filter(|prediction| prediction.ratio.is_some()).count();
        if layers == 0 {
            return Ok(None);
        }
        let each_sample =
            !matches!((self.norm, self.norm_position), (Norm::Batch { .. } | Norm::Zca, Position::Before));
        let map = if each_sample { Map::new(self)? } else { None };
        let gradients: f64 = predictions.iter().filter_map(|p| p.ratio.and(p.spread)).map(|s| s * s).sum();
        let lengths = map.map_or(Ok(0.0), |map| self.lengths_variance(&map, predictions))?;
        let variance = gradients + lengths;
        // Weights that preserve norms have no variance, but a bias of this order.
        let bias = variance.max(2.0 * layers as f64 / self.width as f64);
        Ok(Some(4.0 * variance.sqrt() + bias))
    }

    /// The variance of Σ log χ(q) where the lengths q scatter by their finite width.
    fn lengths_variance(&self, map: &Map, predictions: &[Prediction]) -> Result<f64, Error> {
        let (mut variance, mut sensitivity) = (0.0, 0.0_f64);
        // `sensitivity` is the derivative of the sum by log q of the layer above.
        for prediction in predictions.iter().rev() {
            let Some(q) = prediction.q.filter(|&q| q > 0.0) else { continue };
            let [low, high] = [-STEP, STEP].map(|step| Step::new(self, map, q * step.exp()));
            let (low, high) = (low?, high?);
            let slope = |low: f64, high: f64| (high.ln() - low.ln()) / (2.0 * STEP);
            variance += sensitivity * sensitivity * high.next_noise / self.width as f64;
            let own = if prediction.ratio.is_some() { slope(low.chi, high.chi) } else { 0.0 };
            sensitivity = own + slope(low.next, high.next) * sensitivity;
        }
        Ok(variance)
    }
}
