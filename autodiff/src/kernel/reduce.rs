//! Sums of many terms, in a fixed order that depends only on their number.
//!
//! The error of a sequential sum in `f32` grows with the number of terms: 2·10⁶ times 0.1 is off by a percent. Here only
//! short runs of terms are summed in the scalar itself, and the partial sums in the scalar's
//! [`Accumulator`](Real::Accumulator).

use std::ops::Range;

use super::dispatch;
use super::parts::of_each_part;
use super::vector::exp_all;
use crate::scalar::Real;

/// Number of interleaved partial sums.
const LANES: usize = 16;
/// Terms per lane that are added in the scalar itself: seven roundings are less than 1e-6 in `f32`.
const TERMS: usize = 8;
/// Lengths of the stack buffer and of a smaller one: for a short row, initializing the large buffer would take longer than
/// the sum.
const BLOCK: usize = 256;
const SHORT: usize = 32;

/// The fewest values of a part that is worth another thread.
const VALUES: usize = 1 << 15;

/// The sum of a slice.
#[inline]
pub(crate) fn sum<T: Real>(values: &[T]) -> T::Accumulator {
    if values.len() < LANES {
        return values.iter().fold(T::Accumulator::ZERO, |sum, value| sum + value.widen());
    }
    if values.len() < 2 * VALUES {
        return sum_of_part(values);
    }
    let totals = of_each_part(values, VALUES, T::Accumulator::ZERO, sum_of_part);
    totals.into_iter().fold(T::Accumulator::ZERO, |sum, total| sum + total)
}

fn sum_of_part<T: Real>(values: &[T]) -> T::Accumulator {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `by_lanes_avx2` may run if AVX2 and FMA are available, and both were just detected.
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

/// The sum of an iterator's items.
#[inline(always)]
pub(crate) fn sum_of<T: Real>(terms: impl Iterator<Item = T>) -> T {
    T::narrow(terms.fold(T::Accumulator::ZERO, |sum, term| sum + term.widen()))
}

/// The largest value, without tangents; −∞ of none. NaN is passed over.
pub(crate) fn largest<T: Real>(values: &[T]) -> T {
    let larger = move |largest: T, &x: &T| if x > largest { x } else { largest };
    let lowest = T::from_f64(f64::NEG_INFINITY);
    if values.len() < LANES {
        return T::from_f64(values.iter().fold(lowest, larger).to_f64());
    }
    let found = dispatch(move || {
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut lanes = [lowest; LANES];
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane = larger(*lane, x);
            }
        }
        lanes.iter().chain(rest).fold(lowest, larger)
    });
    T::from_f64(found.to_f64())
}

/// Replaces each `x` by `e^(x − shift)` and returns their sum.
pub(crate) fn exp_and_sum<T: Real>(values: &mut [T], shift: T) -> T {
    let mut total = T::Accumulator::ZERO;
    for block in values.chunks_mut(BLOCK) {
        exp_all(block, shift);
        total += sum(block);
    }
    T::narrow(total)
}

/// The sum of `eˣ` over `exponents`, of which there are `count`.
#[inline(always)]
pub(crate) fn sum_exp<T: Real>(mut exponents: impl Iterator<Item = T>, count: usize) -> T {
    if count <= SHORT {
        let mut block = [T::ZERO; SHORT];
        block.iter_mut().zip(exponents).for_each(|(slot, x)| *slot = x);
        return exp_and_sum(&mut block[..count], T::ZERO);
    }
    let mut block = [T::ZERO; BLOCK];
    let mut total = T::Accumulator::ZERO;
    loop {
        let filled = block.iter_mut().zip(&mut exponents).map(|(slot, x)| *slot = x).count();
        if filled == 0 {
            return T::narrow(total);
        }
        total += exp_and_sum(&mut block[..filled], T::ZERO).widen();
    }
}

