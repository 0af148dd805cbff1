//! Integration over an interval that is split where the integrand bends.

use std::sync::LazyLock;

/// Nodes of a panel: the rule is exact for polynomials of degree 31.
const ORDER: usize = 16;

/// Nodes and weights on −1 to 1.
static LEGENDRE: LazyLock<[[f64; 2]; ORDER]> = LazyLock::new(|| std::array::from_fn(gauss_legendre));

/// The `k`th node and weight of the Gauss–Legendre rule: Newton's method for a root of the Legendre polynomial, whose
/// weight is `2/((1 − x²) P'(x)²)` (Abramowitz and Stegun, 25.4.29).
fn gauss_legendre(k: usize) -> [f64; 2] {
    let n = ORDER as f64;
    let mut x = -(std::f64::consts::PI * (k as f64 + 0.75) / (n + 0.5)).cos();
    let mut slope = 1.0;
    // Seven steps converge to the last bit from this start.
    for _ in 0..7 {
        let (mut before, mut value) = (1.0, x);
        for degree in 2..=ORDER {
            let degree = degree as f64;
            (before, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree);
        }
        slope = n * (x * value - before) / (x * x - 1.0);
        x -= value / slope;
    }
    [x, 2.0 / ((1.0 - x * x) * slope * slope)]
}

/// Nodes and weights `[x, w]` of the integral from `low` to `high`, on panels that end at the `breaks`, which are in
/// ascending order, and are not wider than `widest`.
pub(super) fn panels(low: f64, high: f64, breaks: impl Iterator<Item = f64>, widest: f64) -> Vec<[f64; 2]> {
    let inside = breaks.filter(|&x| x > low && x < high);
    let mut nodes = Vec::new();
    let mut start = low;
    for end in inside.chain([high]) {
        let pieces = ((end - start) / widest).ceil();
        let half = (end - start) / pieces / 2.0;
        for piece in 0..pieces as usize {
            let center = start + half * (2 * piece + 1) as f64;
            nodes.extend(LEGENDRE.iter().map(|[x, weight]| [center + half * x, half * weight]));
        }
        start = end;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_is_exact_for_polynomials() {
        let sum: f64 = LEGENDRE.iter().map(|[x, weight]| weight * x.powi(30)).sum();
        assert!((sum - 2.0 / 31.0).abs() < 1e-15, "{sum}");
    }

    #[test]
    fn an_integrand_may_bend_at_a_break() {
        let nodes = panels(-1.0, 2.0, [-5.0, 0.3, 7.0].into_iter(), 0.4);
        let sum: f64 = nodes.iter().map(|[x, weight]| weight * (x - 0.3).abs()).sum();
        assert!((sum - (1.3 * 1.3 + 1.7 * 1.7) / 2.0).abs() < 1e-14, "{sum}");
    }
}
