//! Means over a Gaussian pre-activation.

use autodiff::Error;

use super::nonlinearity::{BREAKS, Nonlinearity, Values};
use super::quadrature::panels;

/// The Gaussian is cut off here, where its density is 10⁻²².
const RANGE: f64 = 10.0;

/// Means of powers of φ and φ' over the distribution of a pre-activation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    /// E\[φ\]
    pub(super) mean: f64,
    /// E\[φ²\]
    pub(super) square: f64,
    /// E\[φ⁴\]
    pub(super) fourth: f64,
    /// E\[φ'²\]
    pub(super) slope_square: f64,
    /// E\[φ'⁴\]
    pub(super) slope_fourth: f64,
}

impl Moments {
    /// Var φ
    pub(super) fn variance(&self) -> f64 {
        self.square - self.mean * self.mean
    }

    /// κ = E\[φ'⁴\]/E\[φ'²\]², 1 for a linear φ and 2 for relu.
    pub(super) fn kappa(&self) -> f64 {
        self.slope_fourth / (self.slope_square * self.slope_square)
    }

    /// Sums over nodes with these weights, which add up to 1.
    pub(super) fn sum(weights: impl Iterator<Item = f64>, values: &[f64], slopes: &[f64]) -> Self {
        let mut sums = Moments { mean: 0.0, square: 0.0, fourth: 0.0, slope_square: 0.0, slope_fourth: 0.0 };
        for ((weight, value), slope) in weights.zip(values).zip(slopes) {
            let (square, slope_square) = (value * value, slope * slope);
            sums.mean += weight * value;
            sums.square += weight * square;
            sums.fourth += weight * square * square;
            sums.slope_square += weight * slope_square;
            sums.slope_fourth += weight * slope_square * slope_square;
        }
        sums
    }
}

/// Nodes `[z, w]` of the mean over a standard normal z of a function of φ(√q z).
pub(super) fn nodes(q: f64) -> Vec<[f64; 2]> {
    let deviation = q.sqrt();
    let mut nodes = panels(-RANGE, RANGE, BREAKS.into_iter().map(|x| x / deviation), 1.0);
    for [z, weight] in &mut nodes {
        *weight *= (-0.5 * *z * *z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    }
    nodes
}

/// The moments of N(0, q).
pub(super) fn moments(activation: &Nonlinearity, q: f64) -> Result<Moments, Error> {
    let rule = nodes(q);
    let points: Vec<f64> = rule.iter().map(|[z, _]| q.sqrt() * z).collect();
    let Values { value, slope } = activation.values(&points)?;
    Ok(Moments::sum(rule.iter().map(|[_, weight]| *weight), &value, &slope))
}

#[cfg(test)]
mod tests {
    use nn::{Activation, Identity, Relu, Threshold};

    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs(), "{found}, not {expected}");
    }

    #[test]
    fn moments_of_rectifiers_are_exact() {
        for q in [1e-200, 1e-6, 1.0, 37.0, 1e9, 1e200] {
            let relu = moments(&Nonlinearity::new(Relu).unwrap(), q).unwrap();
            close(relu.square, q / 2.0);
            close(relu.mean, (q / (2.0 * std::f64::consts::PI)).sqrt());
            close(relu.slope_square, 0.5);
            close(relu.kappa(), 2.0);
        }
        let identity = moments(&Nonlinearity::new(Identity).unwrap(), 3.0).unwrap();
        close(identity.fourth, 27.0);
        close(identity.kappa(), 1.0);
        // A jump at 1, one standard deviation from the mean: P(z > 1).
        let jump = moments(&Nonlinearity::new(Threshold::default()).unwrap(), 1.0).unwrap();
        close(jump.slope_square, 0.158_655_253_931_457_05);
    }

    /// Stein's lemma relates values and slopes: E[z φ(√q z)] = √q E[φ'(√q z)] where φ does not jump.
    #[test]
    fn every_activation_is_integrated_at_any_scale() {
        for &activation in Activation::ALL {
            if matches!(activation, Activation::Hardshrink | Activation::Threshold) {
                continue;
            }
            let activation = Nonlinearity::new(activation).unwrap();
            for q in [1e-12_f64, 1e-3, 0.3, 2.0, 50.0, 1e4, 1e8] {
                let rule = nodes(q);
                let points: Vec<f64> = rule.iter().map(|[z, _]| z * q.sqrt()).collect();
                let Values { value, slope } = activation.values(&points).unwrap();
                let [mut left, mut right] = [0.0; 2];
                for (([z, weight], value), slope) in rule.iter().zip(value).zip(slope) {
                    left += weight * z * value;
                    right += weight * q.sqrt() * slope;
                }
                let scale = left.abs().max(right.abs()).max(1e-6 * q.sqrt());
                assert!((left - right).abs() < 1e-9 * scale, "{activation:?} at {q}: {left}, {right}");
            }
        }
    }
}
