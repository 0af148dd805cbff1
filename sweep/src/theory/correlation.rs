//! Means over two correlated Gaussian pre-activations.
//!
//! Expanded in normalized Hermite polynomials, φ(√q z) = Σ aₙ hₙ(z), the mean over a pair with correlation c is
//! E\[φ(√q z₁) φ(√q z₂)\] = Σ aₙ² cⁿ (Mehler 1866; for networks Daniely 2016). The squares are positive and sum to
//! E\[φ²\], so one expansion serves every correlation, and for c ≥ 0 the map is increasing and convex.

use autodiff::Error;

use super::gaussian::nodes;
use super::nonlinearity::{Nonlinearity, Values};

/// Number of terms; even, so that the remainder does not change sign with c.
const TERMS: usize = 128;

/// Squared Hermite coefficients of φ and φ' at one length.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    value: Series,
    slope: Series,
}

/// Σ aₙ² cⁿ.
#[derive(Clone, Debug)]
struct Series {
    squares: Vec<f64>,
    /// Sum of all further squares: little, and only for a φ with kinks.
    remainder: f64,
}

impl Kernel {
    /// The expansion for N(0, q).
    pub(super) fn new(activation: &Nonlinearity, q: f64) -> Result<Self, Error> {
        let rule = nodes(q);
        let points: Vec<f64> = rule.iter().map(|[z, _]| q.sqrt() * z).collect();
        let Values { value, slope } = activation.values(&points)?;
        let [mut values, mut slopes] = [[0.0; TERMS]; 2];
        // √n, of the recurrence √(n + 1) hₙ₊₁ = z hₙ − √n hₙ₋₁.
        let roots: [f64; TERMS + 1] = std::array::from_fn(|n| (n as f64).sqrt());
        for (k, [z, weight]) in rule.iter().enumerate() {
            let [value, slope] = [weight * value[k], weight * slope[k]];
            let (mut before, mut hermite) = (0.0, 1.0);
            for n in 0..TERMS {
                values[n] += value * hermite;
                slopes[n] += slope * hermite;
                (before, hermite) = (hermite, (z * hermite - roots[n] * before) / roots[n + 1]);
            }
        }
        let total = |f: &[f64]| rule.iter().zip(f).map(|([_, weight], value)| weight * value * value).sum::<f64>();
        Ok(Kernel { value: Series::new(values, total(&value)), slope: Series::new(slopes, total(&slope)) })
    }

    /// The kernel of φ after normalization to a mean square of 1, and to a mean of 0 if `centered`; slopes stay those of φ.
    pub(super) fn normalized(mut self, centered: bool) -> Self {
        if let (true, Some(mean_square)) = (centered, self.value.squares.first_mut()) {
            *mean_square = 0.0;
        }
        let total = self.value.at(1.0);
        self.value.squares.iter_mut().for_each(|square| *square /= total);
        self.value.remainder /= total;
        self
    }

    /// E\[φ φ\] of a pair with correlation c.
    pub(super) fn value(&self, c: f64) -> f64 {
        self.value.at(c)
    }

    /// E\[φ' φ'\] of a pair with correlation c.
    pub(super) fn slope(&self, c: f64) -> f64 {
        self.slope.at(c)
    }
}

impl Series {
    /// The squares of these coefficients, of a function whose mean square is `total`.
    fn new(coefficients: [f64; TERMS], total: f64) -> Self {
        let squares = coefficients.map(|a| a * a).to_vec();
        let remainder = (total - squares.iter().sum::<f64>()).max(0.0);
        Series { squares, remainder }
    }

    /// The remainder is taken as one term, the next.
    fn at(&self, c: f64) -> f64 {
        self.squares.iter().rev().fold(self.remainder, |sum, square| sum * c + square)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use nn::{Relu, Tanh};

    use super::*;
    use crate::theory::gaussian;

    /// The arc-cosine kernels of Cho and Saul (2009).
    #[test]
    fn the_kernel_of_relu_is_the_arc_cosine() {
        let kernel = Kernel::new(&Nonlinearity::new(Relu).unwrap(), 2.0).unwrap();
        for c in [-0.9_f64, -0.3, 0.0, 0.5, 0.9, 1.0] {
            let angle = c.acos();
            let value = (angle.sin() + (PI - angle) * c) / PI;
            assert!((kernel.value(c) - value).abs() < 1e-5, "{c}: {} not {value}", kernel.value(c));
            let slope = (PI - angle) / (2.0 * PI);
            assert!((kernel.slope(c) - slope).abs() < 1e-3, "{c}: {} not {slope}", kernel.slope(c));
        }
    }

    /// The derivative by c is q E[φ' φ'], and c = 1 gives the moments of one input.
    #[test]
    fn the_kernel_of_tanh_has_the_slopes_of_its_values() {
        let tanh = Nonlinearity::new(Tanh).unwrap();
        let q = 1.3;
        let kernel = Kernel::new(&tanh, q).unwrap();
        for c in [-0.5, 0.0, 0.4, 0.9] {
            let difference = (kernel.value(c + 1e-5) - kernel.value(c - 1e-5)) / 2e-5;
            assert!((difference - q * kernel.slope(c)).abs() < 1e-8, "{c}");
        }
        let moments = gaussian::moments(&tanh, q).unwrap();
        assert!((kernel.value(1.0) - moments.square).abs() < 1e-12);
        assert!((kernel.slope(1.0) - moments.slope_square).abs() < 1e-12);
    }
}
