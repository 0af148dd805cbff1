//! Large products of floats: by matrixmultiply, in parts that run on all cores.
//!
//! Not on the tiles of direct convolution, which read the left matrix where it lies and need only the right one packed: tried with
//! AVX-512, a training step of 100 layers of 64 became 4 % faster, one of 50 layers of 128 as much, and a product of 1024³ none.
//! Not in blocks of rows either, each followed by its activation: every block packs the right matrix again, which costs 10 % of a
//! product of 128×800×800 in two blocks, where all of the activation takes 1 %.

use super::parts::MOST;
use super::split::Split;
use super::{MatrixMut, MatrixRef, for_each_part};

/// A scalar for which matrixmultiply has a kernel.
pub(super) trait Blocked: Copy + Send + Sync {
    /// `c = alpha·a·b + beta·c`, for extents `[rows, inner, columns]`.
    ///
    /// # Safety
    /// Each element that the extents and strides of a matrix reach lies in memory that may be read, for `c` also written, and
    /// is less than `isize::MAX` bytes from the first; those of `c` are distinct, and nothing else uses them meanwhile.
    unsafe fn kernel(
        extents: [usize; 3],
        alpha: Self,
        a: (*const Self, [isize; 2]),
        b: (*const Self, [isize; 2]),
        beta: Self,
        c: (*mut Self, [isize; 2]),
    );
}

macro_rules! blocked {
    ($float:ident by $gemm:ident) => {
        impl Blocked for $float {
            unsafe fn kernel(
                [m, k, n]: [usize; 3],
                alpha: $float,
                (a, [a_row, a_column]): (*const $float, [isize; 2]),
                (b, [b_row, b_column]): (*const $float, [isize; 2]),
                beta: $float,
                (c, [c_row, c_column]): (*mut $float, [isize; 2]),
            ) {
                // SAFETY: what matrixmultiply asks of its caller is what this function asks of its own.
                unsafe {
                    matrixmultiply::$gemm(
                        m, k, n, alpha, a, a_row, a_column, b, b_row, b_column, beta, c, c_row, c_column,
                    );
                }
            }
        }
    };
}

blocked!(f32 by sgemm);
blocked!(f64 by dgemm);

/// `c = alpha·a·b + beta·c`. The extents agree and are not 0, and `c` does not overlap itself.
pub(super) fn product<T: Blocked>(
    alpha: T,
    a: MatrixRef<'_, T>,
    b: MatrixRef<'_, T>,
    beta: T,
    c: &mut MatrixMut<'_, T>,
) {
    let ([rows, inner], columns) = (a.shape, b.shape[1]);
    let (a_strides, b_strides) = (signed(a.shape, a.strides), signed(b.shape, b.strides));
    let c_strides = signed(c.shape, c.strides);
    let split = Split::of([rows, inner, columns]);
    let result = Elements(c.data.as_mut_ptr());
    let multiply = |part: usize| {
        let range = split.range(part);
        let ([m, n], [i, j]) = match split.by_rows {
            true => ([range.len(), columns], [range.start as isize, 0]),
            false => ([rows, range.len()], [0, range.start as isize]),
        };
        // SAFETY: each matrix lies in its slice (`MatrixRef::new`, `MatrixMut::new`), so its last element is less than
        // `isize::MAX` bytes from the first, and row i and column j are within it; the extents agree and are not 0; `c` is
        // borrowed alone, does not overlap itself, and no two parts have a row or column of it in common.
        unsafe {
            let a = a.data.as_ptr().offset(i * a_strides[0]);
            let b = b.data.as_ptr().offset(j * b_strides[1]);
            let c = result.get().offset(i * c_strides[0] + j * c_strides[1]);
            T::kernel([m, inner, n], alpha, (a, a_strides), (b, b_strides), beta, (c, c_strides));
        }
    };
    for_each_part(&mut [(); MOST][..split.parts], 1, |part, _| multiply(part));
}

/// Strides for matrixmultiply; the stride of an axis with one element is never used and may be any number.
fn signed(shape: [usize; 2], strides: [usize; 2]) -> [isize; 2] {
    std::array::from_fn(|axis| if shape[axis] > 1 { strides[axis] as isize } else { 1 })
}

/// The first element of the result, of which each part writes its own rows or columns.
#[derive(Clone, Copy)]
struct Elements<T>(*mut T);

impl<T> Elements<T> {
    /// The pointer. A method, so that a closure captures the whole, which may go to another thread.
    fn get(self) -> *mut T {
        self.0
    }
}

// SAFETY: the pointer is only used by the parts of one product, which write disjoint elements and end before it does.
unsafe impl<T: Send> Send for Elements<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Elements<T> {}
