//! Blocked matrix products in `f32` and `f64`.
//!
//! The inner kernel keeps six rows of the result in registers, two vectors wide each, and walks along the inner axis
//! (Goto and van de Geijn 2008). Small matrices are read where they lie. Of large ones, and of a right matrix whose rows
//! are not dense, the part in use is packed into buffers that each thread keeps, so that a product allocates nothing.
//!
//! Rejected: matrixmultiply, which allocates a packing buffer for every product and packs both matrices even when they
//! are as small as a layer of 64 units.

use super::{MatrixMut, MatrixRef};

/// Rows of the result that one call of the inner kernel computes.
const ROWS: usize = 6;
/// Inner extent of a block: a panel of the right matrix then stays in the first-level cache.
const DEPTH: usize = 256;
/// Rows of a block: what is packed of the left matrix then stays in the second-level cache.
const BLOCK: usize = 16 * ROWS;
/// A matrix of more elements than this is packed: where it lies, its rows are too far apart for the caches.
const LARGE: usize = 32 * 1024;

/// The products of one scalar type; `$width` columns are two vector registers of 256 bits.
macro_rules! product {
    (
        $float:ident, $width:literal, $zero:ident, $load:ident, $broadcast:ident, $multiply_add:ident, $store:ident
    ) => {
        pub(super) mod $float {
            use std::cell::RefCell;
            use std::ops::Range;

            use super::{BLOCK, DEPTH, LARGE, MatrixMut, MatrixRef, ROWS};

            const WIDTH: usize = $width;

            /// Room for what is packed of either matrix.
            #[derive(Default)]
            struct Packed {
                left: Vec<$float>,
                right: Vec<$float>,
            }

            thread_local! {
                static PACKED: RefCell<Packed> = RefCell::default();
            }

            /// `c = a·b`, or `c += a·b` where `accumulate`. The extents agree, none is 0, and `c` does not overlap itself.
            pub(in super::super) fn product(
                a: MatrixRef<'_, $float>,
                b: MatrixRef<'_, $float>,
                c: MatrixMut<'_, $float>,
                accumulate: bool,
            ) {
                PACKED.with_borrow_mut(|packed| {
                    #[cfg(target_arch = "x86_64")]
                    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                        // SAFETY: the processor was just found to have both.
                        return unsafe { fused(a, b, c, accumulate, packed) };
                    }
                    blocks::<false>(a, b, c, accumulate, packed);
                });
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn fused(
                a: MatrixRef<'_, $float>,
                b: MatrixRef<'_, $float>,
                c: MatrixMut<'_, $float>,
                accumulate: bool,
                packed: &mut Packed,
            ) {
                blocks::<true>(a, b, c, accumulate, packed);
            }

            #[inline(always)]
            fn blocks<const FUSED: bool>(
                a: MatrixRef<'_, $float>,
                b: MatrixRef<'_, $float>,
                mut c: MatrixMut<'_, $float>,
                accumulate: bool,
                packed: &mut Packed,
            ) {
                let ([rows, inner], [_, columns]) = (a.shape, b.shape);
                let packs_left = rows * inner > LARGE && columns > WIDTH;
                let packs_right = b.strides[1] != 1 || (inner * columns > LARGE && rows > ROWS);
                for first in (0..inner).step_by(DEPTH) {
                    let depth = DEPTH.min(inner - first);
                    let right = &b.data[first * b.strides[0]..];
                    for column in (0..columns).step_by(WIDTH) {
                        let width = WIDTH.min(columns - column);
                        if packs_right || width < WIDTH {
                            let panel = room(&mut packed.right, (column * depth)..(column + WIDTH) * depth);
                            pack_right(&right[column * b.strides[1]..], b.strides, width, panel);
                        }
                    }
                    for top in (0..rows).step_by(BLOCK) {
                        let bottom = rows.min(top + BLOCK);
                        let block = &a.data[top * a.strides[0] + first * a.strides[1]..];
                        if packs_left {
                            let panels = (bottom - top).div_ceil(ROWS);
                            let room = room(&mut packed.left, 0..panels * ROWS * depth);
                            pack_left(block, a.strides, depth, bottom - top, room);
                        }
                        for column in (0..columns).step_by(WIDTH) {
                            let width = WIDTH.min(columns - column);
                            let right = if packs_right || width < WIDTH {
                                (&packed.right[column * depth..], WIDTH)
                            } else {
                                (&right[column..], b.strides[0])
                            };
                            for row in (top..bottom).step_by(ROWS) {
                                let height = ROWS.min(bottom - row);
                                let left = if packs_left {
                                    (&packed.left[(row - top) * depth..], [1, ROWS], ROWS)
                                } else {
                                    (&block[(row - top) * a.strides[0]..], a.strides, height)
                                };
                                let sums = kernel::<FUSED>(left, right, depth);
                                store(&sums, &mut c, (row, height), (column, width), accumulate || first > 0);
                            }
                        }
                    }
                }
            }

            /// A range of a buffer that grows to hold it.
            fn room(buffer: &mut Vec<$float>, range: Range<usize>) -> &mut [$float] {
                if buffer.len() < range.end {
                    buffer.resize(range.end, 0.0);
                }
                &mut buffer[range]
            }

            /// `height` rows of `depth` columns as panels of `ROWS` rows, each column by column; the rows that the last
            /// panel lacks repeat what is there.
            #[inline(always)]
            fn pack_left(a: &[$float], strides: [usize; 2], depth: usize, height: usize, packed: &mut [$float]) {
                let panels = packed.chunks_exact_mut(ROWS * depth).take(height.div_ceil(ROWS));
                for (panel, first) in panels.zip((0..height).step_by(ROWS)) {
                    for row in 0..ROWS {
                        let from = &a[(first + row).min(height - 1) * strides[0]..];
                        let places = panel[row..].iter_mut().step_by(ROWS);
                        places.enumerate().for_each(|(k, place)| *place = from[k * strides[1]]);
                    }
                }
            }

            /// Rows of `WIDTH` columns, side by side; columns past `width` are zero.
            #[inline(always)]
            fn pack_right(b: &[$float], [row_stride, column_stride]: [usize; 2], width: usize, panel: &mut [$float]) {
                if column_stride == 1 && width == WIDTH && row_stride >= WIDTH {
                    for (row, from) in panel.chunks_exact_mut(WIDTH).zip(b.chunks(row_stride)) {
                        row.copy_from_slice(&from[..WIDTH]);
                    }
                    return;
                }
                for column in 0..WIDTH {
                    let places = panel[column..].iter_mut().step_by(WIDTH);
                    if column >= width {
                        places.for_each(|place| *place = 0.0);
                    } else if row_stride == 1 {
                        places.zip(&b[column * column_stride..]).for_each(|(place, &from)| *place = from);
                    } else {
                        let from = &b[column * column_stride..];
                        places.enumerate().for_each(|(k, place)| *place = from[k * row_stride]);
                    }
                }
            }

            /// The sums over `depth` places for `ROWS` rows and `WIDTH` columns; rows past `height` repeat the last.
            #[inline(always)]
            fn kernel<const FUSED: bool>(
                (a, [row_stride, stride], height): (&[$float], [usize; 2], usize),
                (b, b_stride): (&[$float], usize),
                depth: usize,
            ) -> [[$float; WIDTH]; ROWS] {
                let offsets: [usize; ROWS] = std::array::from_fn(|row| row.min(height - 1) * row_stride);
                assert!((height - 1) * row_stride + (depth - 1) * stride < a.len());
                assert!((depth - 1) * b_stride + WIDTH <= b.len());
                #[cfg(target_arch = "x86_64")]
                if FUSED {
                    // SAFETY: `FUSED` is set where AVX2 and FMA were found. For every k < depth the assertions keep
                    // offsets + k·stride within `a`, and k·b_stride with `WIDTH` elements from there within `b`.
                    return unsafe { fused_kernel(a.as_ptr(), offsets, stride, b.as_ptr(), b_stride, depth) };
                }
                let mut sums = [[0.0; WIDTH]; ROWS];
                for k in 0..depth {
                    let right = &b[k * b_stride..][..WIDTH];
                    for (sums, offset) in sums.iter_mut().zip(offsets) {
                        let left = a[offset + k * stride];
                        sums.iter_mut().zip(right).for_each(|(sum, &right)| *sum += left * right);
                    }
                }
                sums
            }

            /// [`kernel`] with its sums in twelve registers. Written out: left to itself the compiler keeps them in
            /// memory or not, depending on what else is in the crate.
            ///
            /// # Safety
            /// The processor has AVX2 and FMA; `a` may be read at `offsets + k·stride` and `b` for two vectors from
            /// `k·b_stride`, for every `k < depth`.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[inline]
            unsafe fn fused_kernel(
                a: *const $float,
                offsets: [usize; ROWS],
                stride: usize,
                b: *const $float,
                b_stride: usize,
                depth: usize,
            ) -> [[$float; WIDTH]; ROWS] {
                use std::arch::x86_64::{$broadcast, $load, $multiply_add, $store, $zero};
                const HALF: usize = WIDTH / 2;
                let rows: [*const $float; ROWS] = offsets.map(|offset| a.wrapping_add(offset));
                let [mut p0, mut p1, mut p2, mut p3, mut p4, mut p5] = [$zero(); ROWS];
                let [mut q0, mut q1, mut q2, mut q3, mut q4, mut q5] = [$zero(); ROWS];
                for k in 0..depth {
                    // SAFETY: the caller's contract, for this k.
                    unsafe {
                        let (p, q) = ($load(b.add(k * b_stride)), $load(b.add(k * b_stride + HALF)));
                        let x = $broadcast(*rows[0].add(k * stride));
                        (p0, q0) = ($multiply_add(x, p, p0), $multiply_add(x, q, q0));
                        let x = $broadcast(*rows[1].add(k * stride));
                        (p1, q1) = ($multiply_add(x, p, p1), $multiply_add(x, q, q1));
                        let x = $broadcast(*rows[2].add(k * stride));
                        (p2, q2) = ($multiply_add(x, p, p2), $multiply_add(x, q, q2));
                        let x = $broadcast(*rows[3].add(k * stride));
                        (p3, q3) = ($multiply_add(x, p, p3), $multiply_add(x, q, q3));
                        let x = $broadcast(*rows[4].add(k * stride));
                        (p4, q4) = ($multiply_add(x, p, p4), $multiply_add(x, q, q4));
                        let x = $broadcast(*rows[5].add(k * stride));
                        (p5, q5) = ($multiply_add(x, p, p5), $multiply_add(x, q, q5));
                    }
                }
                let mut sums = [[0.0; WIDTH]; ROWS];
                let halves = [(p0, q0), (p1, q1), (p2, q2), (p3, q3), (p4, q4), (p5, q5)];
                for (row, (p, q)) in sums.iter_mut().zip(halves) {
                    let (left, right) = row.split_at_mut(HALF);
                    // SAFETY: each half of a row has the extent of a vector.
                    unsafe {
                        $store(left.as_mut_ptr(), p);
                        $store(right.as_mut_ptr(), q);
                    }
                }
                sums
            }

            #[inline(always)]
            fn store(
                sums: &[[$float; WIDTH]; ROWS],
                c: &mut MatrixMut<'_, $float>,
                (row, height): (usize, usize),
                (column, width): (usize, usize),
                add: bool,
            ) {
                let [row_stride, column_stride] = c.strides;
                for (i, sums) in sums.iter().enumerate().take(height) {
                    let places = &mut c.data[(row + i) * row_stride + column * column_stride..];
                    if column_stride == 1 && width == WIDTH && add {
                        places.iter_mut().zip(sums).for_each(|(place, sum)| *place += sum);
                    } else if column_stride == 1 && width == WIDTH {
                        places[..WIDTH].copy_from_slice(sums);
                    } else {
                        for (column, sum) in sums[..width].iter().enumerate() {
                            let place = &mut places[column * column_stride];
                            *place = if add { *place + sum } else { *sum };
                        }
                    }
                }
            }
        }
    };
}

product!(f32, 16, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps);
product!(f64, 8, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_storeu_pd);
