//! Products with few rows, or of one column and one row, for which packing would cost more than the product: plain loops over the
//! rows of the other matrix, or over its columns if those are contiguous.

use super::{MatrixMut, MatrixRef, dispatch};
use crate::scalar::Real;

/// The maximal number of rows of the result.
const ROWS: usize = 4;
/// Columns of the result computed at a time: with those of the right matrix they fit the L1 cache.
const WIDTH: usize = 1024;
/// Columns of which dot products are computed at a time: an element of a row is loaded once for all.
const COLUMNS: usize = 4;

/// Interleaved partial sums of a dot product: two vectors of 256 bits in `f32`.
const LANES: usize = 16;

/// Terms summed sequentially in the scalar itself.
const LONG: usize = 4096;

/// Whether extents are such that a plain loop is the fastest.
pub(super) fn pays(rows: usize, inner: usize) -> bool {
    rows <= ROWS || inner == 1
}

/// `c = a·b` or `c += a·b`, if the rows of the matrices, or the columns of `b`, are contiguous; returns whether they are. The
/// extents agree, [`pays`] is true of them, and `c` does not overlap itself.
pub(super) fn product<T: Real>(
    a: MatrixRef<'_, T>,
    b: MatrixRef<'_, T>,
    c: &mut MatrixMut<'_, T>,
    accumulate: bool,
) -> bool {
    let (a_rows, b_rows, b_columns) = (a.strides[1] == 1, b.strides[1] == 1, b.strides[0] == 1);
    if b_rows && c.strides[1] == 1 && a.shape[1] <= LONG {
        add_rows(a, b, c, accumulate);
    } else if b_columns && a_rows && a.shape[0] <= ROWS {
        dot_columns(a, b, c, accumulate);
    } else {
        return false;
    }
    true
}

/// Each row of `c` is a linear combination of rows of `b`.
fn add_rows<T: Real>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>, c: &mut MatrixMut<'_, T>, accumulate: bool) {
    let ([rows, inner], columns) = (a.shape, b.shape[1]);
    for i in 0..rows {
        for first in (0..columns).step_by(WIDTH) {
            let width = WIDTH.min(columns - first);
            let row = |k: usize| &b.data[k * b.strides[0] + first..][..width];
            let start = i * c.strides[0] + first;
            let sums = &mut c.data[start..start + width];
            if !accumulate {
                sums.fill(T::ZERO);
            }
            dispatch(|| {
                let mut k = 0;
                // Four rows at a time, so that sums are loaded and stored once for all four.
                while k + 4 <= inner {
                    let [p, q, r, s] = [0, 1, 2, 3].map(|next| *a.at(i, k + next));
                    let (b0, b1, b2, b3) = (row(k), row(k + 1), row(k + 2), row(k + 3));
                    for ((((sum, &b0), &b1), &b2), &b3) in sums.iter_mut().zip(b0).zip(b1).zip(b2).zip(b3) {
                        *sum += (p * b0 + q * b1) + (r * b2 + s * b3);
                    }
                    k += 4;
                }
                for k in k..inner {
                    let p = *a.at(i, k);
                    sums.iter_mut().zip(row(k)).for_each(|(sum, &b)| *sum += p * b);
                }
            });
        }
    }
}

/// Each element of `c` is a dot product of a row of `a` and a column of `b`, both contiguous.
fn dot_columns<T: Real>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>, c: &mut MatrixMut<'_, T>, accumulate: bool) {
    let ([rows, inner], columns) = (a.shape, b.shape[1]);
    let row = |i: usize| &a.data[i * a.strides[0]..][..inner];
    for first in (0..columns).step_by(COLUMNS) {
        let mut store = |i: usize, dots: [T; COLUMNS]| {
            for (j, dot) in (first..columns).zip(dots) {
                let element = c.at(i, j);
                *element = if accumulate { *element + dot } else { dot };
            }
        };
        // Beyond the last column, that one again.
        let column = |k: usize| &b.data[(first + k).min(columns - 1) * b.strides[1]..][..inner];
        let group: [&[T]; COLUMNS] = std::array::from_fn(column);
        (0..rows).for_each(|i| store(i, dots(row(i), group)));
    }
}

/// The dot products of a row with each column. Those of blocks are summed in the accumulator, so that the error does not grow with
/// the length.
fn dots<T: Real>(row: &[T], columns: [&[T]; COLUMNS]) -> [T; COLUMNS] {
    let mut sums = [T::Accumulator::ZERO; COLUMNS];
    for (block, row) in row.chunks(LONG).enumerate() {
        let dots = block_dots(row, columns.map(|column| &column[block * LONG..][..row.len()]));
        sums.iter_mut().zip(dots).for_each(|(sum, dot)| *sum += dot.widen());
    }
    sums.map(T::narrow)
}

fn block_dots<T: Real>(row: &[T], columns: [&[T]; COLUMNS]) -> [T; COLUMNS] {
    let [s, t, u, v] = dispatch(move || {
        let whole = row.as_chunks::<LANES>().0;
        let [a, b, c, d] = columns.map(|column| &column.as_chunks::<LANES>().0[..whole.len()]);
        let [mut s, mut t, mut u, mut v] = [[T::ZERO; LANES]; COLUMNS];
        for ((((x, a), b), c), d) in whole.iter().zip(a).zip(b).zip(c).zip(d) {
            add_products(&mut s, x, a);
            add_products(&mut t, x, b);
            add_products(&mut u, x, c);
            add_products(&mut v, x, d);
        }
        [s, t, u, v]
    });
    let (rest, first) = (row.as_chunks::<LANES>().1, row.len() / LANES * LANES);
    let mut lanes = [s, t, u, v].into_iter().zip(columns);
    std::array::from_fn(|_| {
        let Some((lanes, column)) = lanes.next() else { return T::ZERO };
        rest.iter().zip(&column[first..]).fold(in_pairs(lanes), |sum, (&x, &y)| sum + x * y)
    })
}

#[inline(always)]
fn add_products<T: Real>(lanes: &mut [T; LANES], x: &[T; LANES], y: &[T; LANES]) {
    for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
        *lane += x * y;
    }
}

/// The sum of partial sums, halved again and again.
fn in_pairs<T: Real>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            let other = lanes[lane + width];
            lanes[lane] += other;
        }
        width /= 2;
    }
    lanes[0]
}
