//! Products with few rows, for which packing the other matrix would cost more than the product: plain loops over its rows, or
//! over its columns if those are contiguous.

use super::{MatrixMut, MatrixRef, dispatch};
use crate::scalar::Real;

/// The maximal number of rows of the result.
pub(super) const ROWS: usize = 4;
/// Columns of the result computed at a time: with those of the right matrix they fit the L1 cache.
const WIDTH: usize = 1024;
/// Interleaved partial sums of a dot product: four vectors of 256 bits in `f32`.
const LANES: usize = 32;

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
    for j in 0..columns {
        let column = &b.data[j * b.strides[1]..][..inner];
        for i in 0..rows {
            let dot = dot(&a.data[i * a.strides[0]..][..inner], column);
            let element = c.at(i, j);
            *element = if accumulate { *element + dot } else { dot };
        }
    }
}

/// Dot products of blocks are summed in the accumulator, so that the error does not grow with the length.
fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let blocks = x.chunks(LONG).zip(y.chunks(LONG));
    T::narrow(blocks.fold(T::Accumulator::ZERO, |sum, (x, y)| sum + block(x, y).widen()))
}

fn block<T: Real>(x: &[T], y: &[T]) -> T {
    dispatch(|| {
        let mut lanes = [T::ZERO; LANES];
        let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
        for (x, y) in x.iter().zip(y) {
            for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
                *lane += x * y;
            }
        }
        let rest: T = x_rest.iter().zip(y_rest).map(|(&x, &y)| x * y).sum();
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                let other = lanes[lane + width];
                lanes[lane] += other;
            }
            width /= 2;
        }
        lanes[0] + rest
    })
}
