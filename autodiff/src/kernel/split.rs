//! How a product is divided among threads.

use std::ops::Range;

use super::parts::MOST;

/// Multiplications and additions from which a part is worth another thread: about 15 µs of one core.
const WORK: usize = 1 << 20;

/// Each part packs the other matrix anew, so that the number of parts grows as the root of the extent over this.
const PACKED: usize = 32;

/// Parts of an extent end at multiples of this, the largest extent of a kernel.
const KERNEL: usize = 16;

/// A product `[rows, inner] × [inner, columns]` in parts, by rows or by columns of the result. They follow from the extents
/// alone, so that results do not depend on the number of threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub(super) by_rows: bool,
    extent: usize,
    pub(super) parts: usize,
}

impl Split {
    pub(super) fn of([rows, inner, columns]: [usize; 3]) -> Split {
        let by_rows = rows >= columns;
        let extent = rows.max(columns);
        let work = rows.saturating_mul(inner).saturating_mul(columns);
        let parts = (work / WORK).min((extent / PACKED).isqrt()).clamp(1, MOST);
        // A power of two, so that two or four threads have equal shares.
        Split { by_rows, extent, parts: 1 << parts.ilog2() }
    }

    /// The rows or columns of a part.
    pub(super) fn range(&self, part: usize) -> Range<usize> {
        let end = |part: usize| match part == self.parts {
            true => self.extent,
            false => part * self.extent / self.parts / KERNEL * KERNEL,
        };
        end(part)..end(part + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_an_extent_once_and_small_products_are_one_part() {
        for extents in [[64, 64, 64], [512, 784, 512], [64, 512, 16_001], [1031, 257, 129], [130, 70, 90]] {
            let split = Split::of(extents);
            let ranges: Vec<_> = (0..split.parts).map(|part| split.range(part)).collect();
            assert!(ranges.iter().all(|range| !range.is_empty()), "{split:?}");
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "{split:?}");
            let extent = if split.by_rows { extents[0] } else { extents[2] };
            assert_eq!((ranges[0].start, ranges[split.parts - 1].end), (0, extent));
        }
        assert_eq!(Split::of([64, 64, 200]).parts, 1);
        assert_eq!(Split::of([512, 512, 512]).parts, 4);
    }
}
