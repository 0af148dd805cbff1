//! The value alone, in plain Rust: what the time of the sensitivities is divided by.

use std::hint::black_box;

use autodiff::Tensor;

use super::{MATURITIES, Market, PERIODS, RATES, SWAP_RATES};

/// The mean value of the portfolio over paths, whose draws are `[periods]` or `[periods, paths]`.
pub(super) fn mean(market: &Market, normals: &Tensor<f64>) -> f64 {
    let paths = normals.shape().get(1).copied().unwrap_or(1);
    let market = black_box(market);
    let value = |path: usize| path_value(market, |period| normals.data()[period * paths + path]);
    (0..paths).map(value).sum::<f64>() / paths as f64
}

fn path_value(market: &Market, normal: impl Fn(usize) -> f64) -> f64 {
    let (volatilities, delta) = (market.volatilities.data(), market.delta.data()[0]);
    let mut rates = [0.0; RATES];
    rates.copy_from_slice(market.rates.data());
    for period in 0..PERIODS {
        let shock = delta.sqrt() * normal(period);
        let mut drift = 0.0;
        for (rate, &volatility) in rates[period + 1..].iter_mut().zip(volatilities) {
            let accrued = delta * volatility;
            drift += accrued * *rate / (1.0 + delta * *rate);
            *rate *= (accrued * drift + volatility * (shock - 0.5 * accrued)).exp();
        }
    }
    portfolio(&rates, delta)
}

fn portfolio(rates: &[f64; RATES], delta: f64) -> f64 {
    let (past, left) = rates.split_at(PERIODS);
    let (mut bond, mut annuity, mut payment) = (1.0, 0.0, 0.0);
    for (period, rate) in left.iter().enumerate() {
        bond /= 1.0 + delta * rate;
        annuity += delta * bond;
        if MATURITIES.contains(&(period + 1)) {
            let pays = |swap_rate: f64| 100.0 * (1.0 - bond - swap_rate * annuity).max(0.0);
            payment += SWAP_RATES.into_iter().map(pays).sum::<f64>();
        }
    }
    past.iter().fold(payment, |value, rate| value / (1.0 + delta * rate))
}
