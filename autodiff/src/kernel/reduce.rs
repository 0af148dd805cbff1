//! Sums of many terms, in a fixed order that depends on their number alone.
//!
//! The error of one running sum in `f32` grows with the number of terms: 2·10⁶ times 0.1 is off by a percent. Here a few
//! terms at most follow one another in the scalar itself; what they give is summed in the scalar's
//! [`Accumulator`](Real::Accumulator).

use crate::real::Real;

/// Sums that run side by side.
const LANES: usize = 16;
/// Terms to a lane that are added in the scalar itself: seven roundings are less than 1e-6 in `f32`.
const TERMS: usize = 8;
/// Terms that a buffer on the stack holds.
const BLOCK: usize = 256;

/// The sum of a slice.
#[inline]
pub(crate) fn sum<T: Real>(values: &[T]) -> T::Accumulator {
    if values.len() < LANES {
        return values.iter().fold(T::Accumulator::ZERO, |sum, value| sum + value.widen());
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `by_lanes_avx2` may run where AVX2 and FMA are available, and both were just detected.
        return unsafe { by_lanes_avx2(values) };
    }
    by_lanes(values)
}

/// Not through [`dispatch`](super::dispatch), whose closures stay out of line when they are as large as this.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn by_lanes_avx2<T: Real>(values: &[T]) -> T::Accumulator {
    by_lanes(values)
}

#[inline(always)]
fn by_lanes<T: Real>(values: &[T]) -> T::Accumulator {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut totals = [T::Accumulator::ZERO; LANES];
    for block in chunks.chunks(TERMS) {
        let mut lanes = [T::ZERO; LANES];
        for chunk in block {
            for lane in 0..LANES {
                lanes[lane] += chunk[lane];
            }
        }
        for lane in 0..LANES {
            totals[lane] += lanes[lane].widen();
        }
    }
    let halves: [_; LANES / 2] = std::array::from_fn(|lane| totals[lane] + totals[lane + LANES / 2]);
    let quarters: [_; LANES / 4] = std::array::from_fn(|lane| halves[lane] + halves[lane + LANES / 4]);
    let rest = rest.iter().fold(T::Accumulator::ZERO, |sum, value| sum + value.widen());
    quarters.into_iter().fold(rest, |sum, total| sum + total)
}

/// The sum of what an iterator gives.
#[inline(always)]
pub(crate) fn sum_of<T: Real>(terms: impl Iterator<Item = T>) -> T {
    T::narrow(terms.fold(T::Accumulator::ZERO, |sum, term| sum + term.widen()))
}

/// Replaces each `x` by `eˣ` and gives their sum.
pub(crate) fn exp_and_sum<T: Real>(values: &mut [T]) -> T {
    let mut exponents = [T::ZERO; BLOCK];
    let mut total = T::Accumulator::ZERO;
    for block in values.chunks_mut(BLOCK) {
        let exponents = &mut exponents[..block.len()];
        exponents.copy_from_slice(block);
        T::exp_slice(exponents, block);
        total += sum(block);
    }
    T::narrow(total)
}

/// The sum of `eˣ` over `exponents`.
#[inline(always)]
pub(crate) fn sum_exp<T: Real>(mut exponents: impl Iterator<Item = T>) -> T {
    let mut block = [T::ZERO; BLOCK];
    let mut total = T::Accumulator::ZERO;
    loop {
        let filled = block.iter_mut().zip(&mut exponents).map(|(place, x)| *place = x).count();
        if filled == 0 {
            return T::narrow(total);
        }
        total += exp_and_sum(&mut block[..filled]).widen();
    }
}

/// Replaces each term by the sum of those up to it.
pub(crate) fn running_sums<T: Real>(terms: &mut [T]) {
    let mut before = T::Accumulator::ZERO;
    for block in terms.chunks_mut(16) {
        let (rounded, mut sum) = (T::narrow(before), T::ZERO);
        for term in block {
            sum += *term;
            *term = rounded + sum;
        }
        before += sum.widen();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length_are_those_of_whole_numbers() {
        let lengths = if cfg!(miri) { 40 } else { 600 };
        let values: Vec<f32> = (0..lengths).map(|k| (k % 7) as f32 - 2.0).collect();
        for length in 0..values.len() {
            let expected: f64 = values[..length].iter().map(|&x| f64::from(x)).sum();
            assert_eq!(sum(&values[..length]), expected);
            assert_eq!(f64::from(sum_of(values[..length].iter().copied())), expected);
            let mut running = values[..length].to_vec();
            running_sums(&mut running);
            assert_eq!(running.last().map_or(0.0, |&last| f64::from(last)), expected);
        }
    }

    #[test]
    fn powers_and_their_sum_agree() {
        for length in [0, 1, 255, 256, 257] {
            let exponents: Vec<f64> = (0..length).map(|k| f64::from(k) * 0.01 - 1.0).collect();
            let mut powers = exponents.clone();
            let total = exp_and_sum(&mut powers);
            assert!((total - powers.iter().sum::<f64>()).abs() <= 1e-13 * total);
            assert_eq!(sum_exp(exponents.iter().copied()), total);
        }
    }

    #[test]
    fn infinities_stay_what_they_are() {
        let mut values = vec![1.0_f32; 200];
        values[150] = f32::INFINITY;
        assert_eq!(sum(&values), f64::INFINITY);
        values[3] = f32::NEG_INFINITY;
        assert!(sum(&values).is_nan());
    }
}
