//! The Euclidean norm of a slice.

use super::dispatch;
use crate::scalar::Real;

/// The number of independent sums.
const LANES: usize = 8;

/// The Euclidean norm, summed in `f64`, of values without their tangents. It does not overflow, nor vanish, unless the norm itself
/// does.
///
/// ```
/// assert_eq!(autodiff::op::norm(&[3e30_f32, 4e30]) as f32, 5e30);
/// ```
pub fn norm<T: Real>(values: &[T]) -> f64 {
    let sum = sum_of_squares(values, |x| x);
    if sum.is_normal() {
        return sum.sqrt();
    }
    // The squares overflow or underflow; those of the values divided by the largest do not.
    let largest = values.iter().fold(0.0_f64, |largest, x| largest.max(x.to_f64().abs()));
    if largest == 0.0 || !largest.is_finite() {
        sum.sqrt()
    } else {
        largest * sum_of_squares(values, move |x| x / largest).sqrt()
    }
}

fn sum_of_squares<T: Real>(values: &[T], scaled: impl Fn(f64) -> f64) -> f64 {
    let square = move |x: &T| {
        let x = scaled(x.to_f64());
        x * x
    };
    // In independent lanes, which the compiler vectorizes.
    dispatch(move || {
        let (whole, rest) = values.as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for chunk in whole {
            sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += square(x));
        }
        sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_of_eight_million_is_within_1e_10_relative() {
        let values = vec![0.1_f32; 8_000_000];
        let expected = f64::from(0.1_f32) * 8e6_f64.sqrt();
        assert!((norm(&values) / expected - 1.0).abs() < 1e-10, "{}", norm(&values));
    }

    #[test]
    fn a_norm_whose_squares_overflow_or_vanish_is_right() {
        for size in [3e200, 3e-200, f64::MIN_POSITIVE / 8.0] {
            let found = norm(&[size, -4.0 / 3.0 * size, 0.0]);
            assert!((found / (5.0 / 3.0 * size) - 1.0).abs() < 1e-12, "{size}: {found}");
        }
        assert_eq!((norm::<f32>(&[]), norm(&[0.0_f32; 9])), (0.0, 0.0));
        assert!(norm(&[f64::NAN; 9]).is_nan() && norm(&[1.0, f64::INFINITY]) == f64::INFINITY);
    }
}
