//! The error message for a number that is not finite.

use std::cmp::Ordering;

use crate::error::Error;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Step};

/// Where a number that is not finite arose.
pub(super) struct Origin<T> {
    /// The node that computes it, or whose pullback computes it.
    pub(super) node: usize,
    pub(super) pass: &'static str,
    pub(super) value: T,
    pub(super) element: String,
    pub(super) read: String,
}

impl<T: Real> Origin<T> {
    pub(super) fn error(self, graph: &Graph<T>, params: &Params<T>) -> Error {
        let node = &graph.nodes[self.node];
        let what = match node.step {
            Step::Leaf => format!("leaf {}", graph.describe(&[self.node as u32], params)),
            _ => graph.kind(self.node).to_owned(),
        };
        let Origin { pass, element, read, .. } = self;
        let value = self.value.to_f64().to_string();
        Error::NotFinite { what, pass, value, element, inputs: read, location: node.location }
    }
}

/// "[3] (x) in 0..4, 1 NaN" for each input of a node, joined.
pub(super) fn inputs<T: Real>(graph: &Graph<T>, k: usize, params: &Params<T>) -> String {
    let one = |id: u32| {
        let values = graph.read(id as usize, params);
        format!("{} {}", graph.describe(&[id], params), range(values.iter()))
    };
    graph.nodes.inputs(k).map(one).collect::<Vec<_>>().join(" × ")
}

/// "in 0..4, 1 NaN"; "all 2" or "all NaN" if they are equal.
pub(super) fn range<T: Real>(values: impl Iterator<Item = T>) -> String {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut others = [("NaN", 0_usize), ("inf", 0), ("-inf", 0)];
    let mut count = 0;
    for value in values.map(T::to_f64) {
        count += 1;
        match value {
            _ if value.is_nan() => others[0].1 += 1,
            f64::INFINITY => others[1].1 += 1,
            f64::NEG_INFINITY => others[2].1 += 1,
            _ => (low, high) = (low.min(value), high.max(value)),
        }
    }
    if let Some((what, _)) = others.iter().find(|&&(_, found)| found == count && count > 0) {
        return format!("all {what}");
    }
    let others = others.iter().filter(|(_, found)| *found > 0).map(|(what, found)| format!("{found} {what}"));
    let finite = match low.partial_cmp(&high) {
        Some(Ordering::Equal) if others.clone().next().is_none() => Some(format!("all {}", short(low))),
        Some(Ordering::Less | Ordering::Equal) => Some(format!("in {}..{}", short(low), short(high))),
        _ => None,
    };
    let parts: Vec<String> = finite.into_iter().chain(others).collect();
    if parts.is_empty() { "without elements".to_owned() } else { parts.join(", ") }
}

/// Six digits, as "0.25" or "3e200".
fn short(x: f64) -> String {
    let rounded = format!("{x:.5e}").parse().unwrap_or(x);
    if rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

/// Whether two non-finite numbers are the same: both NaN, or the same infinity.
pub(super) fn same<T: Real>(x: T, y: T) -> bool {
    let (x, y) = (x.to_f64(), y.to_f64());
    x == y || (x.is_nan() && y.is_nan())
}

/// The smallest `n` for which `spoils(n)`: the first `n` sources make the result non-finite. `spoils(count)` holds.
pub(super) fn shortest(count: usize, spoils: impl Fn(usize) -> bool) -> usize {
    let (mut fine, mut spoiled) = (0, count);
    while spoiled - fine > 1 {
        let middle = fine + (spoiled - fine) / 2;
        if spoils(middle) { spoiled = middle } else { fine = middle }
    }
    spoiled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_say_what_is_there() {
        let nan = f64::NAN;
        let cases: [(&[f64], &str); 10] = [
            (&[0.0, 4.0, 1.0], "in 0..4"),
            (&[2.0, 2.0], "all 2"),
            (&[3e200, f64::from(0.1_f32), -12_345_678.9], "in -1.23457e7..3e200"),
            (&[f64::from(0.1_f32)], "all 0.1"),
            (&[nan, nan, nan], "all NaN"),
            (&[f64::NEG_INFINITY], "all -inf"),
            (&[nan, f64::INFINITY, nan], "2 NaN, 1 inf"),
            (&[1.0, nan, 3.0, f64::NEG_INFINITY], "in 1..3, 1 NaN, 1 -inf"),
            (&[1.0, nan], "in 1..1, 1 NaN"),
            (&[], "without elements"),
        ];
        for (values, expected) in cases {
            assert_eq!(range(values.iter().copied()), expected);
        }
    }
}
