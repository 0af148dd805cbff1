//! Loops over the groups of a contiguous array, as normalization needs them: sums over each group, and a function of each
//! element and of numbers that belong to its group.

use crate::scalar::Real;

use super::{dispatch, for_each_part, lines_per_part, with_scratch};

/// A contiguous array `[before, groups, after]`, whose groups are along the middle axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grouped {
    pub(crate) before: usize,
    pub(crate) groups: usize,
    pub(crate) after: usize,
}

/// Number of interleaved partial sums of a contiguous group.
const LANES: usize = 16;
/// Terms that are added in the scalar itself: seven roundings are less than 1e-6 in `f32`.
const TERMS: usize = 8;
/// Elements whose terms are computed at a time.
const BLOCK: usize = TERMS * LANES;
/// Columns that are summed at a time.
const TILE: usize = 64;

impl Grouped {
    pub(super) fn has_columns(self) -> bool {
        self.after == 1
    }

    /// The parts of each group: where each begins.
    pub(super) fn parts(self, group: usize) -> impl Iterator<Item = usize> {
        (0..self.before).map(move |before| (before * self.groups + group) * self.after)
    }

    /// The number of items per part of the work, for `items` that divide all elements evenly.
    pub(super) fn per_part(self, items: usize) -> usize {
        lines_per_part(items, self.before.saturating_mul(self.groups).saturating_mul(self.after))
    }

    /// Calls `finish(group, sums)` with the sums over each group of `term(numbers, elements)`: the numbers of the group, and the
    /// elements of all arrays at one place.
    pub(crate) fn sums<T: Real, const A: usize, const P: usize, const N: usize>(
        self,
        numbers: [&[T]; P],
        arrays: [&[T]; A],
        term: impl Fn([T; P], [T; A]) -> [T; N] + Sync,
        mut finish: impl FnMut(usize, [T; N]),
    ) {
        if self.before == 0 || self.after == 0 {
            return (0..self.groups).for_each(|group| finish(group, [T::ZERO; N]));
        }
        with_scratch(self.groups * N, |sums| {
            let groups = match self.has_columns() {
                true => TILE * self.per_part(self.groups.div_ceil(TILE)),
                false => self.per_part(self.groups),
            };
            for_each_part(sums, groups * N, |part, sums| match self.has_columns() {
                true => self.sums_of_columns(part * groups, numbers, arrays, &term, sums),
                false => self.sums_of_rows(part * groups, numbers, arrays, &term, sums),
            });
            for (group, sums) in sums.as_chunks::<N>().0.iter().enumerate() {
                finish(group, *sums);
            }
        });
    }

    /// The sums of groups from `first` on, which are columns, `N` of each.
    fn sums_of_columns<T: Real, const A: usize, const P: usize, const N: usize>(
        self,
        first: usize,
        numbers: [&[T]; P],
        arrays: [&[T]; A],
        term: &impl Fn([T; P], [T; A]) -> [T; N],
        sums: &mut [T],
    ) {
        for (tile, sums) in sums.as_chunks_mut::<N>().0.chunks_mut(TILE).enumerate() {
            let first = first + tile * TILE;
            let totals = self.column_sums(first, numbers.map(|n| &n[first..][..sums.len()]), arrays, term, sums.len());
            for (j, sums) in sums.iter_mut().enumerate() {
                *sums = totals.map(|totals| T::narrow(totals[j]));
            }
        }
    }

    /// The sums of groups from `first` on, each of contiguous parts, `N` of each.
    fn sums_of_rows<T: Real, const A: usize, const P: usize, const N: usize>(
        self,
        first: usize,
        numbers: [&[T]; P],
        arrays: [&[T]; A],
        term: &impl Fn([T; P], [T; A]) -> [T; N],
        sums: &mut [T],
    ) {
        for (group, sums) in (first..).zip(sums.as_chunks_mut::<N>().0) {
            let own = numbers.map(|numbers| numbers[group]);
            let mut totals = [T::Accumulator::ZERO; N];
            for start in self.parts(group) {
                let part = arrays.map(|array| &array[start..start + self.after]);
                let sums = by_lanes(part, |elements| term(own, elements));
                totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            }
            *sums = totals.map(T::narrow);
        }
    }

