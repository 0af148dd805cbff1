//! Finite differences with an error estimate, and one-sided derivatives.

use crate::error::Error;

/// A number with an estimate of its absolute error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// The derivative of `function` at 0 by Ridders' method (1982): central differences at shrinking steps, extrapolated to
/// step 0. The error estimate is the change of the best extrapolation.
pub(super) fn derivative(
    mut function: impl FnMut(f64) -> Result<f64, Error>,
    first_step: f64,
) -> Result<Estimate, Error> {
    const SHRINK: f64 = 1.6;
    const STEPS: usize = 9;
    let mut previous: Vec<f64> = Vec::new();
    let mut best = Estimate { value: f64::NAN, error: f64::INFINITY };
    let mut step = first_step;
    for _ in 0..STEPS {
        let mut row = vec![(function(step)? - function(-step)?) / (2.0 * step)];
        let mut factor = 1.0;
        for (column, &coarser) in previous.iter().enumerate() {
            factor *= SHRINK * SHRINK;
            let value = (row[column] * factor - coarser) / (factor - 1.0);
            let error = (value - row[column]).abs().max((value - coarser).abs());
            if error <= best.error {
                best = Estimate { value, error };
            }
            row.push(value);
        }
        previous = row;
        step /= SHRINK;
    }
    Ok(best)
}

/// The left and right derivatives of `function` at 0, from steps of this size.
pub(super) fn one_sided(mut function: impl FnMut(f64) -> Result<f64, Error>, step: f64) -> Result<(f64, f64), Error> {
    let here = function(0.0)?;
    let mut slope = |step: f64| -> Result<f64, Error> {
        let (whole, half) = ((function(step)? - here) / step, (function(step / 2.0)? - here) / (step / 2.0));
        Ok(2.0 * half - whole)
    };
    Ok((slope(-step)?, slope(step)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_estimate_bounds_the_error() {
        let cubic = derivative(|h| Ok((1.0 + h).powi(3)), 0.02).unwrap();
        assert!((cubic.value - 3.0).abs() <= 10.0 * cubic.error + 1e-12 && cubic.error < 1e-9);
        let steep = derivative(|h| Ok((30.0 * h).exp()), 0.02).unwrap();
        assert!((steep.value - 30.0).abs() <= 10.0 * steep.error && steep.error < 1e-6, "{steep:?}");
        // The first steps cross the kink, the last do not.
        let kink = derivative(|h| Ok((h + 1e-3).abs()), 0.02).unwrap();
        assert!((kink.value - 1.0).abs() <= 10.0 * kink.error + 1e-12, "{kink:?}");
    }

    #[test]
    fn slopes_to_both_sides_of_a_kink_differ() {
        let (left, right) = one_sided(|h: f64| Ok(h.max(0.0)), 1e-6).unwrap();
        assert!(left.abs() < 1e-9 && (right - 1.0).abs() < 1e-9);
    }
}
