//! The element of each group of a contiguous array that wins over the others: a maximum or minimum.

use crate::scalar::Real;

use super::{Grouped, dispatch, for_each_part};

/// Interleaved winners of a contiguous group.
const LANES: usize = 16;
/// Columns that are compared at a time.
const TILE: usize = 64;

impl Grouped {
    /// Writes the winner of each group to `winners`, and `start` where there are no elements. `wins` is given two elements, or
    /// winners of several, in any order.
    pub(crate) fn winners<T: Real>(self, x: &[T], start: T, wins: impl Fn(T, T) -> T + Copy + Sync, winners: &mut [T]) {
        winners.fill(start);
        if x.is_empty() {
            return;
        }
        let groups = match self.has_columns() {
            true => TILE * self.per_part(self.groups.div_ceil(TILE)),
            false => self.per_part(self.groups),
        };
        for_each_part(winners, groups, |part, winners| match self.has_columns() {
            true => self.of_columns(part * groups, x, wins, winners),
            false => {
                for (group, winner) in (part * groups..).zip(winners) {
                    *winner = self
                        .parts(group)
                        .fold(*winner, |winner, start| of_row(&x[start..][..self.after], winner, wins));
                }
            }
        });
    }

    /// The winners of columns from `first` on.
    fn of_columns<T: Real>(self, first: usize, x: &[T], wins: impl Fn(T, T) -> T + Copy, winners: &mut [T]) {
        for (tile, winners) in winners.chunks_mut(TILE).enumerate() {
            let first = first + tile * TILE;
            dispatch(move || {
                for row in x.chunks_exact(self.groups) {
                    let row = &row[first..][..winners.len()];
                    winners.iter_mut().zip(row).for_each(|(winner, &x)| *winner = wins(*winner, x));
                }
            });
        }
    }
}

fn of_row<T: Real>(row: &[T], start: T, wins: impl Fn(T, T) -> T + Copy) -> T {
    dispatch(move || {
        let (chunks, rest) = row.as_chunks::<LANES>();
        let mut lanes = [start; LANES];
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane = wins(*lane, x);
            }
        }
        lanes.into_iter().chain(rest.iter().copied()).fold(start, wins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_are_those_of_plain_loops() {
        for [before, groups, after] in
            [[1, 3, 200], [5, 4, 17], [9, 70, 1], [40, 3, 1], [2, 2, 3], [0, 2, 1], [3, 0, 2], [300, 150, 1]]
        {
            let grouped = Grouped { before, groups, after };
            let x: Vec<f64> = (0..before * groups * after).map(|k| (k * 37 % 101) as f64).collect();
            let (mut found, mut expected) = (vec![0.0; groups], vec![-1.0_f64; groups]);
            grouped.winners(&x, -1.0, <f64 as Real>::maximum, &mut found);
            for (k, x) in x.iter().enumerate() {
                expected[k / after % groups] = expected[k / after % groups].max(*x);
            }
            assert_eq!(found, expected, "{grouped:?}");
        }
    }

    #[test]
    fn nan_wins_wherever_it_is() {
        for place in [0, 5, 16, 39] {
            let x: Vec<f32> = (0..40).map(|k| if k == place { f32::NAN } else { 2.0 }).collect();
            for grouped in [Grouped { before: 1, groups: 1, after: 40 }, Grouped { before: 40, groups: 1, after: 1 }] {
                let mut found = [0.0];
                grouped.winners(&x, f32::INFINITY, <f32 as Real>::minimum, &mut found);
                assert!(found[0].is_nan());
            }
        }
    }
}
