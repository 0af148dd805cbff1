//! Products of matrices whose entries are close to the smallest numbers, such as gradients that vanish.
//!
//! Terms below the smallest normal number lose digits, and most processors take a hundred times as long for them: a sweep over
//! depth spent more than half of its time in a few layers. So such a matrix is multiplied by a power of two beforehand and
//! the product divided by it, which rounds once. Where nothing is left of a gradient, the matrix is 0, and so is the product.
//! Other matrices are recognized by their first entries.

use super::{MatrixRef, all_finite, dispatch, with_scratch};
use crate::scalar::Real;

/// Binary exponents of a float: entries all below `2^tiny` are magnified until the largest is near `2^target`, which is far
/// enough from both ends of the range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) tiny: i32,
    pub(super) target: i32,
}

impl Range {
    pub(super) const SINGLE: Range = Range { tiny: -80, target: -40 };
    pub(super) const DOUBLE: Range = Range { tiny: -900, target: -450 };
}

/// Entries that are compared at a time.
const LANES: usize = 16;

/// Entries after which one that is not tiny ends the search.
const PIECE: usize = 128;

/// What the entries of a matrix have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Entries<T> {
    /// One is not tiny.
    Usual,
    /// All are tiny, and one is not 0: the power of two to multiply by.
    Tiny(T),
    /// Every one is 0 or NaN.
    Zero,
}

/// Whether all entries are tiny, or 0.
pub(super) fn entries<T: Real>(matrix: MatrixRef<'_, T>, range: Range) -> Entries<T> {
    let bound = T::from_f64(2.0_f64.powi(range.tiny));
    if matrix.at(0, 0).abs() >= bound {
        return Entries::Usual;
    }
    let lines = lines(matrix);
    let [count, length] = lines.shape;
    let mut largest = T::ZERO;
    for line in 0..count {
        let line = &lines.data[line * lines.strides[0]..][..(length - 1) * lines.strides[1] + 1];
        let most = match lines.strides[1] {
            1 => largest_magnitude(line, bound),
            stride => line.iter().step_by(stride.max(1)).fold(T::ZERO, |most, &x| larger(most, x)),
        };
        if most >= bound {
            return Entries::Usual;
        }
        largest = larger(largest, most);
    }
    if largest == T::ZERO {
        return Entries::Zero;
    }
    let exponent = largest.to_f64().log2().floor() as i32;
    Entries::Tiny(T::from_f64(2.0_f64.powi(range.target - exponent)))
}

/// The matrix, or the transposed one if its rows are contiguous; one row if all elements are.
fn lines<T>(matrix: MatrixRef<'_, T>) -> MatrixRef<'_, T> {
    let lines = if matrix.strides[0] == 1 { matrix.transposed() } else { matrix };
    match (lines.shape, lines.strides) {
        ([count, length], [between, 1]) if between == length => {
            MatrixRef { shape: [1, count * length], strides: [0, 1], ..lines }
        }
        _ => lines,
    }
}

/// Whether every entry is known to be finite.
fn finite<T: Real>(matrix: MatrixRef<'_, T>) -> bool {
    let lines = lines(matrix);
    let [count, length] = lines.shape;
    lines.strides[1] == 1 && (0..count).all(|line| all_finite(&lines.data[line * lines.strides[0]..][..length]))
}

/// Whether a product with a matrix of [`Entries::Zero`] is 0.
pub(super) fn vanishes<T: Real>(zero: MatrixRef<'_, T>, other: MatrixRef<'_, T>) -> bool {
    finite(zero) && finite(other)
}

/// The larger of `most` and the magnitude of `x`; `most` if `x` is NaN.
#[inline(always)]
fn larger<T: Real>(most: T, x: T) -> T {
    if x.abs() > most { x.abs() } else { most }
}

/// The largest magnitude, or one of at least `bound`.
fn largest_magnitude<T: Real>(line: &[T], bound: T) -> T {
    let mut most = T::ZERO;
    for piece in line.chunks(PIECE) {
        let (chunks, rest) = piece.as_chunks::<LANES>();
        let lanes = dispatch(move || {
            let mut lanes = [T::ZERO; LANES];
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane = larger(*lane, x);
                }
            }
            lanes
        });
        most = lanes.iter().chain(rest).fold(most, |most, &x| larger(most, x));
        if most >= bound {
            return most;
        }
    }
    most
}

