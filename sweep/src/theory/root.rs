//! Roots of a function of one variable.

use autodiff::Error;

/// More than the Illinois method needs for 12 digits of a smooth function.
const ITERATIONS: usize = 200;

/// A root between `low` and `high`, where `f` has different signs: the Illinois variant of regula falsi (Dowell and Jarratt
/// 1971).
pub(super) fn root([mut low, mut high]: [f64; 2], mut f: impl FnMut(f64) -> Result<f64, Error>) -> Result<f64, Error> {
    let (mut at_low, mut at_high) = (f(low)?, f(high)?);
    // The end that the last step kept, which is halved if it stays.
    let mut kept = 0;
    for _ in 0..ITERATIONS {
        let x = (low * at_high - high * at_low) / (at_high - at_low);
        if !x.is_finite() || (high - low).abs() <= 1e-14 * high.abs().max(low.abs()) {
            break;
        }
        let value = f(x)?;
        if value == 0.0 {
            return Ok(x);
        }
        if (value > 0.0) == (at_high > 0.0) {
            (high, at_high) = (x, value);
            at_low *= if kept == -1 { 0.5 } else { 1.0 };
            kept = -1;
        } else {
            (low, at_low) = (x, value);
            at_high *= if kept == 1 { 0.5 } else { 1.0 };
            kept = 1;
        }
    }
    Ok(if at_low.abs() < at_high.abs() { low } else { high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_to_the_last_digits() {
        let found = root([0.0, 3.0], |x| Ok(x.exp() - 5.0)).unwrap();
        assert!((found - 5.0_f64.ln()).abs() < 1e-13, "{found}");
        let falling = root([0.5, 40.0], |x| Ok(1.0 / x - 1.0 / 7.0)).unwrap();
        assert!((falling - 7.0).abs() < 1e-12, "{falling}");
    }
}
