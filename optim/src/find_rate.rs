//! The learning-rate range test.

use autodiff::Error;

use crate::settings;

/// A range test of more steps is refused, because it would practically not end.
const MOST_STEPS: usize = 1_000_000;

/// The learning-rate range test (Smith 2017): trains with rates that grow geometrically from `low` to `high` over `steps` steps, and
/// returns the pairs of rate and loss. A good rate is a few times smaller than the one with the smallest loss.
///
/// `loss` takes one training step at the rate that it is passed, and returns the loss before that step. The test ends early where
/// the loss exceeds the smallest so far by three times its size, or is infinite or NaN; that last pair is left out.
///
/// ```
/// use autodiff::{Error, Mode, Params, Tape};
/// use optim::{Sgd, find_rate};
///
/// let mut params = Params::<f64>::new(0);
/// let w = params.scope("w").parameter("value", [1], |values, _| values.fill(1.0));
/// let (mut tape, mut grads, mut sgd) = (Tape::new(), params.gradients(), Sgd::new(0.0));
/// let tried = find_rate(1e-3, 1e2, 50, |rate| {
///     let t = tape.start(&params, Mode::Train);
///     let loss = t.param(w).square().sum(..);
///     loss.backward(&mut grads)?;
///     let value = loss.item()?;
///     sgd.set_rate(rate);
///     sgd.step(&mut params, &grads)?;
///     Ok::<f64, Error>(value)
/// })?;
/// assert!(tried.len() < 50 && tried.last().is_some_and(|(rate, _)| *rate > 1.0));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Any error of `loss`; rates that are not positive and finite, or not in this order; no steps, or more than a million.
pub fn find_rate<E: From<Error>>(
    low: f64,
    high: f64,
    steps: usize,
    mut loss: impl FnMut(f64) -> Result<f64, E>,
) -> Result<Vec<(f64, f64)>, E> {
    settings::positive("low", low)?;
    settings::positive("high", high)?;
    if high <= low {
        return Err(Error::Setting { name: "high", value: high.to_string(), requirement: "above low" }.into());
    }
    if !(1..=MOST_STEPS).contains(&steps) {
        return Err(Error::Setting { name: "steps", value: steps.to_string(), requirement: "from 1 to 1000000" }.into());
    }
    let mut found = Vec::new();
    let mut smallest = f64::INFINITY;
    for step in 0..steps {
        let fraction = step as f64 / (steps - 1).max(1) as f64;
        // Not low · (high / low)^fraction, whose quotient may overflow.
        let rate = low.powf(1.0 - fraction) * high.powf(fraction);
        let value = loss(rate)?;
        smallest = smallest.min(value);
        if !value.is_finite() || value > smallest + 3.0 * smallest.abs() {
            break;
        }
        found.push((rate, value));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_test_ends_where_the_loss_runs_away() {
        let found = find_rate(1e-3, 1e3, 7, |rate| Ok::<_, Error>(if rate < 5.0 { 1.0 / (1.0 + rate) } else { 9.0 }));
        let rates: Vec<f64> = found.into_iter().flatten().map(|(rate, _)| rate.log10().round()).collect();
        assert_eq!(rates, [-3.0, -2.0, -1.0, 0.0]);
    }

    #[test]
    fn a_negative_loss_does_not_end_it_and_one_that_is_infinite_does() {
        let tried = |losses: [f64; 4]| {
            let mut losses = losses.into_iter();
            find_rate(1e-300, 1e300, 4, |_| Ok::<_, Error>(losses.next().unwrap())).unwrap()
        };
        let found = tried([-1.0, -1.1, -1.2, 9.0]);
        assert_eq!(found.iter().map(|(_, loss)| *loss).collect::<Vec<_>>(), [-1.0, -1.1, -1.2]);
        let rates: Vec<f64> = found.iter().map(|(rate, _)| rate.log10().round()).collect();
        assert_eq!(rates, [-300.0, -100.0, 100.0]);
        assert_eq!(tried([f64::INFINITY; 4]), []);
        assert_eq!(tried([1.0, f64::NEG_INFINITY, 1.0, 1.0]).len(), 1);
    }

    #[test]
    fn rates_and_steps_out_of_range_are_refused_by_name() {
        let refused = |low, high, steps| find_rate(low, high, steps, |_| Ok::<_, Error>(1.0)).unwrap_err().to_string();
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0] {
            assert!(refused(number, 1.0, 3).starts_with(&format!("low is {number}")), "{number}");
            assert!(refused(1.0, number, 3).starts_with(&format!("high is {number}")), "{number}");
        }
        assert_eq!(refused(1.0, 1.0, 3), "high is 1: must be above low");
        assert_eq!(refused(0.1, 1.0, 0), "steps is 0: must be from 1 to 1000000");
        assert!(refused(0.1, 1.0, usize::MAX).starts_with("steps is 18446744073709551615"));
    }
}
