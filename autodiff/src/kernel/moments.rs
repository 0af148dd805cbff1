//! Mean and squared deviations of the groups of a contiguous array, which is read once.

use super::grouped::by_lanes;
use super::{Grouped, for_each_part, with_scratch};
use crate::scalar::Real;

/// Neighboring elements whose moments are computed at a time: they stay in the first-level cache for the second pass over them.
const NEIGHBORS: usize = 4096;

/// Number, mean and sum of squared deviations of some elements.
#[derive(Clone, Copy)]
pub(crate) struct Moments<A> {
    pub(crate) count: A,
    pub(crate) mean: A,
    pub(crate) squares: A,
}

impl<A: Real> Moments<A> {
    fn of<T: Real<Accumulator = A>>(elements: &[T]) -> Self {
        // Deviations from the first: small terms, and exactly 0 for a constant group.
        let (count, first) = (A::from_f64(elements.len() as f64), elements[0]);
        let [sum] = by_lanes([elements], |[x]| [x - first]);
        let mean = first.widen() + sum / count;
        let near = T::narrow(mean);
        let [squares] = by_lanes([elements], |[x]| [(x - near) * (x - near)]);
        let rounding = near.widen() - mean;
        Moments { count, mean, squares: squares - count * rounding * rounding }
    }

    /// Those of both together (Chan, Golub and LeVeque 1979).
    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        let (count, deviation) = (self.count + other.count, other.mean - self.mean);
        let share = other.count / count;
        Moments {
            count,
            mean: self.mean + deviation * share,
            squares: self.squares + other.squares + deviation * deviation * self.count * share,
        }
    }
}

impl Grouped {
    /// Calls `finish(group, mean, squares)` with the mean and the sum of squared deviations of each group; of no elements, they
    /// are NaN and 0.
    pub(crate) fn moments<T: Real>(self, x: &[T], mut finish: impl FnMut(usize, T, T)) {
        if x.is_empty() {
            return (0..self.groups).for_each(|group| finish(group, T::from_f64(f64::NAN), T::ZERO));
        }
        with_scratch(2 * self.groups, |moments| {
            match self.has_columns() {
                true => self.moments_of_columns(x, moments),
                false => self.moments_of_rows(x, moments),
            }
            moments.as_chunks().0.iter().enumerate().for_each(|(group, &[mean, squares])| finish(group, mean, squares));
        });
    }

    fn moments_of_rows<T: Real>(self, x: &[T], moments: &mut [T]) {
        let groups = self.per_part(self.groups);
        for_each_part(moments, 2 * groups, |part, moments| {
            for (group, moments) in (part * groups..).zip(moments.as_chunks_mut().0) {
                let parts = self.parts(group).flat_map(|start| x[start..start + self.after].chunks(NEIGHBORS));
                let all = parts.map(Moments::of).reduce(Moments::and);
                *moments = all.map_or([T::ZERO; 2], |all| [T::narrow(all.mean), T::narrow(all.squares)]);
            }
        });
    }

    /// In two passes: the columns of many rows lie apart.
    fn moments_of_columns<T: Real>(self, x: &[T], moments: &mut [T]) {
        let count = T::from_f64(self.before as f64);
        with_scratch(self.groups, |mean| {
            let first = &x[..self.groups];
            self.sums(
                [first],
                [x],
                |[first], [x]| [x - first],
                |group, [sum]| mean[group] = first[group] + sum / count,
            );
            let square = |[mean]: [T; 1], [x]: [T; 1]| [(x - mean) * (x - mean)];
            self.sums([&*mean], [x], square, |group, [sum]| moments[2 * group + 1] = sum);
            mean.iter().zip(moments.as_chunks_mut().0).for_each(|(&mean, [to, _])| *to = mean);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_plain_loops_also_far_from_zero() {
        for [before, groups, after] in [[1, 3, 9000], [5, 4, 17], [900, 70, 1], [40, 16, 1024], [2, 2, 3], [1, 1, 1]] {
            let grouped = Grouped { before, groups, after };
            let size = before * groups * after;
            let x: Vec<f32> = (0..size).map(|k| 1000.0 + ((k * 7919) % 1009) as f32 / 1009.0).collect();
            let mut found = vec![[0.0; 2]; groups];
            grouped.moments(&x, |group, mean, squares| found[group] = [mean, squares].map(f64::from));
            for (group, [mean, squares]) in found.into_iter().enumerate() {
                let own =
                    || x.iter().enumerate().filter(|(k, _)| k / after % groups == group).map(|(_, &x)| f64::from(x));
                let count = own().count() as f64;
                let exact = own().sum::<f64>() / count;
                let spread: f64 = own().map(|x| (x - exact).powi(2)).sum();
                assert!((mean - exact).abs() <= 6.2e-5, "{grouped:?}: {mean}, {exact}");
                assert!((squares - spread).abs() <= 1e-5 * spread + 1e-8, "{grouped:?}: {squares}, {spread}");
            }
        }
    }

    #[test]
    fn a_constant_group_has_no_deviations_and_an_empty_one_no_mean() {
        let grouped = Grouped { before: 3, groups: 2, after: 5000 };
        grouped.moments(&[0.1_f32; 30_000], |_, mean, squares| assert_eq!((mean, squares), (0.1, 0.0)));
        let empty = Grouped { before: 0, groups: 2, after: 3 };
        empty.moments::<f64>(&[], |_, mean, squares| assert!(mean.is_nan() && squares == 0.0));
    }
}
