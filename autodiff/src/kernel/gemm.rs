//! Matrix products in every scalar: `f32` and `f64` by matrixmultiply, dual numbers by splitting value and tangent.

use super::blocked::{self, Blocked};
use super::reduce::sum_of;
use super::tiny::{self, Entries};
use super::{Components, MatrixMut, MatrixRef, thin};
use crate::error::Mismatch;
use crate::scalar::{Dual, Real};

/// The matrix product of a scalar. Sealed, and thereby [`Real`]: a product accesses memory through pointers, so its
/// arguments must be trusted.
pub trait Product: Sized {
    /// `c = a·b`, or `c += a·b` if `accumulate`. Strides are in elements of `Self`. [`MatrixRef::new`] has checked that each
    /// matrix is within its slice.
    ///
    /// # Errors
    /// If the extents do not agree: `[m, k] × [k, n]` gives `[m, n]`.
    fn gemm(
        a: MatrixRef<'_, Self>,
        b: MatrixRef<'_, Self>,
        c: MatrixMut<'_, Self>,
        accumulate: bool,
    ) -> Result<(), Mismatch>;
}

/// An error unless `a·b` has the extents of `c`.
fn agree<T>(a: &MatrixRef<'_, T>, b: &MatrixRef<'_, T>, c: &MatrixMut<'_, T>) -> Result<(), Mismatch> {
    let ([rows, inner], [b_rows, columns]) = (a.shape, b.shape);
    if b_rows == inner && c.shape == [rows, columns] {
        return Ok(());
    }
    Err(Mismatch::new(format!("no matrix product of {:?} and {:?} has the extents {:?}", a.shape, b.shape, c.shape)))
}

/// A plain loop for special cases: a `c` that overlaps itself (a broadcast matrix, whose elements are sums), or sums over no
/// terms. The extents agree.
fn plain<T: Real>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>, mut c: MatrixMut<'_, T>, accumulate: bool) {
    let ([rows, inner], [_, columns]) = (a.shape, b.shape);
    for i in 0..rows {
        for j in 0..columns {
            let dot = sum_of((0..inner).map(|k| *a.at(i, k) * *b.at(k, j)));
            let element = c.at(i, j);
            *element = if accumulate { *element + dot } else { dot };
        }
    }
}

macro_rules! product {
    ($float:ident within $range:expr) => {
        impl Product for $float {
            fn gemm(
                a: MatrixRef<'_, $float>,
                b: MatrixRef<'_, $float>,
                c: MatrixMut<'_, $float>,
                accumulate: bool,
            ) -> Result<(), Mismatch> {
                agree(&a, &b, &c)?;
                float_product(a, b, c, accumulate, $range);
                Ok(())
            }
        }
    };
}

product!(f32 within tiny::Range::SINGLE);
product!(f64 within tiny::Range::DOUBLE);

/// `c = a·b`, or `c += a·b`, by the loop that is for these extents and entries. The extents agree.
fn float_product<T: Real + Blocked>(
    a: MatrixRef<'_, T>,
    b: MatrixRef<'_, T>,
    mut c: MatrixMut<'_, T>,
    accumulate: bool,
    range: tiny::Range,
) {
    let ([rows, inner], columns) = (a.shape, b.shape[1]);
    if c.overlaps() || [rows, inner, columns].contains(&0) {
        return plain(a, b, c, accumulate);
    }
    if thin::pays(rows, inner) && thin::product(a, b, &mut c, accumulate) {
        return;
    }
    if thin::pays(columns, inner) && thin::product(b.transposed(), a.transposed(), &mut c.transposed(), accumulate) {
        return;
    }
    let beta = if accumulate { T::ONE } else { T::ZERO };
    match [tiny::entries(a, range), tiny::entries(b, range)] {
        [Entries::Tiny(factor), _] => {
            tiny::with_magnified(a, factor, |a| blocked::product(T::ONE / factor, a, b, beta, &mut c));
        }
        [_, Entries::Tiny(factor)] => {
            tiny::with_magnified(b, factor, |b| blocked::product(T::ONE / factor, a, b, beta, &mut c));
        }
        [Entries::Zero, _] if tiny::vanishes(a, b) => add_zero(c, accumulate),
        [_, Entries::Zero] if tiny::vanishes(b, a) => add_zero(c, accumulate),
        _ => blocked::product(T::ONE, a, b, beta, &mut c),
    }
}

/// Sets a matrix to 0, unless 0 is added to what it has.
fn add_zero<T: Real>(mut c: MatrixMut<'_, T>, accumulate: bool) {
    if accumulate {
        return;
    }
    let c = if c.strides[0] == 1 { c.transposed() } else { c };
    let ([rows, columns], [row_stride, column_stride]) = (c.shape, c.strides);
    for i in 0..rows {
        let row = &mut c.data[i * row_stride..];
        match column_stride {
            1 => row[..columns].fill(T::ZERO),
            _ => row.iter_mut().step_by(column_stride.max(1)).take(columns).for_each(|c| *c = T::ZERO),
        }
    }
}