    /// The sums of some neighboring columns, down all rows.
    fn column_sums<T: Real, const A: usize, const P: usize, const N: usize>(
        self,
        first: usize,
        numbers: [&[T]; P],
        arrays: [&[T]; A],
        term: &impl Fn([T; P], [T; A]) -> [T; N],
        width: usize,
    ) -> [[T::Accumulator; TILE]; N] {
        let mut totals = [[T::Accumulator::ZERO; TILE]; N];
        for block in (0..self.before).step_by(TERMS) {
            let mut recent = [[T::ZERO; TILE]; N];
            for row in block..self.before.min(block + TERMS) {
                let start = row * self.groups + first;
                let rows = arrays.map(|array| &array[start..start + width]);
                dispatch(|| {
                    // Cut here, where the loop is compiled, so that no element is checked against a length.
                    let width = width.min(TILE);
                    let numbers = numbers.map(|numbers| &numbers[..width]);
                    let rows = rows.map(|row| &row[..width]);
                    for j in 0..width {
                        let terms = term(numbers.map(|numbers| numbers[j]), rows.map(|row| row[j]));
                        for (recent, term) in recent.iter_mut().zip(terms) {
                            recent[j] += term;
                        }
                    }
                });
            }
            for (totals, recent) in totals.iter_mut().zip(&recent) {
                totals.iter_mut().zip(recent).for_each(|(total, recent)| *total += recent.widen());
            }
        }
        totals
    }

    /// Calls `write(element, value)` for each element of `output`, with `value` = `function(numbers, elements)`.
    pub(crate) fn map<T: Real, const A: usize, const P: usize>(
        self,
        numbers: [&[T]; P],
        arrays: [&[T]; A],
        output: &mut [T],
        function: impl Fn([T; P], [T; A]) -> T + Sync,
        write: impl Fn(&mut T, T) + Sync,
    ) {
        if output.is_empty() {
            return;
        }
        // A row of all groups where they are columns, otherwise a part of one group.
        let length = if self.has_columns() { self.groups } else { self.after };
        let rows = self.per_part(output.len() / length);
        for_each_part(output, rows * length, |part, output| {
            for (row, output) in (part * rows..).zip(output.chunks_exact_mut(length)) {
                let elements = arrays.map(|array| &array[row * length..][..length]);
                match self.has_columns() {
                    true => map_columns(numbers, elements, output, &function, &write),
                    false => {
                        map_row(numbers.map(|n| n[row % self.groups]), elements, output, &function, &write);
                    }
                }
            }
        });
    }
}

/// [`Grouped::map`] of a row that has an element of every group.
fn map_columns<T: Real, const A: usize, const P: usize>(
    numbers: [&[T]; P],
    elements: [&[T]; A],
    output: &mut [T],
    function: impl Fn([T; P], [T; A]) -> T,
    write: impl Fn(&mut T, T),
) {
    dispatch(|| {
        let width = output.len();
        let (numbers, elements) = (numbers.map(|n| &n[..width]), elements.map(|row| &row[..width]));
        for (j, output) in output.iter_mut().enumerate() {
            write(output, function(numbers.map(|numbers| numbers[j]), elements.map(|row| row[j])));
        }
    });
}

/// [`Grouped::map`] of elements of one group.
fn map_row<T: Real, const A: usize, const P: usize>(
    numbers: [T; P],
    elements: [&[T]; A],
    output: &mut [T],
    function: impl Fn([T; P], [T; A]) -> T,
    write: impl Fn(&mut T, T),
) {
    dispatch(|| {
        let elements = elements.map(|elements| &elements[..output.len()]);
        for (k, output) in output.iter_mut().enumerate() {
            write(output, function(numbers, elements.map(|elements| elements[k])));
        }
    });
}

