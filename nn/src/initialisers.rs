//! How weights start: distributions whose variance depends on how many values a unit reads and is read by.

use std::fmt;
use std::str::FromStr;

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// An initialiser for a weight of shape `[fan_out, fan_in]` (further axes, a convolution's window, multiply both).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Normal, variance `2/(fan_in + fan_out)` (Glorot and Bengio 2010).
    XavierNormal,
    /// Uniform, variance `2/(fan_in + fan_out)` (Glorot and Bengio 2010).
    XavierUniform,
    /// Normal, variance `2/fan_in`: keeps the scale under relu (He 2015).
    HeNormal,
    /// Uniform, variance `2/fan_in` (He 2015).
    HeUniform,
    /// Normal, variance `1/fan_in` (LeCun 1998); what selu is made for.
    LecunNormal,
    /// Uniform, variance `1/fan_in` (LeCun 1998).
    LecunUniform,
    /// Rows or columns, whichever are fewer, orthogonal and of norm `gain` (Saxe 2014).
    Orthogonal {
        /// The norm.
        gain: f64,
    },
    /// This value everywhere.
    Constant(f64),
    /// Normal with this variance.
    Normal {
        /// The variance of an entry.
        variance: f64,
    },
    /// Normal with variance `variance/fan_in`: the σ_w² of mean-field theory (Poole 2016).
    ScaledNormal {
        /// The variance of the sum over a unit's inputs of size 1.
        variance: f64,
    },
}

impl Initial {
    /// Those that are chosen by name.
    pub const NAMED: [(&str, Initial); 10] = [
        ("xavier", Initial::XavierNormal),
        ("he", Initial::HeNormal),
        ("lecun", Initial::LecunNormal),
        ("orthogonal", Initial::Orthogonal { gain: 1.0 }),
        ("xavier-normal", Initial::XavierNormal),
        ("xavier-uniform", Initial::XavierUniform),
        ("he-normal", Initial::HeNormal),
        ("he-uniform", Initial::HeUniform),
        ("lecun-normal", Initial::LecunNormal),
        ("lecun-uniform", Initial::LecunUniform),
    ];

    /// The variance of an entry of a weight with these fans.
    pub fn variance(self, fan_in: usize, fan_out: usize) -> f64 {
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        match self {
            Initial::XavierNormal | Initial::XavierUniform => 2.0 / (fan_in + fan_out),
            Initial::HeNormal | Initial::HeUniform => 2.0 / fan_in,
            Initial::LecunNormal | Initial::LecunUniform => 1.0 / fan_in,
            Initial::Orthogonal { gain } => gain * gain / fan_in.max(fan_out),
            Initial::Constant(_) => 0.0,
            Initial::Normal { variance } => variance,
            Initial::ScaledNormal { variance } => variance / fan_in,
        }
    }

    /// Writes initial values for a weight of this shape, in row-major order.
    pub fn fill(self, shape: &[usize], values: &mut [f64], random: &mut StdRng) {
        let (fan_in, fan_out) = fans(shape);
        let deviation = self.variance(fan_in, fan_out).sqrt();
        match self {
            Initial::Constant(value) => values.fill(value),
            Initial::Orthogonal { gain } => orthogonal(fan_out, gain, values, random),
            Initial::XavierUniform | Initial::HeUniform | Initial::LecunUniform => {
                let bound = 3.0_f64.sqrt() * deviation;
                values.fill_with(|| bound * (2.0 * random.random::<f64>() - 1.0));
            }
            _ => values.fill_with(|| deviation * random.sample::<f64, _>(StandardNormal)),
        }
    }
}

/// How many values a unit reads, and how many units read a value.
fn fans(shape: &[usize]) -> (usize, usize) {
    let window: usize = shape.iter().skip(2).product();
    let fan = |axis: usize| shape.get(axis).copied().unwrap_or(1) * window;
    (fan(1), fan(0))
}

/// A matrix of `rows` rows, drawn uniformly among those with orthogonal rows (or columns): Gram–Schmidt, twice for
/// accuracy, on normal vectors.
fn orthogonal(rows: usize, gain: f64, values: &mut [f64], random: &mut impl Rng) {
    let columns = values.len().checked_div(rows).unwrap_or(0);
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| random.sample(StandardNormal)).collect();
        for _ in 0..2 {
            for earlier in &basis {
                let along = dot(earlier, &vector);
                vector.iter_mut().zip(earlier).for_each(|(v, e)| *v -= along * e);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        // Drawn again in the all but impossible case that it lies in the span of the earlier ones.
        if norm > 1e-8 {
            vector.iter_mut().for_each(|v| *v /= norm);
            basis.push(vector);
        }
    }
    for (place, value) in values.iter_mut().enumerate() {
        let (row, column) = (place / columns, place % columns);
        *value = gain * if rows <= columns { basis[row][column] } else { basis[column][row] };
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

impl fmt::Display for Initial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Initial::NAMED.iter().find(|(_, named)| named == self)) {
            (_, Some((name, _))) => f.pad(name),
            (other, None) => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Initial {
    type Err = String;

    /// By name; the error lists the names.
    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Initial::NAMED.map(|(name, _)| name).join(", ");
        let found = Initial::NAMED.iter().find(|(known, _)| *known == name).map(|&(_, initial)| initial);
        found.ok_or_else(|| format!("unknown initialiser {name}; known are {}", names()))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn filled(initial: Initial, shape: [usize; 2]) -> Vec<f64> {
        let mut values = vec![f64::NAN; shape[0] * shape[1]];
        initial.fill(&shape, &mut values, &mut StdRng::seed_from_u64(3));
        values
    }

    #[test]
    fn each_has_its_variance() {
        let (fan_out, fan_in) = (300, 200);
        let drawn = Initial::NAMED.map(|(_, initial)| initial).into_iter();
        let scaled = [Initial::Normal { variance: 0.3 }, Initial::ScaledNormal { variance: 1.5 }];
        for initial in drawn.chain(scaled) {
            let values = filled(initial, [fan_out, fan_in]);
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = dot(&values, &values) / n;
            let expected = initial.variance(fan_in, fan_out);
            // Four standard errors: of the mean, and of the variance of a normal.
            assert!(mean.abs() < 4.0 * (expected / n).sqrt(), "{initial}: mean {mean}");
            assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{initial}: variance {variance}");
        }
    }

    #[test]
    fn uniform_values_stay_within_their_bound() {
        let values = filled(Initial::LecunUniform, [50, 12]);
        assert!(values.iter().all(|v| v.abs() <= 0.5) && values.iter().any(|v| v.abs() > 0.45));
    }

    #[test]
    fn orthogonal_rows_or_columns_are_orthogonal() {
        for [rows, columns] in [[5, 9], [9, 5], [6, 6]] {
            let values = filled(Initial::Orthogonal { gain: 2.0 }, [rows, columns]);
            let vector = |k: usize| -> Vec<f64> {
                match rows <= columns {
                    true => values[k * columns..(k + 1) * columns].to_vec(),
                    false => values.iter().skip(k).step_by(columns).copied().collect(),
                }
            };
            for i in 0..rows.min(columns) {
                for j in 0..=i {
                    let expected = if i == j { 4.0 } else { 0.0 };
                    assert!((dot(&vector(i), &vector(j)) - expected).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn the_window_of_a_convolution_multiplies_both_fans() {
        assert_eq!(fans(&[8, 3, 5, 5]), (75, 200));
        assert_eq!(Initial::HeNormal.variance(75, 200), 2.0 / 75.0);
        assert!("glorot".parse::<Initial>().unwrap_err().contains("xavier, he, lecun, orthogonal"));
    }
}
