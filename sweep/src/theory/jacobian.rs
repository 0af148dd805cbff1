//! Singular values of the Jacobian of a deep plain network (Pennington 2017).

use autodiff::Error;

use super::gaussian::moments;
use super::network::{MeanField, Norm};

/// Moments of the eigenvalues of J Jᵀ, where J is the Jacobian of a number of layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianMoments {
    /// The logarithm of the mean, χᴸ, which may be out of the range of numbers.
    pub log_mean: f64,
    /// The variance divided by the square of the mean: L κ, or L (κ − 1) for orthogonal weights.
    pub relative_variance: f64,
}

impl MeanField {
    /// The moments for this number of layers at length `q`; `None` for layers that are residual or normalized.
    ///
    /// # Errors
    /// If a setting is out of its range, or the activation fails.
    pub fn jacobian(&self, depth: usize, q: f64) -> Result<Option<JacobianMoments>, Error> {
        self.check()?;
        if self.branch.is_some() || self.norm != Norm::None {
            return Ok(None);
        }
        let moments = moments(&self.activation, q)?;
        let chi = self.weight_variance * moments.slope_square / self.keep;
        let kappa = moments.kappa() / self.keep;
        let layer = if self.orthogonal { kappa - 1.0 } else { kappa };
        Ok(Some(JacobianMoments { log_mean: depth as f64 * chi.ln(), relative_variance: depth as f64 * layer }))
    }
}

/// The largest squared singular value of a linear network with independent weights and σw² = 1, L = `depth` layers deep:
/// (L + 1)ᴸ⁺¹/Lᴸ.
pub fn largest_linear_squared_singular_value(depth: usize) -> f64 {
    let depth = depth as f64;
    // (1 + 1/L)ᴸ is 1 for L = 0.
    let growth = if depth > 0.0 { (depth * (1.0 / depth).ln_1p()).exp() } else { 1.0 };
    (depth + 1.0) * growth
}
