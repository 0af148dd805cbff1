//! A profile as a row of bars.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What stands for a number that is 0, infinite or NaN.
const NONE: char = '·';
/// The fewest decades that the bars span, so that a level profile looks level.
const LEAST_SPAN: f64 = 2.0;

/// The logarithms of these numbers as bars from the lowest to the highest, at most `width` of them.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let exponents: Vec<_> = values.iter().map(|value| value.log10()).collect();
    let finite = || exponents.iter().copied().filter(|exponent| exponent.is_finite());
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let span = (high - finite().fold(high, f64::min)).max(LEAST_SPAN);
    let count = exponents.len().min(width);
    // The first and the last are always among those shown.
    let picked = (0..count).map(|bar| exponents[bar * (exponents.len() - 1) / (count - 1).max(1)]);
    let bar = |exponent: f64| {
        let level = 1.0 - (high - exponent) / span;
        if exponent.is_finite() { BARS[(level * (BARS.len() - 1) as f64).round() as usize] } else { NONE }
    };
    picked.map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_the_logarithm() {
        let geometric: Vec<_> = (0..64).map(|layer| 0.23f64.powi(63 - layer)).collect();
        assert_eq!(sparkline(&geometric, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[1.0, 1.1, 0.9], 8), "███");
        assert_eq!(sparkline(&[0.0, 1e-300, 1.0, f64::NAN], 8), "·▁█·");
        assert_eq!([sparkline(&[], 8), sparkline(&[0.0], 8), sparkline(&[3.0], 8)], ["", "·", "█"]);
    }
}
