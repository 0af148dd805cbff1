//! Standardization of groups by their own moments, and by moments that several shards have in common.
//!
//! [`GroupMoments`] sums over groups, [`PoolMoments`] joins the sums of shards (Chan, Golub and LeVeque 1979), [`Standardize`]
//! uses them. Gradients flow through the moments, so that each has a short pullback, and their sum is that of normalization
//! (Ioffe and Szegedy 2015).

use super::axes::Axes;
use super::group_moments::{GroupMoments, PoolMoments, rows};
use super::grouping::Grouping;
use super::prelude::*;
use crate::array::{Layout, View};
use crate::kernel::with_scratch;

/// `(x − mean)/√(variance + epsilon)` with moments `[3, ..]` of the groups.
#[derive(Clone, Debug)]
pub struct Standardize {
    /// The axes of a group.
    pub axes: Axes,
    /// Added to variances.
    pub epsilon: f64,
}

/// The factors by which [`Standardize`] scales each group: `1/√(variance + epsilon)`.
fn inverse_deviation<T: Real>(moments: &[T], epsilon: f64, inverse: &mut [T]) {
    let [count, _, squares] = rows(moments);
    let epsilon = T::from_f64(epsilon);
    for ((inverse, &squares), &count) in inverse.iter_mut().zip(squares).zip(count) {
        *inverse = T::ONE / (squares / count + epsilon).sqrt();
    }
}

impl<T: Real> Op<T> for Standardize {
    fn name(&self) -> &'static str {
        "standardize"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let (x, moments, affine) = match *inputs {
            [x, moments] => (x, moments, None),
            [x, moments, scale, shift] => (x, moments, Some([scale, shift])),
            _ => {
                let reason = format!("takes value and moments, perhaps scale and shift; {} given", inputs.len());
                return Err(Mismatch::new(reason));
            }
        };
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(Mismatch::new(format!("epsilon is {}; it must be finite and not negative", self.epsilon)));
        }
        let groups = self.axes.reduce(x)?;
        if *moments != groups.insert(0, 3) || affine.is_some_and(|affine| affine != [&groups; 2]) {
            return Err(Mismatch::new(format!("moments must be {}, scale and shift {groups}", groups.insert(0, 3))));
        }
        Ok(x.clone())
    }
    /// Inverse deviations.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        inputs.get(1).map_or(0, |moments| moments.size() / 3)
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1, 2])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], inverse: &mut [T]) {
        let x = inputs.view(0);
        let grouping = Grouping::new(&self.axes, x.layout());
        inputs.view(1).with_dense(|moments| {
            inverse_deviation(moments, self.epsilon, inverse);
            let [_, mean, _] = rows(moments);
            if inputs.count() == 2 {
                return grouping.write(output, [mean, inverse], x, |[mean, inverse], x| (x - mean) * inverse);
            }
            inputs.view(2).with_dense(|scale| {
                inputs.view(3).with_dense(|shift| {
                    grouping.write(output, [mean, inverse, scale, shift], x, |[mean, inverse, scale, shift], x| {
                        (x - mean) * inverse * scale + shift
                    });
                });
            });
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Frame { inputs, saved: inverse, .. } = at;
        let groups = inverse.len();
        let dense = Layout::dense(inputs.output_shape().clone());
        let (x, g) = (inputs.view(0), View::over(cotangent, &dense));
        let grouping = Grouping::new(&self.axes, x.layout());
        inputs.view(1).with_dense(|moments| {
            with_scratch(6 * groups, |scratch| {
                let (scale, rest) = scratch.split_at_mut(groups);
                let (sums, to_moments) = rest.split_at_mut(2 * groups);
                match inputs.count() {
                    2 => scale.fill(T::ONE),
                    _ => inputs.view(2).copy_to(scale),
                }
                if (1..inputs.count()).any(|input| grads.view(input).is_some()) {
                    let (to_shift, to_scale) = sums.split_at_mut(groups);
                    let [_, mean, _] = rows(moments);
                    grouping.with([x, g], |arrays| {
                        let terms = |[mean, inverse]: [T; 2], [x, g]: [T; 2]| [g, g * ((x - mean) * inverse)];
                        grouping.grouped.sums([mean, inverse], arrays, terms, |group, [shift, scale]| {
                            (to_shift[group], to_scale[group]) = (shift, scale);
                        });
                    });
                    pull_moments(moments, inverse, scale, [to_shift, to_scale], to_moments);
                    let given = [&*to_moments, to_scale, to_shift];
                    for (input, amounts) in (1..inputs.count()).zip(given) {
                        if let Some(grad) = grads.view(input) {
                            grad.add(amounts);
                        }
                    }
                }
                scale.iter_mut().zip(inverse).for_each(|(scale, &inverse)| *scale = *scale * inverse);
                if let Some(grad) = grads.view(0) {
                    grouping.add(grad, [scale], [g], |[factor], [g]| factor * g);
                }
            });
        });
    }
}

/// The gradients with respect to number, mean and squared deviations, from the sums of `g` and `g·x̂` over each group.
fn pull_moments<T: Real>(moments: &[T], inverse: &[T], scale: &[T], [of_g, of_product]: [&[T]; 2], to: &mut [T]) {
    let ([count, _, squares], groups) = (rows(moments), inverse.len());
    for group in 0..groups {
        let factor = scale[group] * inverse[group];
        let to_variance = T::from_f64(-0.5) * factor * inverse[group] * of_product[group];
        to[2 * groups + group] = to_variance / count[group];
        to[groups + group] = -factor * of_g[group];
        to[group] = -(to[2 * groups + group] * squares[group] / count[group]);
    }
}

/// A standardized value and the statistics of its groups.
#[derive(Clone, Copy, Debug)]
pub struct Normalized<'t, T: Real> {
    /// The normalized value.
    pub value: Var<'t, T>,
    /// The mean of each group, in the shape of a reduction. No gradient flows through it.
    pub mean: Var<'t, T>,
    /// The biased variance of each group. No gradient flows through it.
    pub variance: Var<'t, T>,
    /// The number of elements of each group, those of all shards. No gradient flows through it.
    pub count: Var<'t, T>,
}