/// The sums of the terms over slices of equal length.
pub(super) fn by_lanes<T: Real, const A: usize, const N: usize>(
    arrays: [&[T]; A],
    term: impl Fn([T; A]) -> [T; N],
) -> [T::Accumulator; N] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: `by_lanes_avx2` may run if AVX2 and FMA are available, and both were just detected.
        return unsafe { by_lanes_avx2(arrays, term) };
    }
    by_lanes_inline(arrays, term)
}

/// Not through [`dispatch`], whose closures stay out of line when they are as large as this.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn by_lanes_avx2<T: Real, const A: usize, const N: usize>(
    arrays: [&[T]; A],
    term: impl Fn([T; A]) -> [T; N],
) -> [T::Accumulator; N] {
    by_lanes_inline(arrays, term)
}

#[inline(always)]
fn by_lanes_inline<T: Real, const A: usize, const N: usize>(
    arrays: [&[T]; A],
    term: impl Fn([T; A]) -> [T; N],
) -> [T::Accumulator; N] {
    let length = arrays.first().map_or(0, |array| array.len());
    let whole = length / BLOCK;
    let blocks = arrays.map(|array| &array.as_chunks::<BLOCK>().0[..whole]);
    let mut totals = [[T::Accumulator::ZERO; LANES]; N];
    for block in 0..whole {
        add_block(blocks.map(|blocks| &blocks[block]), &term, &mut totals);
    }
    let rest = arrays.map(|array| &array[whole * BLOCK..length]);
    let few = length % BLOCK / LANES;
    let chunks = rest.map(|rest| &rest.as_chunks::<LANES>().0[..few]);
    for chunk in 0..few {
        add_block(chunks.map(|chunks| &chunks[chunk]), &term, &mut totals);
    }
    let mut sums = totals.map(|totals| totals.into_iter().fold(T::Accumulator::ZERO, |sum, total| sum + total));
    for k in few * LANES..length % BLOCK {
        let terms = term(rest.map(|rest| rest[k]));
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term.widen());
    }
    sums
}

/// Adds the terms of a block to interleaved totals. All terms are written before any is added: with the sums in the same loop,
/// it does not vectorize for several arrays.
#[inline(always)]
fn add_block<T: Real, const A: usize, const N: usize, const B: usize>(
    arrays: [&[T; B]; A],
    term: &impl Fn([T; A]) -> [T; N],
    totals: &mut [[T::Accumulator; LANES]; N],
) {
    let mut terms = [[T::ZERO; B]; N];
    for k in 0..B {
        let of_element = term(arrays.map(|array| array[k]));
        for n in 0..N {
            terms[n][k] = of_element[n];
        }
    }
    for (terms, totals) in terms.iter().zip(totals) {
        let mut lanes = [T::ZERO; LANES];
        for chunk in terms.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                lanes[lane] += chunk[lane];
            }
        }
        for lane in 0..LANES {
            totals[lane] += lanes[lane].widen();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_values_are_those_of_plain_loops() {
        for [before, groups, after] in
            [[1, 3, 200], [5, 4, 17], [9, 70, 1], [40, 3, 1], [2, 2, 3], [0, 2, 1], [3, 0, 2]]
        {
            let grouped = Grouped { before, groups, after };
            let x: Vec<f64> = (0..before * groups * after).map(|k| (k % 7) as f64 - 2.0).collect();
            let scale: Vec<f64> = (0..groups).map(|group| group as f64 + 1.0).collect();
            let of = |k: usize| k / after % groups;
            let mut found = vec![[0.0; 2]; groups];
            grouped.sums([&scale], [&x], |[s], [x]| [s * x, x * x], |group, sums| found[group] = sums);
            let mut expected = vec![[0.0; 2]; groups];
            for (k, x) in x.iter().enumerate() {
                expected[of(k)][0] += scale[of(k)] * x;
                expected[of(k)][1] += x * x;
            }
            assert_eq!(found, expected, "{grouped:?}");
            let mut values = vec![1.0; x.len()];
            grouped.map([&scale], [&x], &mut values, |[s], [x]| s * x, |to, value| *to += value);
            assert!(values.iter().enumerate().all(|(k, &value)| value == 1.0 + scale[of(k)] * x[k]), "{grouped:?}");
        }
    }
}
