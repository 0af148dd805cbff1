//! The value with a node for each scalar of a path. A node holds one number, or one of each path.

use autodiff::Var;

use super::{Inputs, MATURITIES, PERIODS, RATES, SWAP_RATES};

/// The mean value over paths.
pub(super) fn value(inputs: Inputs<'_>) -> Var<'_, f64> {
    let Inputs { delta, normals, .. } = inputs;
    let mut rates: Vec<_> = (0..RATES).map(|k| inputs.rates.index(0, k)).collect();
    let volatilities: Vec<_> = (0..RATES).map(|k| inputs.volatilities.index(0, k)).collect();
    let accrued: Vec<_> = volatilities.iter().map(|&volatility| delta * volatility).collect();
    let root = delta.sqrt();
    for period in 0..PERIODS {
        let shock = root * normals.index(0, period);
        let mut drift = None;
        for (rate, (&volatility, &accrued)) in rates[period + 1..].iter_mut().zip(volatilities.iter().zip(&accrued)) {
            let term = accrued * *rate / (delta * *rate + 1.0);
            let sum = drift.map_or(term, |drift| drift + term);
            *rate = *rate * (accrued * sum + volatility * (shock - accrued * 0.5)).exp();
            drift = Some(sum);
        }
    }
    portfolio(&rates, delta).mean(..)
}

fn portfolio<'t>(rates: &[Var<'t, f64>], delta: Var<'t, f64>) -> Var<'t, f64> {
    let (past, left) = rates.split_at(PERIODS);
    let mut payments = Vec::new();
    let (mut bond, mut annuity) = (delta * 0.0 + 1.0, delta * 0.0);
    for (period, &rate) in left.iter().enumerate() {
        bond = bond / (delta * rate + 1.0);
        annuity = annuity + delta * bond;
        if MATURITIES.contains(&(period + 1)) {
            payments.extend(SWAP_RATES.map(|swap_rate| (1.0 - bond - annuity * swap_rate).relu() * 100.0));
        }
    }
    let payment = payments.into_iter().fold(delta * 0.0, |sum, payment| sum + payment);
    past.iter().fold(payment, |value, &rate| value / (delta * rate + 1.0))
}