/// # Normalization
impl<'t, T: Real> Var<'t, T> {
    /// `x̂ = (x − mean) / √(variance + epsilon)` with mean and biased variance over `axes`. With `affine`, a scale and a shift
    /// that broadcast to this value's shape, `scale · x̂ + shift`. Keeps the shape; the statistics have one element for
    /// each group.
    #[track_caller]
    #[must_use]
    pub fn normalize(self, affine: Option<[Var<'t, T>; 2]>, axes: impl Into<Axes>, epsilon: f64) -> Normalized<'t, T> {
        let axes = axes.into();
        let moments = self.apply(GroupMoments { axes: axes.clone() });
        self.standardize(moments, affine, axes, epsilon)
    }

    /// As [`Var::normalize`], with the statistics of all [`Shards`](crate::Shards) of a batch together: `axes` must have the
    /// axis of samples among them.
    #[track_caller]
    #[must_use]
    pub fn normalize_shards(
        self,
        affine: Option<[Var<'t, T>; 2]>,
        axes: impl Into<Axes>,
        epsilon: f64,
    ) -> Normalized<'t, T> {
        let axes = axes.into();
        let own = self.apply(GroupMoments { axes: axes.clone() });
        let moments = match self.recording().shards() {
            1 => own,
            _ => own.stack_shards().apply(PoolMoments {}),
        };
        self.standardize(moments, affine, axes, epsilon)
    }

    #[track_caller]
    fn standardize(
        self,
        moments: Var<'t, T>,
        affine: Option<[Var<'t, T>; 2]>,
        axes: Axes,
        epsilon: f64,
    ) -> Normalized<'t, T> {
        let t = self.recording();
        let [count, mean, squares] = [0_usize, 1, 2].map(|row| moments.index(0, row).detach());
        let variance = squares / count;
        let op = Standardize { axes, epsilon };
        let value = match affine.map(|affine| (affine, affine.map(|input| op.axes.of_groups(self, input)))) {
            None => t.apply(op, [self, moments]),
            Some((_, [Some(scale), Some(shift)])) => t.apply(op, [self, moments, scale, shift]),
            Some(([scale, shift], _)) => t.apply(op, [self, moments]).mul_add(scale, shift),
        };
        Normalized { value, mean, variance, count }
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "standardize",
    draw: |choices| {
        let shape = choices.full_shape(0, 4);
        let axes = Axes::draw(choices, shape.rank());
        let groups = axes.reduce(&shape).unwrap_or_default();
        let op = Standardize { axes, epsilon: [0.1, 0.01][choices.below(2)] };
        let (x, positive) = (Domain::REAL.sample(shape), Domain::Between(1.0, 4.0, &[]));
        let moments = positive.sample(groups.insert(0, 3));
        match choices.flag() {
            true => Case::new(op, [x, moments]),
            false => Case::new(op, [x, moments, Domain::REAL.sample(groups.clone()), Domain::REAL.sample(groups)]),
        }
    },
}];

#[cfg(test)]
mod tests {
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn the_statistics_are_those_of_each_group() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&[[1.0, 5.0], [3.0, 5.0]].into());
        let normal = x.normalize(None, 0, 0.0);
        assert_eq!(normal.mean.value().unwrap(), [2.0, 5.0].into());
        assert_eq!(normal.variance.value().unwrap(), [1.0, 0.0].into());
        let column = normal.value.narrow(1, 0..1).value().unwrap();
        assert_eq!(column, [[-1.0], [1.0]].into());
        // A constant column: no deviation, and with an epsilon no NaN.
        let safe = x.normalize(None, 0, 1e-5).value;
        assert_eq!(safe.index(1, 1).value().unwrap(), [0.0, 0.0].into());
        let mut grads = params.gradients();
        safe.backward_with(&[[1.0, 1.0], [1.0, 2.0]].into(), &mut grads).unwrap();
        assert!(grads.of(x).unwrap().data().iter().all(|g| g.is_finite()));
        let message = (normal.mean * 2.0).sum(..).backward(&mut grads).unwrap_err().to_string();
        assert!(message.contains("nothing it depends on needs a gradient"), "{message}");
    }

    #[test]
    fn one_sample_comes_out_as_its_shift() {
        let params = Params::<f32>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::from([[3.0, -7.0]]));
        let affine = [t.input(&[2.0, 2.0].into()), t.input(&[0.5, 1.5].into())];
        assert_eq!(x.normalize(Some(affine), 0, 1e-5).value.value().unwrap(), [[0.5, 1.5]].into());
    }
}
