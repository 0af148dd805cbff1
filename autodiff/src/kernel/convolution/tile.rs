//! The innermost loop of direct convolution, in the vectors of each instruction set.

use std::ops::Range;

use super::transpose::Transpose;
#[cfg(target_arch = "x86_64")]
use super::transpose::{strip_f32, strip_f64};
use crate::scalar::{Dual, Real};

/// `sums[i·width + j] = Σ_t left[rows[i] + terms[t]] · right[t·width + j]`, or `+=` if `accumulate`, for the rows and the width
/// of a tile.
///
/// # Safety
/// The instruction set that the tile is compiled for is available. `rows` has at least as many elements as the tile has rows; all
/// that is read of `left` and `right`, and all `sums`, are inside the objects that the pointers come from, and no reference
/// to the sums is in use.
type Tile<T> =
    unsafe fn(left: *const T, rows: &[usize], terms: &[usize], right: *const T, sums: *mut T, accumulate: bool);

/// The tiles for the processor's widest vectors.
#[derive(Clone, Copy, Debug)]
pub struct Tiles<T> {
    /// Elements of a vector.
    lanes: usize,
    /// Rows of a tile; divides [`ROWS`].
    rows: usize,
    /// The tiles that are one vector and two vectors wide.
    tiles: [Tile<T>; 2],
    transpose: Transpose<T>,
}

/// Numbers of rows are padded to multiples of this.
pub(super) const ROWS: usize = 8;

/// Terms that are summed at a time, at most: the part of the right matrix that they read fits the L1 cache.
const TERMS: usize = 192;

/// Scalars for which there are tiles. Sealed, as [`Real`] is.
pub trait Tiled: Sized {
    /// The tiles that this processor has instructions for, widest first.
    fn available() -> [Option<Tiles<Self>>; 2];

    /// The widest tiles.
    fn tiles() -> Option<Tiles<Self>> {
        Self::available().into_iter().flatten().next()
    }
}

impl<T> Tiled for Dual<T> {
    fn available() -> [Option<Tiles<Self>>; 2] {
        [None, None]
    }
}

impl<T: Real> Tiles<T> {
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The columns of the widest panel.
    pub(super) fn widest(&self) -> usize {
        2 * self.lanes
    }

    /// The panels into which `columns` are divided, each as wide as a tile; the last may end beyond the columns.
    pub(super) fn panels(&self, columns: usize) -> impl Iterator<Item = Range<usize>> + use<T> {
        let (lanes, end) = (self.lanes, columns.next_multiple_of(self.lanes));
        (0..end).step_by(2 * lanes).map(move |first| first..(first + 2 * lanes).min(end))
    }

    /// `to[j·to_stride + i] = from[i·from_stride + j]`, or `+=` if `accumulate`, for `rows` i and `columns` j.
    pub(super) fn transpose(&self, extents: [usize; 2], from: (&[T], usize), to: (&mut [T], usize), accumulate: bool) {
        self.transpose.run(extents, from, to, accumulate);
    }

    /// Sets `sums`, `[rows, width]`, to the product of a matrix that is read in place and a panel `right`, `[terms, width]`, or
    /// adds it if `accumulate`: element `(i, t)` of the left matrix is `left[rows[i] + terms[t]]`. The width is that of a panel,
    /// and the sums have a multiple of [`ROWS`] rows, of which those beyond the rows become anything.
    pub(super) fn product(
        &self,
        (left, rows, terms): (&[T], &[usize], &[usize]),
        (right, width): (&[T], usize),
        (sums, accumulate): (&mut [T], bool),
    ) {
        let last = |list: &[usize]| list.iter().max().copied();
        let (Some(row), Some(term)) = (last(rows), last(terms)) else { return };
        let inside = row.checked_add(term).is_some_and(|last| last < left.len());
        let complete = right.len() / width >= terms.len() && sums.len() / width >= rows.len();
        let complete = complete && (sums.len() / width).is_multiple_of(self.rows);
        if !(inside && complete && [self.lanes, 2 * self.lanes].contains(&width)) {
            debug_assert!(false, "the matrices of a direct convolution exceed their slices");
            return;
        }
        let tile = self.tiles[width / self.lanes - 1];
        let each = terms.len().div_ceil(terms.len().div_ceil(TERMS));
        for (k, (terms, right)) in terms.chunks(each).zip(right.chunks(each * width)).enumerate() {
            for (rows, sums) in rows.chunks(self.rows).zip(sums.chunks_exact_mut(self.rows * width)) {
                // Missing rows of the last tile are any other.
                let mut all = [rows[0]; ROWS];
                all[..rows.len()].copy_from_slice(rows);
                // SAFETY: `Tiled::tiles` has detected the instruction set; the sum of any row and any term is an index of
                // `left`, there is a row of `right` for every term, and the slices of rows and sums are a tile's.
                unsafe { tile(left.as_ptr(), &all, terms, right.as_ptr(), sums.as_mut_ptr(), accumulate || k > 0) };
            }
        }
    }
}

