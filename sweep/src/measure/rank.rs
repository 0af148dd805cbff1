//! How many directions the samples of a batch span.

use autodiff::Real;
use nalgebra::DMatrix;

use super::numbers::norm;

/// The samples that the rank is taken over, at most.
const SAMPLES: usize = 64;

/// The exponential of the entropy of the singular values of these rows, taken as a distribution (Roy and Vetterli 2007); of
/// the first 64 rows if there are more. `None` where all is 0 or a value is infinite or NaN.
pub(super) fn effective_rank<T: Real>(values: &[T], rows: usize) -> Option<f64> {
    let width = values.len().checked_div(rows).filter(|&width| width > 0)?;
    let rows = rows.min(SAMPLES);
    let values = &values[..rows * width];
    let length = norm(values);
    if length == 0.0 || !length.is_finite() {
        return None;
    }
    let matrix = DMatrix::from_row_iterator(rows, width, values.iter().map(|value| value.to_f64() / length));
    // The smaller of the two Gram matrices has the same eigenvalues, the squares of the singular values.
    let gram = if rows <= width { &matrix * matrix.transpose() } else { matrix.transpose() * &matrix };
    let singular: Vec<f64> = gram.symmetric_eigenvalues().iter().map(|&value| value.max(0.0).sqrt()).collect();
    let sum: f64 = singular.iter().sum();
    let shares = singular.iter().map(|value| value / sum).filter(|&share| share > 0.0);
    Some((-shares.map(|share| share * share.ln()).sum::<f64>()).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_counts_directions() {
        let identity: [f64; 9] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        assert!((effective_rank(&identity, 3).unwrap() - 3.0).abs() < 1e-9);
        assert!((effective_rank(&[1e-200, 2e-200, 2e-200, 4e-200], 2).unwrap() - 1.0).abs() < 1e-5);
        assert_eq!((effective_rank(&[0.0; 4], 2), effective_rank(&[f64::NAN; 4], 2)), (None, None));
    }
}
