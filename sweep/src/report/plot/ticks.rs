//! Where ticks stand and what they say.

use crate::report::format::{number, power_of_ten};

/// A tick: its position in the units of the axis, and its label.
pub(super) type Tick = (f64, String);

/// The largest number of labels between which the eye finds its way.
const MOST: f64 = 7.0;

/// Labels of plain numbers have a true minus sign.
fn plain(value: f64) -> String {
    number(value).replace('-', "−")
}

/// A step of 1, 2 or 5 times a power of ten that makes at most [`MOST`] steps.
fn step(span: f64) -> f64 {
    let least = span / MOST;
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// Multiples of the step within the range.
fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last).map(move |index| index as f64 * step)
}

/// Ticks of a linear axis.
pub(super) fn linear(low: f64, high: f64) -> Vec<Tick> {
    multiples(low, high, step(high - low)).map(|value| (value, plain(value))).collect()
}

/// Ticks of a linear axis of shares, in percent.
pub(super) fn percent(low: f64, high: f64) -> Vec<Tick> {
    multiples(low, high, step(high - low)).map(|value| (value, format!("{} %", plain(100.0 * value)))).collect()
}

/// Ticks of a logarithmic axis between two exponents: whole decades, and 2 and 5 times those where there are few.
pub(super) fn decades(low: f64, high: f64) -> Vec<Tick> {
    let between: &[f64] = if high - low <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let spaced = if high - low <= 2.0 { 1.0 } else { step(high - low).max(1.0) };
    let near_one = low >= -3.01 && high <= 4.01;
    let label = |exponent: f64, factor: f64| match factor {
        _ if near_one => plain(factor * 10f64.powf(exponent)),
        1.0 => power_of_ten(exponent as i32),
        _ => format!("{factor}·{}", power_of_ten(exponent as i32)),
    };
    multiples(low.floor(), high, spaced)
        .flat_map(|decade| between.iter().map(move |&factor| (decade + factor.log10(), decade, factor)))
        .filter(|(at, ..)| (low - 1e-9..=high + 1e-9).contains(at))
        .map(|(at, decade, factor)| (at, label(decade, factor)))
        .collect()
}

/// Ticks of an axis of layers, counted from 1.
pub(super) fn layers(deepest: usize) -> Vec<Tick> {
    let step = step(deepest as f64).max(1.0);
    let multiples = multiples(step, deepest as f64, step).filter(|&layer| layer == 1.0 || layer >= 2.0);
    let first = (step > 1.0).then_some(1.0);
    first.into_iter().chain(multiples).map(|layer| (layer, plain(layer))).collect()
}

/// Ticks at given values, except those whose labels would touch the one before; the last one always has its tick.
pub(super) fn chosen(values: &[Tick], low: f64, high: f64) -> Vec<Tick> {
    let room = (high - low) * 0.075;
    let mut kept: Vec<Tick> = Vec::new();
    for tick in values.iter().rev() {
        if kept.last().is_none_or(|next| next.0 - tick.0 >= room) {
            kept.push(tick.clone());
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> String {
        ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(linear(-0.3, 1.0)), "−0.2 0 0.2 0.4 0.6 0.8 1");
        assert_eq!(labels(percent(0.0, 1.0)), "0 % 20 % 40 % 60 % 80 % 100 %");
        assert_eq!(labels(decades(-40.0, 0.0)), "10⁻⁴⁰ 10⁻³⁰ 10⁻²⁰ 10⁻¹⁰ 10⁰");
        assert_eq!(labels(decades(-300.0, 10.0)), "10⁻³⁰⁰ 10⁻²⁵⁰ 10⁻²⁰⁰ 10⁻¹⁵⁰ 10⁻¹⁰⁰ 10⁻⁵⁰ 10⁰");
        assert_eq!(labels(decades(5.0, 6.1)), "10⁵ 2·10⁵ 5·10⁵ 10⁶");
        assert_eq!(labels(decades(-2.0, 0.0)), "0.01 0.02 0.05 0.1 0.2 0.5 1");
        assert_eq!(labels(layers(64)), "1 10 20 30 40 50 60");
        assert_eq!(labels(layers(1)), "1");
        assert_eq!(labels(layers(4)), "1 2 3 4");
    }

    #[test]
    fn crowded_ticks_are_left_out() {
        let at = |value: f64| (value, value.to_string());
        assert_eq!(labels(chosen(&[at(1.0), at(2.0), at(50.0), at(100.0)], 0.0, 100.0)), "2 50 100");
    }
}