/// Calls `work` with the matrix times `factor`.
pub(super) fn with_magnified<T: Real>(matrix: MatrixRef<'_, T>, factor: T, work: impl FnOnce(MatrixRef<'_, T>)) {
    let by_columns = matrix.strides[0] == 1;
    let lines = if by_columns { matrix.transposed() } else { matrix };
    let [count, length] = lines.shape;
    with_scratch(count * length, |copy| {
        for (i, to) in copy.chunks_exact_mut(length).enumerate() {
            if lines.strides[1] == 1 {
                let line = &lines.data[i * lines.strides[0]..];
                dispatch(|| to.iter_mut().zip(line).for_each(|(to, &x)| *to = x * factor));
            } else {
                to.iter_mut().enumerate().for_each(|(j, to)| *to = *lines.at(i, j) * factor);
            }
        }
        let copy = MatrixRef { data: copy, shape: lines.shape, strides: [length, 1] };
        work(if by_columns { copy.transposed() } else { copy });
    });
}

#[cfg(test)]
mod tests {
    use super::super::{MatrixMut, Product};
    use super::*;

    /// The largest error of a product of numbers near `2^exponent` with others near 1, relative to the largest entry.
    fn worst(exponent: i32, transposed: bool) -> f64 {
        let n = 20;
        let number = |k: usize| ((k * 37) % 101) as f64 / 50.0 - 1.0;
        let tiny: Vec<f32> = (0..n * n).map(|k| (number(k) * 2.0_f64.powi(exponent)) as f32).collect();
        let plain: Vec<f32> = (0..n * n).map(|k| number(k + 7) as f32).collect();
        let strides = if transposed { [1, n] } else { [n, 1] };
        let (a, b) = (MatrixRef::new(&tiny, [n, n], strides).unwrap(), MatrixRef::new(&plain, [n, n], [n, 1]).unwrap());
        let mut c = vec![0.0; n * n];
        let (a, b) = if transposed { (b, a) } else { (a, b) };
        f32::gemm(a, b, MatrixMut::new(&mut c, [n, n], [n, 1]).unwrap(), false).unwrap();
        let exact = |i, j| (0..n).map(|k| f64::from(*a.at(i, k)) * f64::from(*b.at(k, j))).sum::<f64>();
        let pairs = || (0..n * n).map(|k| (exact(k / n, k % n), f64::from(c[k])));
        let largest = pairs().fold(0.0, |most: f64, (exact, _)| most.max(exact.abs()));
        pairs().fold(0.0, |most: f64, (exact, found)| most.max((found - exact).abs())) / largest
    }

    #[test]
    fn products_of_vanishing_numbers_keep_the_digits_that_the_result_has() {
        for transposed in [false, true] {
            assert!(worst(-70, transposed) < 1e-6);
            assert!(worst(-120, transposed) < 1e-6);
            // The largest entry of the product is about 2⁻¹³⁶, which has 13 bits.
            assert!(worst(-138, transposed) < 1.0 / 8192.0, "{}", worst(-138, transposed));
        }
    }

    #[test]
    fn only_matrices_of_nothing_but_tiny_numbers_are_magnified() {
        let of = |numbers: [f32; 4]| entries(MatrixRef::new(&numbers, [2, 2], [2, 1]).unwrap(), Range::SINGLE);
        assert_eq!(of([0.0; 4]), Entries::Zero);
        assert_eq!(of([1e-40, 0.0, 1e-44, 1.0]), Entries::Usual);
        assert_eq!(of([1e-40, 0.0, f32::INFINITY, 0.0]), Entries::Usual);
        assert_eq!(of([0.0, 0.0, -2.0_f32.powi(-130), 0.0]), Entries::Tiny(2.0_f32.powi(90)));
        assert_eq!(of([f32::from_bits(1), f32::NAN, 0.0, 0.0]), Entries::Tiny(2.0_f32.powi(109)));
    }
}