impl<T: Real> Product for Dual<T> {
    fn gemm(
        a: MatrixRef<'_, Self>,
        b: MatrixRef<'_, Self>,
        mut c: MatrixMut<'_, Self>,
        accumulate: bool,
    ) -> Result<(), Mismatch> {
        let (a_value, a_tangent) = (half(a, Part::Value), half(a, Part::Tangent));
        let (b_value, b_tangent) = (half(b, Part::Value), half(b, Part::Tangent));
        T::gemm(a_value, b_value, half_mut(c.reborrow(), Part::Value), accumulate)?;
        T::gemm(a_value, b_tangent, half_mut(c.reborrow(), Part::Tangent), accumulate)?;
        T::gemm(a_tangent, b_value, half_mut(c, Part::Tangent), true)
    }
}

/// Value or tangent of a dual number.
#[derive(Clone, Copy)]
enum Part {
    Value = 0,
    Tangent = 1,
}

/// The values or the tangents of a matrix of duals, as a matrix over the same memory.
fn half<T: Real>(matrix: MatrixRef<'_, Dual<T>>, part: Part) -> MatrixRef<'_, T> {
    let MatrixRef { data, shape, strides } = matrix;
    let data = Dual::components(data);
    MatrixRef { data: data.get(part as usize..).unwrap_or_default(), shape, strides: strides.map(|s| 2 * s) }
}

/// As [`half`], mutable.
fn half_mut<T: Real>(matrix: MatrixMut<'_, Dual<T>>, part: Part) -> MatrixMut<'_, T> {
    let MatrixMut { data, shape, strides } = matrix;
    let data = Dual::components_mut(data);
    MatrixMut { data: data.get_mut(part as usize..).unwrap_or_default(), shape, strides: strides.map(|s| 2 * s) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small integers, so that sums are exact in any order.
    fn numbers(length: usize) -> Vec<f32> {
        (0..length).map(|k| ((k * 7 + k / 5) % 11) as f32 - 5.0).collect()
    }

    fn check([rows, inner, columns]: [usize; 3], order: [bool; 3], accumulate: bool) {
        let strides = |[n, m]: [usize; 2], by_rows: bool| if by_rows { [m, 1] } else { [1, n] };
        let (left, right, result) = ([rows, inner], [inner, columns], [rows, columns]);
        let (a, b) = (numbers(rows * inner), numbers(inner * columns));
        let a = MatrixRef::new(&a, left, strides(left, order[0])).unwrap();
        let b = MatrixRef::new(&b, right, strides(right, order[1])).unwrap();
        let (mut found, mut expected) = (numbers(rows * columns), numbers(rows * columns));
        let c_strides = strides(result, order[2]);
        f32::gemm(a, b, MatrixMut::new(&mut found, result, c_strides).unwrap(), accumulate).unwrap();
        plain(a, b, MatrixMut::new(&mut expected, result, c_strides).unwrap(), accumulate);
        assert_eq!(found, expected, "{rows}×{inner}×{columns} {order:?} accumulate {accumulate}");
    }

    #[test]
    fn blocks_give_what_the_plain_loop_gives() {
        let extents = if cfg!(miri) { &[1, 6, 7, 17][..] } else { &[1, 2, 4, 5, 7, 16, 17, 33] };
        let small = extents.iter().flat_map(|&m| extents.iter().map(move |&n| [m, 9, n]));
        // More than one block along each axis, and large enough to be packed.
        let large =
            [[200, 300, 130], [97, 257, 400], [1, 600, 2100], [3, 77, 130], [300, 513, 3], [61, 1, 130], [2, 5000, 7]];
        let large = if cfg!(miri) { &[[13, 257, 19]][..] } else { &large };
        for (case, extents) in small.chain(large.iter().copied()).enumerate() {
            let order = [case % 2 == 0, case / 2 % 2 == 0, case / 4 % 2 == 0];
            check(extents, order, case % 3 == 0);
            check(extents, order.map(|by_rows| !by_rows), case % 3 == 1);
        }
    }

    #[test]
    fn the_bits_are_the_same_for_any_number_of_threads() {
        let fractions =
            |length: usize| (0..length).map(|k| ((k * 7919) % 1009) as f32 / 1009.0 - 0.5).collect::<Vec<_>>();
        let extents = if cfg!(miri) { [70, 3, 5] } else { [300, 290, 513] };
        let [m, k, n] = extents;
        let (a, b) = (fractions(m * k), fractions(k * n));
        let product = |threads: usize, c_strides: [usize; 2]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut c = fractions(m * n);
            let a = MatrixRef::new(&a, [m, k], [k, 1]).unwrap();
            let b = MatrixRef::new(&b, [k, n], [1, k]).unwrap();
            pool.install(|| f32::gemm(a, b, MatrixMut::new(&mut c, [m, n], c_strides).unwrap(), true)).unwrap();
            c.iter().map(|c| c.to_bits()).collect::<Vec<_>>()
        };
        for c_strides in [[n, 1], [1, m]] {
            let one = product(1, c_strides);
            assert!([2, 3, 4].into_iter().all(|threads| product(threads, c_strides) == one));
        }
    }

    #[test]
    fn broadcast_rows_and_columns_are_read_as_they_are() {
        let (a, b) = (numbers(40), numbers(300));
        let mut c = vec![0.0; 40 * 20];
        for (a_strides, b_strides) in [([1, 0], [0, 1]), ([0, 1], [1, 0]), ([0, 0], [20, 1])] {
            let a = MatrixRef::new(&a, [40, 12], a_strides).unwrap();
            let b = MatrixRef::new(&b, [12, 20], b_strides).unwrap();
            let mut expected = c.clone();
            f32::gemm(a, b, MatrixMut::new(&mut c, [40, 20], [20, 1]).unwrap(), false).unwrap();
            plain(a, b, MatrixMut::new(&mut expected, [40, 20], [20, 1]).unwrap(), false);
            assert_eq!(c, expected);
        }
    }

    #[test]
    fn a_product_with_zeros_is_that_of_the_plain_loop() {
        for entry in [1.0, f32::NAN, f32::INFINITY] {
            let (zeros, mut other) = ([0.0; 36], [2.0; 36]);
            other[35] = entry;
            let mut spoilt = zeros;
            spoilt[35] = if entry == 1.0 { 0.0 } else { f32::NAN };
            let matrix = |data, strides| MatrixRef::new(data, [6, 6], strides).unwrap();
            let [zeros, spoilt, other] = [matrix(&zeros, [6, 1]), matrix(&spoilt, [1, 6]), matrix(&other, [1, 6])];
            for (a, b) in [(zeros, other), (other, zeros), (zeros, spoilt), (spoilt, zeros), (zeros, zeros)] {
                for (strides, accumulate) in [([6, 1], false), ([1, 6], false), ([12, 2], false), ([6, 1], true)] {
                    let (mut found, mut expected) = ([3.0; 72], [3.0; 72]);
                    f32::gemm(a, b, MatrixMut::new(&mut found, [6, 6], strides).unwrap(), accumulate).unwrap();
                    plain(a, b, MatrixMut::new(&mut expected, [6, 6], strides).unwrap(), accumulate);
                    assert!(found.iter().zip(&expected).all(|(f, e)| f == e || f.is_nan() && e.is_nan()), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn a_result_that_overlaps_itself_collects_the_sum() {
        let (a, b) = ([1.0_f64, 2.0, 3.0], [10.0_f64]);
        let mut c = [0.5];
        let a = MatrixRef::new(&a, [3, 1], [1, 1]).unwrap();
        let one = MatrixRef::new(&b, [1, 1], [1, 1]).unwrap();
        f64::gemm(a, one, MatrixMut::new(&mut c, [3, 1], [0, 1]).unwrap(), true).unwrap();
        assert_eq!(c, [60.5]);
        assert!(MatrixRef::new(&b, [2, 1], [1, 1]).is_none());
    }

    #[test]
    fn extents_that_disagree_are_an_error_that_shows_them() {
        let (a, b) = (numbers(6), numbers(20));
        let a = MatrixRef::new(&a, [2, 3], [3, 1]).unwrap();
        let b = MatrixRef::new(&b, [4, 5], [5, 1]).unwrap();
        for c_shape in [[2, 5], [2, 4]] {
            let mut c = vec![7.0; 10];
            let error = f32::gemm(a, b, MatrixMut::new(&mut c, c_shape, [c_shape[1], 1]).unwrap(), true).unwrap_err();
            assert!(error.reason.contains("[2, 3] and [4, 5]") && error.reason.contains(&format!("{c_shape:?}")));
            assert_eq!(c, [7.0; 10]);
        }
    }

    #[test]
    fn strides_that_are_never_walked_may_be_any() {
        let huge = usize::MAX;
        let (a, b) = ([Dual::new(2.0, 1.0), Dual::new(3.0, 0.0)], [Dual::new(5.0, 0.5)]);
        let mut c = [Dual::new(0.0, 0.0); 2];
        let a = MatrixRef::new(&a, [2, 1], [1, huge]).unwrap();
        let b = MatrixRef::new(&b, [1, 1], [huge, huge]).unwrap();
        Dual::<f64>::gemm(a, b, MatrixMut::new(&mut c, [2, 1], [1, huge]).unwrap(), false).unwrap();
        assert_eq!(c.map(|c| (c.value, c.tangent)), [(10.0, 6.0), (15.0, 1.5)]);
    }
}
