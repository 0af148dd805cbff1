//! The value with arrays of all rates of all paths.

use autodiff::Var;

use super::{Inputs, MATURITIES, PERIODS, RATES, SWAP_RATES};

/// The mean value over paths.
pub(super) fn value(inputs: Inputs<'_>) -> Var<'_, f64> {
    let Inputs { delta, normals, .. } = inputs;
    let volatilities = inputs.volatilities.unsqueeze(1);
    let (accrued, shocks) = (delta * volatilities, delta.sqrt() * normals);
    // Rates from the current period on, `[rates, paths]`.
    let mut rates = inputs.rates.unsqueeze(1);
    let mut past = Vec::new();
    for period in 0..PERIODS {
        let left = RATES - period - 1;
        past.push(rates.index(0, 0));
        rates = rates.narrow(0, 1..left + 1);
        let [volatility, accrued] = [volatilities, accrued].map(|of_all| of_all.narrow(0, 0..left));
        let drift = (accrued * rates / (delta * rates + 1.0)).cumsum(0);
        rates = rates * (accrued * drift + volatility * (shocks.index(0, period) - accrued * 0.5)).exp();
    }
    let bonds = (1.0 / (delta * rates + 1.0)).cumprod(0);
    let annuities = delta * bonds.cumsum(0);
    let payments = MATURITIES.into_iter().flat_map(|maturity| {
        let [bond, annuity] = [bonds, annuities].map(|of_all| of_all.index(0, maturity - 1));
        SWAP_RATES.map(|swap_rate| (1.0 - bond - annuity * swap_rate).relu() * 100.0)
    });
    let payment = payments.reduce(|sum, payment| sum + payment).unwrap_or(delta);
    past.into_iter().fold(payment, |value, rate| value / (delta * rate + 1.0)).mean(..)
}
