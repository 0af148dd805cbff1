//! Moments of groups, and of groups of which several shards have parts.

use super::axes::Axes;
use super::grouping::Grouping;
use super::prelude::*;
use crate::kernel::with_scratch;

/// Number, mean and sum of squared deviations of each group, `[3, ..]`.
#[derive(Clone, Debug)]
pub struct GroupMoments {
    /// The axes of a group.
    pub axes: Axes,
}

/// The moments, `[3, ..]`, of groups of which each shard has a part, from `[shards, 3, ..]`.
#[derive(Clone, Copy, Debug)]
pub struct PoolMoments {}

/// Number, means and sums of squared deviations, which lie one after the other.
pub(super) fn rows<T>(moments: &[T]) -> [&[T]; 3] {
    let groups = moments.len() / 3;
    let (count, rest) = moments.split_at(groups);
    let (mean, squares) = rest.split_at(groups);
    [count, mean, squares]
}

impl<T: Real> Op<T> for GroupMoments {
    fn name(&self) -> &'static str {
        "group_moments"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(self.axes.reduce(x)?.insert(0, 3))
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0]).and_output()
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        let number = T::from_f64(self.axes.count(x.shape()) as f64);
        let groups = output.len() / 3;
        let (count, rest) = output.split_at_mut(groups);
        let (mean, squares) = rest.split_at_mut(groups);
        count.fill(number);
        let grouping = Grouping::new(&self.axes, x.layout());
        grouping.with([x], |[x]| {
            grouping.grouped.moments(x, |group, of_group, deviations| {
                (mean[group], squares[group]) = (of_group, deviations);
            });
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let ([count, mean, _], [_, to_mean, to_squares]) = (rows(at.output), rows(cotangent));
        with_scratch(2 * mean.len(), |factors| {
            let (shift, slope) = factors.split_at_mut(mean.len());
            for group in 0..shift.len() {
                slope[group] = to_squares[group] + to_squares[group];
                shift[group] = to_mean[group] / count[group];
            }
            let numbers = [mean, &*shift, &*slope];
            let x = at.inputs.view(0);
            let grouping = Grouping::new(&self.axes, x.layout());
            grouping.add(grad, numbers, [x], |[mean, shift, slope], [x]| shift + slope * (x - mean));
        });
    }
}

impl<T: Real> Op<T> for PoolMoments {
    fn name(&self) -> &'static str {
        "pool_moments"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [stacked] = expect_inputs(inputs)?;
        match stacked.get(1) {
            Some(3) => Ok(stacked.without(0)),
            _ => Err(Mismatch::new("takes stacked moments, [shards, 3, ..]")),
        }
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0]).and_output()
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let groups = output.len() / 3;
        inputs.view(0).with_dense(|stacked| {
            let shards = || stacked.chunks_exact((3 * groups).max(1)).map(rows);
            for group in 0..groups {
                let count: T = shards().map(|[count, ..]| count[group]).sum();
                let mean = shards().map(|[count, mean, _]| count[group] * mean[group]).sum::<T>() / count;
                let between = |[count, own, squares]: [&[T]; 3]| {
                    squares[group] + count[group] * (own[group] - mean) * (own[group] - mean)
                };
                let squares = shards().map(between).sum();
                (output[group], output[groups + group], output[2 * groups + group]) = (count, mean, squares);
            }
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let ([total, pooled, _], [to_count, to_mean, to_squares]) = (rows(at.output), rows(cotangent));
        let groups = total.len();
        at.inputs.view(0).with_dense(|stacked| {
            with_scratch(stacked.len(), |terms| {
                let shards = terms.chunks_exact_mut((3 * groups).max(1)).zip(stacked.chunks_exact((3 * groups).max(1)));
                for (terms, shard) in shards {
                    let [count, mean, _] = rows(shard);
                    for group in 0..groups {
                        let deviation = mean[group] - pooled[group];
                        // The sum of all shards' count · deviation is 0, so that the pooled mean needs no term of its own.
                        let along = to_mean[group] / total[group] + (to_squares[group] + to_squares[group]) * deviation;
                        terms[group] = to_count[group]
                            + to_mean[group] * deviation / total[group]
                            + to_squares[group] * deviation * deviation;
                        terms[groups + group] = count[group] * along;
                        terms[2 * groups + group] = to_squares[group];
                    }
                }
                grad.add(terms);
            });
        });
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "group_moments",
        draw: |choices| {
            let shape = choices.full_shape(0, 4);
            let axes = Axes::draw(choices, shape.rank());
            Case::new(GroupMoments { axes }, [Domain::REAL.sample(shape)])
        },
    },
    Entry {
        name: "pool_moments",
        draw: |choices| {
            let groups = choices.shape(0, 2);
            let shape: Shape = [1 + choices.below(3), 3].into_iter().chain(groups.iter().copied()).collect();
            Case::new(PoolMoments {}, [Domain::Between(1.0, 4.0, &[]).sample(shape)])
        },
    },
];
