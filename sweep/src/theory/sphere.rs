//! Means over a batch of finite size that was normalized: its values lie on a sphere.
//!
//! Normalizing `size` independent Gaussian values makes a vector y that is uniform on a sphere and independent of their
//! empirical variance. Subtracting the mean confines it to the subspace of mean zero, of one dimension less.

use std::f64::consts::FRAC_PI_2;

use autodiff::Error;

use super::gaussian::Moments;
use super::nonlinearity::{BREAKS, Nonlinearity, Values};
use super::quadrature::panels;

/// In a high dimension a coordinate is close to a Gaussian, which is cut off at this number of standard deviations.
const RANGE: f64 = 10.0;

/// Values that are normalized together to a mean square of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sphere {
    /// Number of values.
    pub(super) size: usize,
    /// Whether their mean is subtracted.
    pub(super) centered: bool,
}

/// Means over one value y of the sphere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marginal {
    pub(super) moments: Moments,
    /// E\[φ'(y)² y²\]
    pub(super) slope_square_y_square: f64,
}

/// Means over two different values y, y' of the sphere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// E\[φ(y) φ(y')\]
    pub(super) value: f64,
    /// E\[φ'(y) φ'(y')\]
    pub(super) slope: f64,
    /// E\[φ'(y) φ'(y') y y'\]
    pub(super) slope_y: f64,
}

impl Sphere {
    /// The dimension of the space the sphere is in.
    pub(super) fn dimension(&self) -> f64 {
        self.size as f64 - if self.centered { 1.0 } else { 0.0 }
    }

    /// Means over one value, which is a coordinate of the sphere of radius √dimension.
    pub(super) fn marginal(&self, activation: &Nonlinearity) -> Result<Marginal, Error> {
        let radius = self.dimension().sqrt();
        let rule = coordinate(self.dimension(), |x| x / radius);
        let points: Vec<f64> = rule.iter().map(|[s, _]| radius * s).collect();
        let Values { value, slope } = activation.values(&points)?;
        let weighted = rule.iter().zip(&points).zip(&slope);
        Ok(Marginal {
            moments: Moments::sum(rule.iter().map(|[_, weight]| *weight), &value, &slope),
            slope_square_y_square: weighted.map(|(([_, weight], y), slope)| weight * (slope * y).powi(2)).sum(),
        })
    }

    /// Means over two values of a centered sphere, whose correlation is −1/dimension. Given the first coordinate s, the
    /// second is uniform on a sphere of radius √(1 − s²) and one dimension less.
    pub(super) fn pair(&self, activation: &Nonlinearity) -> Result<Pair, Error> {
        let dimension = self.dimension();
        let (radius, correlation) = (dimension.sqrt(), -1.0 / dimension);
        let across = (1.0 - correlation * correlation).sqrt();
        let outer = coordinate(dimension, |x| x / radius);
        let first = activation.values(&outer.iter().map(|[s, _]| radius * s).collect::<Vec<_>>())?;
        let mut pair = Pair { value: 0.0, slope: 0.0, slope_y: 0.0 };
        for ((&[s, weight], value), slope) in outer.iter().zip(first.value).zip(first.slope) {
            let remaining = across * (1.0 - s * s).sqrt();
            let inner = coordinate(dimension - 1.0, |x| (x / radius - correlation * s) / remaining);
            let points: Vec<f64> = inner.iter().map(|[t, _]| radius * (correlation * s + remaining * t)).collect();
            let second = activation.values(&points)?;
            for (k, [_, inner_weight]) in inner.iter().enumerate() {
                let weight = weight * inner_weight;
                pair.value += weight * value * second.value[k];
                pair.slope += weight * slope * second.slope[k];
                pair.slope_y += weight * slope * radius * s * second.slope[k] * points[k];
            }
        }
        Ok(pair)
    }
}

/// Nodes `[s, w]` of the mean over one coordinate s of a uniform point on the unit sphere in this dimension, at least 2.
/// Its density is (1 − s²)^((dimension − 3)/2); `position` tells where on the coordinate a break of φ lies.
fn coordinate(dimension: f64, position: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
    // s = sin θ makes the density cos^(dimension − 2) θ, smooth up to the ends and narrow in a high dimension.
    let limit = FRAC_PI_2.min(RANGE / dimension.sqrt());
    let breaks = BREAKS.into_iter().map(|x| position(x).clamp(-1.0, 1.0).asin());
    let mut nodes = panels(-limit, limit, breaks, limit / 8.0);
    let mut total = 0.0;
    for [angle, weight] in &mut nodes {
        *weight *= ((dimension - 2.0) * angle.cos().ln()).exp();
        *angle = angle.sin();
        total += *weight;
    }
    for [_, weight] in &mut nodes {
        *weight /= total;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use nn::{Identity, Relu};

    use super::*;
    use crate::theory::gaussian;

    fn sphere(size: usize, centered: bool) -> Sphere {
        Sphere { size, centered }
    }

    #[test]
    fn moments_of_coordinates_are_exact() {
        let identity = Nonlinearity::new(Identity).unwrap();
        for size in [4, 5, 8, 33, 1000, 100_000] {
            for centered in [true, false] {
                let sphere = sphere(size, centered);
                let n = sphere.dimension();
                let marginal = sphere.marginal(&identity).unwrap();
                assert!((marginal.moments.square - 1.0).abs() < 1e-9, "{size}: {marginal:?}");
                // E[s⁴] = 3/(n (n + 2)).
                assert!((marginal.moments.fourth - 3.0 * n / (n + 2.0)).abs() < 1e-9, "{size}: {marginal:?}");
            }
            let pair = sphere(size, true).pair(&identity).unwrap();
            assert!((pair.value + 1.0 / (size as f64 - 1.0)).abs() < 1e-9, "{size}: {pair:?}");
            assert!((pair.slope - 1.0).abs() < 1e-9 && (pair.slope_y - pair.value).abs() < 1e-9);
        }
    }

    /// Two coordinates with correlation c are on one side of 0 with probability ¼ + asin(c)/2π, in any dimension.
    #[test]
    fn kinks_are_integrated_piecewise() {
        let relu = Nonlinearity::new(Relu).unwrap();
        for size in [6, 8, 100] {
            let pair = sphere(size, true).pair(&relu).unwrap();
            let expected = 0.25 + (-1.0 / (size as f64 - 1.0)).asin() / (4.0 * FRAC_PI_2);
            assert!((pair.slope - expected).abs() < 1e-6, "{size}: {pair:?}, not {expected}");
        }
    }

    #[test]
    fn a_large_sphere_is_gaussian() {
        let tanh = Nonlinearity::new(nn::Tanh).unwrap();
        let [large, limit] =
            [sphere(1_000_000, true).marginal(&tanh).unwrap().moments, gaussian::moments(&tanh, 1.0).unwrap()];
        assert!((large.square - limit.square).abs() < 1e-6 && (large.slope_fourth - limit.slope_fourth).abs() < 1e-6);
    }
}
