//! An axis: its name, range, ticks and how a value on it is said.

use super::ticks::{self, Tick};
use crate::report::format;

/// What the numbers on an axis are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Plain,
    /// Exponents of ten.
    Exponent,
    /// Shares, shown in percent.
    Share,
    /// Positions of names.
    Name,
}

/// An axis of a chart.
#[derive(Clone, Debug)]
pub(in crate::report) struct Axis {
    pub(super) name: String,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<Tick>,
    unit: Unit,
}

/// The range of the finite values; `None` if there are none.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

impl Axis {
    /// A linear axis from 0, or below it, up to the largest value.
    pub(in crate::report) fn linear(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values.chain([0.0])).unwrap_or((0.0, 0.0));
        let high = if high > low { high + 0.04 * (high - low) } else { low + 1.0 };
        Axis { name: name.into(), low, high, ticks: ticks::linear(low, high), unit: Unit::Plain }
    }

    /// A linear axis that holds the values with some room.
    pub(in crate::report) fn tight(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values).unwrap_or((0.0, 1.0));
        let room = if high - low > 1e-6 * high.abs() { 0.05 * (high - low) } else { 0.5 * high.abs().max(1.0) };
        let (low, high) = (low - room, high + room);
        Axis { name: name.into(), low, high, ticks: ticks::linear(low, high), unit: Unit::Plain }
    }

    /// An axis of shares, from 0 to 100 %.
    pub(in crate::report) fn share(name: &str) -> Self {
        Axis { name: name.into(), low: 0.0, high: 1.0, ticks: ticks::percent(0.0, 1.0), unit: Unit::Share }
    }

    /// An axis of shares, from 0 up to the largest.
    pub(in crate::report) fn small_share(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let high = range(values).map_or(1.0, |(_, high)| (1.1 * high).clamp(0.01, 1.0));
        Axis { name: name.into(), low: 0.0, high, ticks: ticks::percent(0.0, high), unit: Unit::Share }
    }

    /// A logarithmic axis, from exponents of ten: at least one decade.
    pub(in crate::report) fn decades(name: &str, exponents: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(exponents).unwrap_or((-1.0, 0.0));
        let missing = (1.0 - (high - low)).max(0.0);
        let room = (0.03 * (high - low)).max(0.5 * missing);
        let (low, high) = (low - room, high + room);
        Axis { name: name.into(), low, high, ticks: ticks::decades(low, high), unit: Unit::Exponent }
    }

    /// An axis of layers or ranks, from 1 to the last.
    pub(in crate::report) fn layers(name: &str, last: usize) -> Self {
        let room = 0.02 * last as f64 + 0.1;
        let (low, high) = (1.0 - room, last as f64 + room);
        Axis { name: name.into(), low, high, ticks: ticks::layers(last), unit: Unit::Plain }
    }

    /// An axis of given values with a tick at each; logarithmic if they span more than a factor of 8.
    pub(in crate::report) fn values(name: &str, values: &[f64]) -> Self {
        let (least, most) = range(values.iter().copied()).unwrap_or((1.0, 1.0));
        let unit = if least > 0.0 && most / least >= 8.0 { Unit::Exponent } else { Unit::Plain };
        let axis = Axis { name: name.into(), low: 0.0, high: 0.0, ticks: Vec::new(), unit };
        let at: Vec<Tick> = values.iter().map(|&value| (axis.place(value), format::number(value))).collect();
        let (first, last) = (axis.place(least), axis.place(most));
        let room = if last > first { 0.04 * (last - first) } else { 0.5 };
        let (low, high) = (first - room, last + room);
        Axis { low, high, ticks: ticks::chosen(&at, low, high), ..axis }
    }

    /// An axis of names, one a unit, the first at the top.
    pub(in crate::report) fn names(name: &str, names: &[String]) -> Self {
        let ticks = names.iter().enumerate().map(|(index, name)| (-(index as f64), name.clone())).collect();
        let (low, high) = (0.5 - names.len() as f64, 0.5);
        Axis { name: name.into(), low, high, ticks, unit: Unit::Name }
    }

    /// Columns with a tick each, one a unit.
    pub(in crate::report) fn columns(name: &str, names: &[String]) -> Self {
        let ticks = names.iter().enumerate().map(|(index, name)| (index as f64, name.clone())).collect();
        Axis { name: name.into(), low: -0.5, high: names.len() as f64 - 0.5, ticks, unit: Unit::Name }
    }

    /// Where a number lies, in the units of the axis.
    pub(in crate::report) fn place(&self, value: f64) -> f64 {
        if self.unit == Unit::Exponent { value.log10() } else { value }
    }

    /// Where it begins.
    pub(in crate::report) fn low(&self) -> f64 {
        self.low
    }

    /// Where it ends.
    pub(in crate::report) fn high(&self) -> f64 {
        self.high
    }

    /// The same axis with another range.
    pub(in crate::report) fn within(self, low: f64, high: f64) -> Self {
        let ticks = self.ticks.into_iter().filter(|tick| (low..=high).contains(&tick.0)).collect();
        Axis { low, high, ticks, ..self }
    }

    /// The share of the axis that lies below a place.
    pub(super) fn position(&self, at: f64) -> f64 {
        (at - self.low) / (self.high - self.low)
    }

    /// What stands at a place.
    pub(super) fn text(&self, at: f64) -> String {
        match self.unit {
            Unit::Plain => format::number(at),
            Unit::Exponent => format::number(10f64.powf(at)),
            Unit::Share => format::percent(at),
            Unit::Name => self.ticks.iter().find(|tick| tick.0 == at).map(|tick| tick.1.clone()).unwrap_or_default(),
        }
    }

    /// The number of characters of its longest label.
    pub(super) fn longest_label(&self) -> usize {
        self.ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(0)
    }

    /// Whether it has names, which need no grid.
    pub(super) fn is_named(&self) -> bool {
        self.unit == Unit::Name
    }
}
