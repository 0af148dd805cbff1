//! The critical line χ = 1, between vanishing and exploding gradients (Schoenholz 2017).

use autodiff::Error;

use super::network::require;
use super::nonlinearity::Nonlinearity;
use super::response::{Map, Response};
use super::root::root;

/// Lengths among which critical points are looked for.
const RANGE: [f64; 2] = [1e-8, 1e8];

/// A point of the critical line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalPoint {
    /// σw²
    pub weight_variance: f64,
    /// q*; 0 if χ = 1 is approached as lengths vanish, or holds at every length.
    pub q: f64,
}

impl Nonlinearity {
    /// The critical σw² for this σb², of plain networks; `None` if there is none. If there are several, that of the shortest q*.
    ///
    /// # Errors
    /// If σb² is negative or not finite, or the activation fails.
    pub fn critical(&self, bias_variance: f64) -> Result<Option<CriticalPoint>, Error> {
        require("bias_variance", bias_variance, |x| x.is_finite() && x >= 0.0, "a number from 0 up")?;
        // χ = 1 fixes σw² = 1/E[φ'²], and q = σw² E[φ²] + σb² then σb², both as functions of q.
        let excess = |q: f64| -> Result<f64, Error> {
            let Response { square, slope_square, .. } = Map::Bare.response(self, q)?;
            Ok((q - square / slope_square - bias_variance) / q)
        };
        let critical = |q: f64| -> Result<Option<CriticalPoint>, Error> {
            let weight_variance = 1.0 / Map::Bare.response(self, q)?.slope_square;
            Ok(Some(CriticalPoint { weight_variance, q }))
        };
        let [mut q, end] = RANGE;
        let mut below = excess(q)?;
        if below.abs() < 1e-7 {
            return critical(0.0);
        }
        while q < end {
            let above = excess(q * 2.0)?;
            if below * above <= 0.0 {
                return critical(root([q, q * 2.0], excess)?);
            }
            (q, below) = (q * 2.0, above);
        }
        Ok(None)
    }
}
