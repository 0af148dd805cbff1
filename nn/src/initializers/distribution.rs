//! Distributions of independent numbers.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

/// A distribution with mean 0 and any variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Normal.
    Normal,
    /// Normal, truncated at two standard deviations, and scaled to the required variance.
    TruncatedNormal,
    /// Uniform.
    Uniform,
}

/// The standard deviation of a standard normal truncated at ±2: `√(1 − 4 φ(2)/(2 Φ(2) − 1))`.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Distribution {
    /// Fills `values` with random numbers of this standard deviation.
    pub(super) fn fill(self, deviation: f64, values: &mut [f64], random: &mut StdRng) {
        let mut normal = || random.sample::<f64, _>(StandardNormal);
        match self {
            Distribution::Normal => values.fill_with(|| deviation * normal()),
            Distribution::TruncatedNormal => values.fill_with(|| {
                let inside = std::iter::repeat_with(&mut normal).find(|x| x.abs() <= 2.0);
                deviation / TRUNCATED_DEVIATION * inside.unwrap_or(0.0)
            }),
            Distribution::Uniform => uniform(0.0, 3.0_f64.sqrt() * deviation, values, random),
        }
    }
}

/// Fills `values` with uniform numbers from `center − reach` to `center + reach`.
pub(super) fn uniform(center: f64, reach: f64, values: &mut [f64], random: &mut StdRng) {
    values.fill_with(|| center + reach * (2.0 * random.random::<f64>() - 1.0));
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn sample(distribution: Distribution, deviation: f64) -> Vec<f64> {
        let mut values = vec![f64::NAN; 60_000];
        distribution.fill(deviation, &mut values, &mut StdRng::seed_from_u64(5));
        values
    }

    #[test]
    fn each_has_the_required_deviation() {
        for distribution in [Distribution::Normal, Distribution::TruncatedNormal, Distribution::Uniform] {
            let values = sample(distribution, 0.3);
            let n = values.len() as f64;
            let variance = values.iter().map(|x| x * x).sum::<f64>() / n;
            // Four standard errors of the variance of a normal; the others vary less.
            assert!((variance / 0.09 - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{distribution:?}: {variance}");
        }
    }

    #[test]
    fn tails_are_truncated_at_the_documented_bounds() {
        for (distribution, reach) in
            [(Distribution::TruncatedNormal, 2.0 / TRUNCATED_DEVIATION), (Distribution::Uniform, 3.0_f64.sqrt())]
        {
            let largest = sample(distribution, 1.0).into_iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            assert!((0.99 * reach..=reach).contains(&largest), "{distribution:?}: {largest}");
        }
        assert!(sample(Distribution::Normal, 1.0).iter().any(|x| x.abs() > 3.0));
    }
}
