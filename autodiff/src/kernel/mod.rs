//! Loops over slices, independent of tapes: matrix products, vectorized functions, sums.
//!
//! The only folder where `unsafe` is allowed; each block states the contract it relies on. Its unit tests shrink under Miri,
//! which needs a nightly toolchain; the second command runs the AVX2 kernels, the first what other processors run:
//!
//! ```text
//! cargo +nightly miri test -p autodiff --lib kernel
//! RUSTFLAGS="-C target-feature=+avx2,+fma" cargo +nightly miri test -p autodiff --lib kernel
//! ```
//!
//! The address sanitizer runs over all unit tests with the stable toolchain:
//!
//! ```text
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test -p autodiff --lib --target x86_64-unknown-linux-gnu
//! ```
#![allow(unsafe_code)]

mod blocked;
mod components;
mod convolution;
mod dispatch;
mod elementwise;
mod extremes;
mod finite;
mod gemm;
mod grouped;
mod lanes;
mod matrix;
mod moments;
mod norm;
mod parts;
pub(crate) mod reduce;
mod refusal;
mod scratch;
mod split;
mod team;
mod thin;
mod tiny;
pub(crate) mod vector;

use crate::scalar::Real;

pub(crate) use self::components::Components;
pub(crate) use self::convolution::{Convolution, Tiled, Unfold};
pub use self::dispatch::dispatch;
pub(crate) use self::elementwise::{Elementwise, add_each, copy_each, for_each_element};
pub(crate) use self::finite::all_finite;
pub(crate) use gemm::Product;
pub(crate) use grouped::Grouped;
pub(crate) use lanes::{Blocks, LANES, Lanes, PerLane, for_each_lane_block};
pub(crate) use matrix::{MatrixMut, MatrixRef};
pub(crate) use moments::Moments;
pub use norm::norm;
pub use parts::for_each_part;
pub(crate) use parts::{lines_per_part, part_size};
pub(crate) use refusal::{FirstRefusal, refuse, refused};
pub(crate) use scratch::{shortage, with_scratch, with_unset_scratch};

/// `c = a·b` or `c += a·b` for `[m, k] × [k, n]`, each a slice with strides, `c` contiguous. The caller guarantees that the
/// matrices are within their slices.
pub(crate) fn multiply<T: Real>(
    [m, k, n]: [usize; 3],
    (a, a_strides): (&[T], [usize; 2]),
    (b, b_strides): (&[T], [usize; 2]),
    (c, accumulate): (&mut [T], bool),
) {
    let (a, b) = (MatrixRef::new(a, [m, k], a_strides), MatrixRef::new(b, [k, n], b_strides));
    multiply_views(a, b, MatrixMut::new(c, [m, n], [n, 1]), accumulate);
}

/// `c = a·b` or `c += a·b`. The caller guarantees, by a shape rule, that the matrices exist and their extents agree.
pub(crate) fn multiply_views<T: Real>(
    a: Option<MatrixRef<'_, T>>,
    b: Option<MatrixRef<'_, T>>,
    c: Option<MatrixMut<'_, T>>,
    accumulate: bool,
) {
    let done = match (a, b, c) {
        (Some(a), Some(b), Some(c)) => T::gemm(a, b, c, accumulate).is_ok(),
        _ => false,
    };
    debug_assert!(done, "the matrices of a product disagree with each other or their slices");
}
