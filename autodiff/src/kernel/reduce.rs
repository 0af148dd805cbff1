//! Sums of slices, in a fixed order that depends on the length alone.

use crate::real::Real;

const LANES: usize = 16;

/// The sum, over sixteen interleaved partial sums: vectorises, and errs less than one running sum.
pub(crate) fn sum<T: Real>(values: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: T = chunks.remainder().iter().copied().sum();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().copied().sum::<T>() + rest
}