/// Cumulative sums down the columns of a matrix with `width` columns, written to `sums`; from the last row if `upward`.
pub(crate) fn running_sums<T: Real>(matrix: &[T], sums: &mut [T], width: usize, upward: bool) {
    match (width, upward) {
        (1, false) => running_line(matrix.iter().zip(sums)),
        (1, true) => running_line(matrix.iter().zip(sums).rev()),
        _ => (0..width).step_by(LANES).for_each(|first| {
            running_columns(matrix, sums, width, first..width.min(first + LANES), upward);
        }),
    }
}

/// Cumulative sums of a single contiguous column: several times as fast as the loop over rows of one element.
#[inline(always)]
fn running_line<'a, T: Real>(mut line: impl ExactSizeIterator<Item = (&'a T, &'a mut T)>) {
    let mut before = T::Accumulator::ZERO;
    while line.len() > 0 {
        let (rounded, mut recent) = (T::narrow(before), T::ZERO);
        for (&x, sum) in line.by_ref().take(2 * TERMS) {
            recent += x;
            *sum = rounded + recent;
        }
        before += recent.widen();
    }
}

/// As [`running_sums`], for at most [`LANES`] neighboring columns.
fn running_columns<T: Real>(matrix: &[T], sums: &mut [T], width: usize, columns: Range<usize>, upward: bool) {
    let mut before = [T::Accumulator::ZERO; LANES];
    let add_block = |(matrix, sums): (&[T], &mut [T])| {
        let (rounded, mut recent) = (before.map(T::narrow), [T::ZERO; LANES]);
        let add_row = |(row, sums): (&[T], &mut [T])| {
            let row = sums[columns.clone()].iter_mut().zip(&row[columns.clone()]);
            for (((sum, &x), recent), &rounded) in row.zip(&mut recent).zip(&rounded) {
                *recent += x;
                *sum = rounded + *recent;
            }
        };
        let rows = matrix.chunks_exact(width).zip(sums.chunks_exact_mut(width));
        if upward {
            rows.rev().for_each(add_row)
        } else {
            rows.for_each(add_row)
        }
        before.iter_mut().zip(recent).for_each(|(before, recent)| *before += recent.widen());
    };
    let size = 2 * TERMS * width;
    if upward {
        matrix.rchunks(size).zip(sums.rchunks_mut(size)).for_each(add_block);
    } else {
        matrix.chunks(size).zip(sums.chunks_mut(size)).for_each(add_block);
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
            let mut running = vec![0.0; length];
            running_sums(&values[..length], &mut running, 1, false);
            assert_eq!(running.last().map_or(0.0, |&last| f64::from(last)), expected);
        }
        let many: Vec<f32> = (0..9 * VALUES + 5).map(|k| (k % 7) as f32 - 2.0).collect();
        assert_eq!(sum(&many), many.iter().map(|&x| f64::from(x)).sum());
    }

    #[test]
    fn powers_and_their_sum_agree() {
        for length in [0, 1, 31, 32, 33, 255, 256, 257] {
            let exponents: Vec<f64> = (0..length).map(|k| f64::from(k) * 0.01 - 1.0).collect();
            let mut powers = exponents.clone();
            let total = exp_and_sum(&mut powers, 0.0);
            assert!((total - powers.iter().sum::<f64>()).abs() <= 1e-13 * total);
            assert_eq!(sum_exp(exponents.iter().copied(), exponents.len()), total);
        }
    }

    #[test]
    fn running_sums_of_any_width_and_either_direction_are_those_of_whole_numbers() {
        for (rows, width) in [(0, 3), (1, 1), (15, 2), (16, 16), (40, 17), (33, 40)] {
            let values: Vec<f32> = (0..rows * width).map(|k| (k % 7) as f32 - 2.0).collect();
            for upward in [false, true] {
                let mut found = vec![0.0; values.len()];
                running_sums(&values, &mut found, width, upward);
                for (row, column) in (0..rows).flat_map(|row| (0..width).map(move |column| (row, column))) {
                    let upto = if upward { row..rows } else { 0..row + 1 };
                    let expected: f32 = upto.map(|row| values[row * width + column]).sum();
                    assert_eq!(found[row * width + column], expected, "{rows}×{width} at {row}, {column}");
                }
            }
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
