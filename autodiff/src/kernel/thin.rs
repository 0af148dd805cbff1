//! Products with few rows, for which packing the other matrix would cost more than the product: plain loops over its rows, or
//! over its columns if those are contiguous.

use super::{MatrixMut, MatrixRef, dispatch};
use crate::scalar::Real;

/// The maximal number of rows of the result.
pub(super) const ROWS: usize = 4;
/// Columns of the result computed at a time: with those of the right matrix they fit the L1 cache.
const WIDTH: usize = 1024;
/// Columns of which dot products are computed at a time: an element of a row is loaded once for all.
const COLUMNS: usize = 4;

/// Terms summed sequentially in the scalar itself.
const LONG: usize = 4096;

/// `c = a·b` or `c += a·b`, if the rows of the matrices, or the columns of `b`, are contiguous; returns whether they are. The
/// extents agree, and `c` has at most [`ROWS`] rows and does not overlap itself.
pub(super) fn product<T: Real>(
    a: MatrixRef<'_, T>,
    b: MatrixRef<'_, T>,
    c: &mut MatrixMut<'_, T>,
    accumulate: bool,
) -> bool {
    let (a_rows, b_rows, b_columns) = (a.strides[1] == 1, b.strides[1] == 1, b.strides[0] == 1);
    if b_rows && c.strides[1] == 1 && a.shape[1] <= LONG {
        add_rows(a, b, c, accumulate);
    } else if b_columns && a_rows {
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
        // Two rows at a time in one vector each, or one in two: as many sums as it takes to keep the adders busy.
        for i in (0..rows / 2 * 2).step_by(2) {
            let [one, two] = dots::<T, 2, 8>([row(i), row(i + 1)], group);
            store(i, one);
            store(i + 1, two);
        }
        if rows % 2 == 1 {
            let [last] = dots::<T, 1, 16>([row(rows - 1)], group);
            store(rows - 1, last);
        }
    }
}

/// The dot products of each row with each column. Those of blocks are summed in the accumulator, so that the error does not grow
/// with the length.
fn dots<T: Real, const R: usize, const LANES: usize>(rows: [&[T]; R], columns: [&[T]; COLUMNS]) -> [[T; COLUMNS]; R] {
    let mut sums = [[T::Accumulator::ZERO; COLUMNS]; R];
    for first in (0..rows[0].len()).step_by(LONG) {
        let part = |x: &[T]| first..x.len().min(first + LONG);
        let block = block::<T, R, LANES>(rows.map(|x| &x[part(x)]), columns.map(|y| &y[part(y)]));
        for (sums, block) in sums.iter_mut().zip(block) {
            sums.iter_mut().zip(block).for_each(|(sum, dot)| *sum += dot.widen());
        }
    }
    sums.map(|sums| sums.map(T::narrow))
}

fn block<T: Real, const R: usize, const LANES: usize>(rows: [&[T]; R], columns: [&[T]; COLUMNS]) -> [[T; COLUMNS]; R] {
    dispatch(move || {
        let mut lanes = [[[T::ZERO; LANES]; COLUMNS]; R];
        let (rows, row_rests) = (rows.map(|x| x.as_chunks::<LANES>().0), rows.map(|x| x.as_chunks::<LANES>().1));
        let (columns, rests) = (columns.map(|y| y.as_chunks::<LANES>().0), columns.map(|y| y.as_chunks::<LANES>().1));
        let count = rows[0].len();
        let (rows, columns) = (rows.map(|x| &x[..count]), columns.map(|y| &y[..count]));
        for k in 0..count {
            for (lanes, row) in lanes.iter_mut().zip(rows) {
                for (lanes, column) in lanes.iter_mut().zip(columns) {
                    for ((lane, &x), &y) in lanes.iter_mut().zip(&row[k]).zip(&column[k]) {
                        *lane += x * y;
                    }
                }
            }
        }
        let mut result = [[T::ZERO; COLUMNS]; R];
        for ((result, lanes), row) in result.iter_mut().zip(lanes).zip(row_rests) {
            for ((dot, mut lanes), column) in result.iter_mut().zip(lanes).zip(rests) {
                let rest: T = row.iter().zip(column).map(|(&x, &y)| x * y).sum();
                let mut width = LANES / 2;
                while width > 0 {
                    for lane in 0..width {
                        let other = lanes[lane + width];
                        lanes[lane] += other;
                    }
                    width /= 2;
                }
                *dot = lanes[0] + rest;
            }
        }
        result
    })
}
