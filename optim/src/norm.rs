//! Inner products, the Euclidean norm, and scaling down to one.

use autodiff::Real;
use autodiff::op::dispatch;

/// The Euclidean norm, summed in `f64` in independent lanes, which the compiler vectorizes.
pub(crate) fn norm<T: Real>(values: &[T]) -> f64 {
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

/// The number of independent sums.
const LANES: usize = 8;

/// The inner product, summed in `f64` in independent lanes.
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    dispatch(move || {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        let mut sums = [0.0; LANES];
        for (a, b) in a.iter().zip(b) {
            sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a.to_f64() * b.to_f64());
        }
        sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>()
    })
}

fn sum_of_squares<T: Real>(values: &[T], scaled: impl Fn(f64) -> f64) -> f64 {
    let square = move |x: &T| {
        let x = scaled(x.to_f64());
        x * x
    };
    dispatch(move || {
        let (whole, rest) = values.as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for chunk in whole {
            sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += square(x));
        }
        sums.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
    })
}

/// Scales `values`, whose norm is `norm`, down to a norm of `limit`; does nothing where it is smaller.
pub(crate) fn scale_to_norm<T: Real>(values: &mut [T], norm: f64, limit: f64) {
    if norm > limit {
        let scale = T::from_f64(limit / norm);
        dispatch(move || values.iter_mut().for_each(|x| *x = *x * scale));
    }
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
