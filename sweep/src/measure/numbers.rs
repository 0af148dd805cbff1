//! Norms, means, deviations and cosines without overflow or underflow.

use autodiff::{Real, Tensor};

/// The Euclidean norm. Squared gradients of a deep network can exceed even the range of `f64`, so values are scaled by the
/// largest.
pub(crate) fn norm<T: Real>(values: &[T]) -> f64 {
    let largest = values.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
    // Not scaled if the largest is zero or infinite; a NaN, which `max` ignores, propagates through the sum.
    let unit = if largest.is_normal() { largest } else { 1.0 };
    unit * values.iter().map(|value| (value.to_f64() / unit).powi(2)).sum::<f64>().sqrt()
}

/// The norm of several tensors together.
pub(super) fn norm_of<T: Real>(tensors: &[Tensor<T>]) -> f64 {
    let norms: Vec<f64> = tensors.iter().map(|tensor| norm(tensor.data())).collect();
    norm(&norms)
}

/// The mean square.
pub(super) fn mean_square<T: Real>(values: &[T]) -> f64 {
    let norm = norm(values);
    norm * (norm / values.len() as f64)
}

/// The mean square of each of these rows.
pub(crate) fn lengths<T: Real>(values: &[T], rows: usize) -> Vec<f64> {
    let width = values.len().checked_div(rows).unwrap_or(0).max(1);
    values.chunks_exact(width).map(mean_square).collect()
}

/// The mean and the (biased) standard deviation.
pub(super) fn mean_and_std<T: Real>(values: &[T]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| value.to_f64()).sum::<f64>() / count;
    let variance = values.iter().map(|value| (value.to_f64() - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The standard deviation of a sample (unbiased variance); `None` for less than two values.
pub(crate) fn std_of(values: &[f64]) -> Option<f64> {
    let mean = mean(values.iter().copied());
    let sum = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (values.len() > 1).then(|| (sum / (values.len() - 1) as f64).sqrt())
}

/// The mean cosine between two of these rows; `None` for a single row, and where a row is 0.
pub(super) fn cosines<T: Real>(values: &[T], rows: usize) -> Option<f64> {
    let width = values.len().checked_div(rows).filter(|&width| width > 0 && rows > 1)?;
    let mut sum = vec![0.0; width];
    for row in values.chunks_exact(width) {
        let length = norm(row);
        if length == 0.0 {
            return None;
        }
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.to_f64() / length);
    }
    // ‖Σ u‖² = rows + Σ over ordered pairs of u·u'.
    let rows = rows as f64;
    Some((sum.iter().map(|x| x * x).sum::<f64>() - rows) / (rows * (rows - 1.0)))
}

/// The geometric mean; 0 if one of the values is 0, NaN without values.
pub(crate) fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value.ln(), count + 1.0));
    (sum / count).exp()
}

/// The arithmetic mean; NaN without values.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_neither_underflows_nor_overflows() {
        assert_eq!(norm(&[3e-300, -4e-300]), 5e-300);
        assert_eq!(norm(&[3e-38_f32, 4e-38]) as f32, 5e-38);
        assert_eq!(norm(&[3e300, 4e300]), 5e300);
        assert_eq!(norm::<f64>(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn a_norm_hides_no_infinity_and_no_nan() {
        assert_eq!(norm(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert!(norm(&[1.0, f64::NAN]).is_nan());
        assert!(norm(&[f64::NAN]).is_nan());
    }

    #[test]
    fn means_and_spreads() {
        assert_eq!(mean_and_std(&[1.0_f32, 3.0]), (2.0, 1.0));
        assert_eq!(mean([1.0, 2.0].into_iter()), 1.5);
        assert_eq!((std_of(&[1.0, 3.0]), std_of(&[1.0])), (Some(2.0_f64.sqrt()), None));
        assert!((geometric_mean([1e-3, 1e3].into_iter()) - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean([0.0, 1.0].into_iter()), 0.0);
    }

    #[test]
    fn cosines_are_those_between_different_rows() {
        assert_eq!(cosines(&[3.0, 0.0, 0.0, 1e-200], 2), Some(0.0));
        assert!((cosines(&[1.0, 1.0, 2.0, 0.0, 5.0, 5.0], 3).unwrap() - (1.0 + 2.0_f64.sqrt()) / 3.0).abs() < 1e-12);
        assert_eq!((cosines(&[1.0], 1), cosines(&[1.0, 0.0], 2)), (None, None));
    }
}
