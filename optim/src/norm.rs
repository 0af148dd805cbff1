//! Inner products, and scaling down to a norm.

use autodiff::Real;
use autodiff::op::dispatch;

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

/// Scales `values`, whose norm is `norm`, down to a norm of `limit`; does nothing where it is smaller.
pub(crate) fn scale_to_norm<T: Real>(values: &mut [T], norm: f64, limit: f64) {
    if norm > limit {
        let scale = T::from_f64(limit / norm);
        dispatch(move || values.iter_mut().for_each(|x| *x = *x * scale));
    }
}
