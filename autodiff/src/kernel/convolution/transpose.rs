//! Transposition between rows of arrays and the panels of a product, in blocks that fit the registers.

/// Transposes `blocks` square blocks: `to[k·step.1 + j·stride.1 + i] = from[k·step.0 + i·stride.0 + j]`, or `+=` if
/// `accumulate`.
///
/// # Safety
/// The processor has AVX2, and all these elements are inside the objects that the pointers come from.
pub(super) type Strip<T> =
    unsafe fn(from: (*const T, usize, usize), to: (*mut T, usize, usize), blocks: usize, accumulate: bool);

/// How a scalar is transposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transpose<T> {
    /// Extent of a block.
    pub(super) block: usize,
    pub(super) strip: Strip<T>,
}

impl<T: Copy + std::ops::Add<Output = T>> Transpose<T> {
    /// `to[j·to_stride + i] = from[i·from_stride + j]`, or `+=` if `accumulate`, for `rows` i and `columns` j.
    pub(super) fn run(
        &self,
        [rows, columns]: [usize; 2],
        (from, from_stride): (&[T], usize),
        (to, to_stride): (&mut [T], usize),
        accumulate: bool,
    ) {
        if rows == 0 || columns == 0 {
            return;
        }
        let inside =
            |length: usize, stride: usize, rows: usize, columns: usize| (rows - 1) * stride + columns <= length;
        if !(inside(from.len(), from_stride, rows, columns) && inside(to.len(), to_stride, columns, rows)) {
            debug_assert!(false, "a transposition exceeds its slices");
            return;
        }
        let whole = [rows, columns].map(|extent| extent / self.block * self.block);
        for column in (0..whole[1]).step_by(self.block) {
            let from = (from[column..].as_ptr(), from_stride, self.block * from_stride);
            let to = (to[column * to_stride..].as_mut_ptr(), to_stride, self.block);
            // SAFETY: all rows and columns of these blocks are inside the slices, by the two conditions above; a scalar has a
            // `Transpose` only where AVX2 was detected.
            unsafe { (self.strip)(from, to, whole[0] / self.block, accumulate) };
        }
        for i in 0..rows {
            let first = if i < whole[0] { whole[1] } else { 0 };
            for j in first..columns {
                let (element, new) = (&mut to[j * to_stride + i], from[i * from_stride + j]);
                *element = if accumulate { *element + new } else { new };
            }
        }
    }
}

/// The [`Strip`] of blocks of 8 × 8.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn strip_f32(
    (from, from_stride, from_step): (*const f32, usize, usize),
    (to, to_stride, to_step): (*mut f32, usize, usize),
    blocks: usize,
    accumulate: bool,
) {
    use std::arch::x86_64::*;
    for block in 0..blocks {
        // SAFETY: by the contract of `Strip`, eight elements of each of these rows are inside the objects.
        unsafe {
            let (from, to) = (from.add(block * from_step), to.add(block * to_step));
            let rows: [__m256; 8] = std::array::from_fn(|i| _mm256_loadu_ps(from.add(i * from_stride)));
            let pairs: [__m256; 8] = std::array::from_fn(|i| match i % 2 {
                0 => _mm256_unpacklo_ps(rows[i], rows[i + 1]),
                _ => _mm256_unpackhi_ps(rows[i - 1], rows[i]),
            });
            // Element 4·h + 2·k + l of the fours: columns 2·k + l (and those 4 beyond) of rows 4·h.
            let fours: [__m256; 8] = std::array::from_fn(|i| {
                let (low, high) = (pairs[i / 4 * 4 + i / 2 % 2], pairs[i / 4 * 4 + i / 2 % 2 + 2]);
                match i % 2 {
                    0 => _mm256_shuffle_ps::<0x44>(low, high),
                    _ => _mm256_shuffle_ps::<0xEE>(low, high),
                }
            });
            for column in 0..8 {
                let (low, high) = (fours[column % 4], fours[column % 4 + 4]);
                let line = match column / 4 {
                    0 => _mm256_permute2f128_ps::<0x20>(low, high),
                    _ => _mm256_permute2f128_ps::<0x31>(low, high),
                };
                let to = to.add(column * to_stride);
                _mm256_storeu_ps(to, if accumulate { _mm256_add_ps(_mm256_loadu_ps(to), line) } else { line });
            }
        }
    }
}

/// The [`Strip`] of blocks of 4 × 4.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn strip_f64(
    (from, from_stride, from_step): (*const f64, usize, usize),
    (to, to_stride, to_step): (*mut f64, usize, usize),
    blocks: usize,
    accumulate: bool,
) {
    use std::arch::x86_64::*;
    for block in 0..blocks {
        // SAFETY: by the contract of `Strip`, four elements of each of these rows are inside the objects.
        unsafe {
            let (from, to) = (from.add(block * from_step), to.add(block * to_step));
            let rows: [__m256d; 4] = std::array::from_fn(|i| _mm256_loadu_pd(from.add(i * from_stride)));
            let pairs: [__m256d; 4] = std::array::from_fn(|i| match i % 2 {
                0 => _mm256_unpacklo_pd(rows[i], rows[i + 1]),
                _ => _mm256_unpackhi_pd(rows[i - 1], rows[i]),
            });
            for column in 0..4 {
                let (low, high) = (pairs[column % 2], pairs[column % 2 + 2]);
                let line = match column / 2 {
                    0 => _mm256_permute2f128_pd::<0x20>(low, high),
                    _ => _mm256_permute2f128_pd::<0x31>(low, high),
                };
                let to = to.add(column * to_stride);
                _mm256_storeu_pd(to, if accumulate { _mm256_add_pd(_mm256_loadu_pd(to), line) } else { line });
            }
        }
    }
}
