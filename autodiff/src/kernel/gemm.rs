//! Matrix products: `f32` and `f64` through matrixmultiply, duals by splitting value and tangent.

use super::{MatrixMut, MatrixRef};
use crate::dual::Dual;
use crate::real::Real;

/// Products small or odd enough that a plain loop serves: a `c` that overlaps itself (a broadcast matrix collects
/// the sum of its places), or extents that do not agree, which is a caller's mistake and leaves `c` as it was.
fn plain<T: Real>(a: MatrixRef<'_, T>, b: MatrixRef<'_, T>, mut c: MatrixMut<'_, T>, accumulate: bool) {
    let [rows, inner] = a.shape;
    let [b_rows, columns] = b.shape;
    if b_rows != inner || c.shape != [rows, columns] {
        debug_assert!(false, "gemm: {:?} × {:?} into {:?}", a.shape, b.shape, c.shape);
        return;
    }
    for i in 0..rows {
        for j in 0..columns {
            let dot: T = (0..inner).map(|k| *a.at(i, k) * *b.at(k, j)).sum();
            let place = c.at(i, j);
            *place = if accumulate { *place + dot } else { dot };
        }
    }
}

macro_rules! matrix_multiply {
    ($float:ident, $kernel:path) => {
        /// `c = a·b`, or `c += a·b` where `accumulate`.
        pub(crate) fn $float(
            a: MatrixRef<'_, $float>,
            b: MatrixRef<'_, $float>,
            c: MatrixMut<'_, $float>,
            accumulate: bool,
        ) {
            let ([rows, inner], [_, columns]) = (a.shape, b.shape);
            let agree = b.shape[0] == inner && c.shape == [rows, columns];
            if !agree || c.overlaps() || inner == 0 || rows == 0 || columns == 0 {
                return plain(a, b, c, accumulate);
            }
            let beta = if accumulate { 1.0 } else { 0.0 };
            // SAFETY: `MatrixRef::new` and `MatrixMut::new` checked that the last element of each matrix lies in
            // its slice, and strides are not negative, so every element does; the extents agree and `c`, which
            // does not overlap itself, is borrowed exclusively, so it aliases neither `a` nor `b`. A slice is at
            // most isize::MAX bytes, so strides of matrices with more than one element there fit `isize`; a
            // stride along an axis of extent one is never followed.
            unsafe {
                $kernel(
                    rows,
                    inner,
                    columns,
                    1.0,
                    a.data.as_ptr(),
                    a.strides[0] as isize,
                    a.strides[1] as isize,
                    b.data.as_ptr(),
                    b.strides[0] as isize,
                    b.strides[1] as isize,
                    beta,
                    c.data.as_mut_ptr(),
                    c.strides[0] as isize,
                    c.strides[1] as isize,
                );
            }
        }
    };
}

matrix_multiply!(f32, matrixmultiply::sgemm);
matrix_multiply!(f64, matrixmultiply::dgemm);

/// Which half of a dual.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Value = 0,
    Tangent = 1,
}

/// The values or the tangents of a matrix of duals, as a matrix over the same memory.
pub(crate) fn half<T: Real>(matrix: MatrixRef<'_, Dual<T>>, part: Part) -> MatrixRef<'_, T> {
    let MatrixRef { data, shape, strides } = matrix;
    // SAFETY: `Dual<T>` is `repr(C)` with two fields of type `T` and nothing else, so a slice of n duals is a
    // slice of 2n `T` with the alignment of `T`; the lifetime is that of the borrow.
    let data = unsafe { std::slice::from_raw_parts(data.as_ptr().cast::<T>(), 2 * data.len()) };
    MatrixRef { data: data.get(part as usize..).unwrap_or_default(), shape, strides: strides.map(|s| 2 * s) }
}

/// As [`half`], to be written.
pub(crate) fn half_mut<T: Real>(matrix: MatrixMut<'_, Dual<T>>, part: Part) -> MatrixMut<'_, T> {
    let MatrixMut { data, shape, strides } = matrix;
    // SAFETY: as in `half`; the exclusive borrow is passed on.
    let data = unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr().cast::<T>(), 2 * data.len()) };
    MatrixMut { data: data.get_mut(part as usize..).unwrap_or_default(), shape, strides: strides.map(|s| 2 * s) }
}
