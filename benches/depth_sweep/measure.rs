//! What is read off a layer, and what follows from it: norms, spreads, ratios from layer to layer.

use autodiff::Real;

/// One layer of one network on one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Root mean square over samples of ‖∂L/∂z‖, where z is the pre-activation and L the sample's own loss.
    pub(crate) delta_norm: f64,
    /// Frobenius norm of ∂L/∂W, where L is the mean loss over the batch.
    pub(crate) weight_grad_norm: f64,
    /// Mean over samples and units of the activation h = φ(z).
    pub(crate) activation_mean: f64,
    /// Standard deviation over samples and units of the activation.
    pub(crate) activation_std: f64,
}

/// The hidden layers of one network, from the input to the top.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) layers: Vec<Layer>,
}

impl Profile {
    /// ‖δ_l‖ / ‖δ_{l+1}‖ of the layer at `place` (from 0); nothing at the top.
    pub(crate) fn ratio(&self, place: usize) -> Option<f64> {
        let above = self.layers.get(place + 1)?;
        Some(self.layers[place].delta_norm / above.delta_norm)
    }

    /// ‖δ_1‖ / ‖δ_L‖: what is left at the bottom of the gradient at the top. 0 where nothing arrives at all.
    pub(crate) fn shrink(&self) -> f64 {
        match self.layers.as_slice() {
            [bottom, .., _] if bottom.delta_norm == 0.0 => 0.0,
            [bottom, .., top] => bottom.delta_norm / top.delta_norm,
            _ => 1.0,
        }
    }
}

/// Euclidean norm. The squares of a deep network's gradients leave even the range of `f64`, so that they are taken
/// relative to the largest value.
pub(crate) fn norm<T: Real>(values: &[T]) -> f64 {
    let largest = values.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
    // Nothing to scale by where the largest is zero or infinite; a NaN, which `max` skips, comes through the sum.
    let unit = if largest.is_normal() { largest } else { 1.0 };
    unit * values.iter().map(|value| (value.to_f64() / unit).powi(2)).sum::<f64>().sqrt()
}

/// Mean and standard deviation (biased) of all values.
pub(crate) fn mean_and_std<T: Real>(values: &[T]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| value.to_f64()).sum::<f64>() / count;
    let variance = values.iter().map(|value| (value.to_f64() - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Geometric mean: 0 where one of the values is 0, NaN where there are none.
pub(crate) fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value.ln(), count + 1.0));
    (sum / count).exp()
}

/// Arithmetic mean; NaN where there are no values.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_neither_underflows_nor_overflows() {
        assert_eq!(norm(&[3e-300, -4e-300]), 5e-300);
        assert_eq!(norm(&[3e-38_f32, 4e-38]) as f32, 5e-38);
        assert_eq!(norm(&[3e300, 4e300]), 5e300);
        assert_eq!(norm::<f64>(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn a_norm_hides_no_infinity_and_no_nan() {
        assert_eq!(norm(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert!(norm(&[1.0, f64::NAN]).is_nan());
        assert!(norm(&[f64::NAN]).is_nan());
    }

    #[test]
    fn ratios_multiply_to_the_shrink() {
        let layer = |delta_norm| Layer { delta_norm, weight_grad_norm: 0.0, activation_mean: 0.0, activation_std: 0.0 };
        let profile = |norms: &[f64]| Profile { layers: norms.iter().map(|&norm| layer(norm)).collect() };
        let three = profile(&[1.0, 2.0, 8.0]);
        assert_eq!([three.ratio(0), three.ratio(1), three.ratio(2)], [Some(0.5), Some(0.25), None]);
        assert_eq!(three.shrink(), 0.125);
        assert_eq!(profile(&[3.0]).shrink(), 1.0);
        assert_eq!(profile(&[0.0, 0.0]).shrink(), 0.0);
    }

    #[test]
    fn means_and_spreads() {
        assert_eq!(mean_and_std(&[1.0_f32, 3.0]), (2.0, 1.0));
        assert_eq!(mean([1.0, 2.0].into_iter()), 1.5);
        assert!((geometric_mean([1e-3, 1e3].into_iter()) - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean([0.0, 1.0].into_iter()), 0.0);
    }
}
