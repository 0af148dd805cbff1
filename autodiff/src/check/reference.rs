//! Finite differences with an error estimate, of one number or several, and one-sided derivatives.

use crate::error::Error;

/// A number with an estimate of its absolute error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Estimate {
    const NONE: Estimate = Estimate { value: f64::NAN, error: f64::INFINITY };
}

const SHRINK: f64 = 1.6;
const STEPS: usize = 9;
/// Runs that [`derivatives`] takes.
pub(super) const RUNS: usize = 2 * STEPS;

/// The derivatives at 0 of the numbers that `function` returns, by Ridders' method (1982): differences at shrinking steps,
/// extrapolated to step 0, of which the error falls as step to the power of `order`, twice that, and so on. The error
/// estimate is the change of the best extrapolation.
fn extrapolated(
    mut difference: impl FnMut(f64) -> Result<Vec<f64>, Error>,
    first_step: f64,
    order: i32,
) -> Result<Vec<Estimate>, Error> {
    let mut previous: Vec<Vec<f64>> = Vec::new();
    let mut best: Vec<Estimate> = Vec::new();
    let mut step = first_step;
    for _ in 0..STEPS {
        let mut row = vec![difference(step)?];
        best.resize(row[0].len(), Estimate::NONE);
        let mut factor = 1.0;
        for (column, coarser) in previous.iter().enumerate() {
            factor *= SHRINK.powi(order);
            let finer = &row[column];
            let values: Vec<f64> = finer.iter().zip(coarser).map(|(f, c)| (f * factor - c) / (factor - 1.0)).collect();
            for (k, best) in best.iter_mut().enumerate() {
                let error = (values[k] - finer[k]).abs().max((values[k] - coarser[k]).abs());
                if error <= best.error {
                    *best = Estimate { value: values[k], error };
                }
            }
            row.push(values);
        }
        previous = row;
        step /= SHRINK;
    }
    Ok(best)
}

/// The derivatives at 0 of the numbers that `function` returns, by central differences from this step down.
pub(super) fn derivatives(
    mut function: impl FnMut(f64) -> Result<Vec<f64>, Error>,
    first_step: f64,
) -> Result<Vec<Estimate>, Error> {
    let central = |step: f64| {
        let (above, below) = (function(step)?, function(-step)?);
        Ok(above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * step)).collect())
    };
    extrapolated(central, first_step, 2)
}

/// As [`derivatives`], of one number.
pub(super) fn derivative(
    mut function: impl FnMut(f64) -> Result<f64, Error>,
    first_step: f64,
) -> Result<Estimate, Error> {
    let estimates = derivatives(|step| Ok(vec![function(step)?]), first_step)?;
    Ok(estimates.first().copied().unwrap_or(Estimate::NONE))
}

/// The derivative of `function` at 0 on several scales: what the most precise one says, with an error not below its
/// distance from the next. An error estimate can be too small where the function bends faster than the steps are; then
/// scales differ.
pub(super) fn robust_derivative(
    mut function: impl FnMut(f64) -> Result<f64, Error>,
    first_step: f64,
) -> Result<Estimate, Error> {
    const SCALES: i32 = 4;
    let scale = |power: i32| derivative(&mut function, first_step / 32.0_f64.powi(power));
    let mut estimates = (0..SCALES).map(scale).collect::<Result<Vec<Estimate>, Error>>()?;
    estimates.sort_by(|x, y| x.error.total_cmp(&y.error));
    let (best, next) = (estimates[0], estimates[1]);
    let apart = (best.value - next.value).abs() - 10.0 * next.error;
    Ok(Estimate { error: best.error.max(apart), ..best })
}

/// The left and right derivatives of `function` at 0, from this step down.
pub(super) fn one_sided(
    mut function: impl FnMut(f64) -> Result<f64, Error>,
    first_step: f64,
) -> Result<[Estimate; 2], Error> {
    let here = function(0.0)?;
    let mut side = |sign: f64| {
        let difference = |step: f64| Ok(vec![(function(sign * step)? - here) / (sign * step)]);
        extrapolated(difference, first_step, 1).map(|estimates| estimates.first().copied().unwrap_or(Estimate::NONE))
    };
    Ok([side(-1.0)?, side(1.0)?])
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
    fn where_scales_differ_the_error_says_so() {
        let sigmoid = |h: f64| 1.0 / (1.0 + (-1e4 * h).exp());
        let steep = robust_derivative(|h| Ok(sigmoid(h + 1e-5)), 0.02).unwrap();
        let right = 1e4 * sigmoid(1e-5) * (1.0 - sigmoid(1e-5));
        assert!((steep.value - right).abs() <= 10.0 * steep.error + 1e-9 * right, "{steep:?} against {right}");
        let wild = robust_derivative(|h| Ok((1e-3 + h) * (1.0 / (1e-3 + h)).sin()), 0.02).unwrap();
        let right = 1e3_f64.sin() - 1e3 * 1e3_f64.cos();
        assert!((wild.value - right).abs() <= 10.0 * wild.error + 1e-9 * right.abs(), "{wild:?} against {right}");
    }

    #[test]
    fn slopes_to_both_sides_of_a_kink_differ() {
        let [left, right] = one_sided(|h: f64| Ok(h.max(0.0) + h * h), 1e-3).unwrap();
        assert!(left.value.abs() < 1e-9 && (right.value - 1.0).abs() < 1e-9, "{left:?} {right:?}");
    }
}
