//! Distributions that weights are drawn from, one number at a time.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

/// A distribution of mean 0 and any variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Normal.
    Normal,
    /// Normal, without what lies beyond two deviations, and then widened to the variance asked for.
    TruncatedNormal,
    /// Uniform.
    Uniform,
}

/// The standard deviation of a standard normal without what lies beyond ±2: `√(1 − 4 φ(2)/(2 Φ(2) − 1))`.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Draw {
    /// Fills `values` with draws of this standard deviation around 0.
    pub(super) fn fill(self, deviation: f64, values: &mut [f64], random: &mut StdRng) {
        let mut normal = || random.sample::<f64, _>(StandardNormal);
        match self {
            Draw::Normal => values.fill_with(|| deviation * normal()),
            Draw::TruncatedNormal => values.fill_with(|| {
                let inside = std::iter::repeat_with(&mut normal).find(|x| x.abs() <= 2.0);
                deviation / TRUNCATED_DEVIATION * inside.unwrap_or(0.0)
            }),
            Draw::Uniform => uniform(0.0, 3.0_f64.sqrt() * deviation, values, random),
        }
    }
}

/// Fills `values` with draws from `center − reach` to `center + reach`.
pub(super) fn uniform(center: f64, reach: f64, values: &mut [f64], random: &mut StdRng) {
    values.fill_with(|| center + reach * (2.0 * random.random::<f64>() - 1.0));
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn drawn(draw: Draw, deviation: f64) -> Vec<f64> {
        let mut values = vec![f64::NAN; 60_000];
        draw.fill(deviation, &mut values, &mut StdRng::seed_from_u64(5));
        values
    }

    #[test]
    fn each_has_the_deviation_asked_for() {
        for draw in [Draw::Normal, Draw::TruncatedNormal, Draw::Uniform] {
            let values = drawn(draw, 0.3);
            let n = values.len() as f64;
            let variance = values.iter().map(|x| x * x).sum::<f64>() / n;
            // Four standard errors of the variance of a normal; the others vary less.
            assert!((variance / 0.09 - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{draw:?}: {variance}");
        }
    }

    #[test]
    fn tails_are_cut_where_they_are_said_to_be() {
        for (draw, reach) in [(Draw::TruncatedNormal, 2.0 / TRUNCATED_DEVIATION), (Draw::Uniform, 3.0_f64.sqrt())] {
            let largest = drawn(draw, 1.0).into_iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            assert!((0.99 * reach..=reach).contains(&largest), "{draw:?}: {largest}");
        }
        assert!(drawn(Draw::Normal, 1.0).iter().any(|x| x.abs() > 3.0));
    }
}