macro_rules! tile {
    ($name:ident for $float:ident: $rows:literal rows of $vectors:literal $vector:ident of $lanes:literal, $features:literal,
     $zero:ident, $splat:ident, $load:ident, $fused:ident, $add:ident, $store:ident) => {
        /// See [`Tile`].
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $features)]
        unsafe fn $name(
            left: *const $float,
            rows: &[usize],
            terms: &[usize],
            right: *const $float,
            sums: *mut $float,
            accumulate: bool,
        ) {
            use std::arch::x86_64::*;
            let mut totals: [[$vector; $vectors]; $rows] = [[$zero(); $vectors]; $rows];
            // SAFETY: by the contract of `Tile`, `rows` has an element for each row, and every element that these pointers
            // are moved to or read at is inside its object.
            unsafe {
                let left: [*const $float; $rows] = std::array::from_fn(|i| left.wrapping_add(*rows.get_unchecked(i)));
                for (t, &term) in terms.iter().enumerate() {
                    let right: [$vector; $vectors] =
                        std::array::from_fn(|k| $load(right.add((t * $vectors + k) * $lanes)));
                    for i in 0..$rows {
                        let factor = $splat(*left[i].wrapping_add(term));
                        for k in 0..$vectors {
                            totals[i][k] = $fused(factor, right[k], totals[i][k]);
                        }
                    }
                }
                for i in 0..$rows {
                    for k in 0..$vectors {
                        let sum = sums.add((i * $vectors + k) * $lanes);
                        $store(sum, if accumulate { $add($load(sum), totals[i][k]) } else { totals[i][k] });
                    }
                }
            }
        }
    };
}

macro_rules! tiled {
    ($float:ident, $strip:ident, $lanes:literal, $half:literal,
     [$wide:ident, $wider:ident, $vector:ident, $zero:ident, $splat:ident, $load:ident, $fused:ident, $add:ident, $store:ident],
     [$slim:ident, $slimmer:ident, $vector2:ident, $zero2:ident, $splat2:ident, $load2:ident, $fused2:ident, $add2:ident, $store2:ident]) => {
        tile!($wide for $float: 8 rows of 1 $vector of $lanes, "avx512f", $zero, $splat, $load, $fused, $add, $store);
        tile!($wider for $float: 8 rows of 2 $vector of $lanes, "avx512f", $zero, $splat, $load, $fused, $add, $store);
        tile!($slim for $float: 4 rows of 1 $vector2 of $half, "avx2,fma", $zero2, $splat2, $load2, $fused2, $add2, $store2);
        tile!($slimmer for $float: 4 rows of 2 $vector2 of $half, "avx2,fma", $zero2, $splat2, $load2, $fused2, $add2, $store2);

        impl Tiled for $float {
            #[cfg(target_arch = "x86_64")]
            fn available() -> [Option<Tiles<$float>>; 2] {
                let transpose = Transpose { block: $half, strip: $strip };
                let avx2 = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
                let avx512 = avx2 && std::arch::is_x86_feature_detected!("avx512f");
                [
                    avx512.then_some(Tiles { lanes: $lanes, rows: 8, tiles: [$wide, $wider], transpose }),
                    avx2.then_some(Tiles { lanes: $half, rows: 4, tiles: [$slim, $slimmer], transpose }),
                ]
            }
            #[cfg(not(target_arch = "x86_64"))]
            fn available() -> [Option<Tiles<$float>>; 2] {
                [None, None]
            }
        }
    };
}

tiled!(
    f32,
    strip_f32,
    16,
    8,
    [
        f32_512,
        f32_1024,
        __m512,
        _mm512_setzero_ps,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_storeu_ps
    ],
    [
        f32_256,
        f32_256_twice,
        __m256,
        _mm256_setzero_ps,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_storeu_ps
    ]
);
tiled!(
    f64,
    strip_f64,
    8,
    4,
    [
        f64_512,
        f64_1024,
        __m512d,
        _mm512_setzero_pd,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_fmadd_pd,
        _mm512_add_pd,
        _mm512_storeu_pd
    ],
    [
        f64_256,
        f64_256_twice,
        __m256d,
        _mm256_setzero_pd,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_fmadd_pd,
        _mm256_add_pd,
        _mm256_storeu_pd
    ]
);
