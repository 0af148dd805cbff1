//! Standardization of groups of values, then scale and shift: used by batch, layer, group and instance normalization.
//!
//! A single operation, for speed and stability: its gradient takes three passes over the data, where a composition takes a
//! dozen, and does not cancel large terms.

use super::axes::Axes;
use super::prelude::*;
use crate::array::{Layout, View, ViewMut};
use crate::kernel::with_scratch;

/// `(x − mean) / √(variance + epsilon)`, with mean and biased variance over `axes` (Ioffe and Szegedy 2015). An optional
/// second and third input, which broadcast to the first, scale and shift the result.
#[derive(Clone, Debug)]
pub struct Normalize {
    /// The axes of mean and variance.
    pub axes: Axes,
    /// Added to the variance, so that a constant group is normalized to zeros.
    pub epsilon: f64,
}

/// A normalized value, with the mean and variance used, which have no gradient.
#[derive(Clone, Copy, Debug)]
pub struct Normalized<'t, T: Real> {
    /// The normalized value.
    pub value: Var<'t, T>,
    /// The means.
    pub mean: Var<'t, T>,
    /// The biased variances: squared deviations divided by their number.
    pub variance: Var<'t, T>,
}

/// The statistics saved by forward, one for each group.
struct Statistics<'a, T> {
    mean: &'a [T],
    /// `1/√(variance + epsilon)`.
    inverse: &'a [T],
}

impl Normalize {
    fn groups(&self, shape: &Shape) -> usize {
        self.axes.reduce(shape).map_or(0, |shape| shape.size())
    }

    fn statistics<'a, T>(saved: &'a [T]) -> Statistics<'a, T> {
        let groups = saved.len() / 3;
        Statistics { mean: &saved[..groups], inverse: &saved[2 * groups..] }
    }
}

impl<T: Real> Op<T> for Normalize {
    fn name(&self) -> &'static str {
        "normalize"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let x = match inputs {
            [x] | [x, _, _] => *x,
            _ => {
                return Err(Mismatch::new(format!("takes a value, or value, scale and shift; {} given", inputs.len())));
            }
        };
        self.axes.reduce(x)?;
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(Mismatch::new(format!("epsilon is {}; it must be finite and not negative", self.epsilon)));
        }
        if inputs.iter().any(|input| x.broadcast(input).as_ref() != Some(x)) {
            return Err(Mismatch::new("scale and shift must broadcast to the value's shape"));
        }
        Ok(x.clone())
    }
    /// Means, variances and inverse deviations.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        self.groups(inputs[0]).saturating_mul(3)
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let x = inputs.view(0);
        let spread = self.axes.spread(x.shape());
        let count = T::from_f64(self.axes.count(x.shape()) as f64);
        let groups = saved.len() / 3;
        let (mean, rest) = saved.split_at_mut(groups);
        let (variance, inverse) = rest.split_at_mut(groups);
        // Sum deviations from each group's first value: small terms, and exactly 0 for a constant group.
        let starts = self.axes.groups(x.layout()).starts().take(x.shape().size());
        inverse.iter_mut().zip(starts).for_each(|(first, start)| *first = x.at(start));
        mean.fill(T::ZERO);
        accumulate([x, View::over(inverse, &spread)], ViewMut::over(mean, &spread), |_, [x, first], sums| {
            dispatch(|| {
                sums.iter_mut().zip(x).zip(first).for_each(|((sum, &x), &first)| *sum += x - first);
            });
        });
        mean.iter_mut().zip(&*inverse).for_each(|(mean, &first)| *mean = first + *mean / count);
        variance.fill(T::ZERO);
        accumulate([x, View::over(mean, &spread)], ViewMut::over(variance, &spread), |_, [x, mean], sums| {
            dispatch(|| {
                sums.iter_mut().zip(x).zip(mean).for_each(|((sum, &x), &mean)| *sum += (x - mean) * (x - mean));
            });
        });
        let epsilon = T::from_f64(self.epsilon);
        for (variance, inverse) in variance.iter_mut().zip(&mut *inverse) {
            *variance = *variance / count;
            *inverse = T::ONE / (*variance + epsilon).sqrt();
        }
        let standard = [x, View::over(mean, &spread), View::over(inverse, &spread)];
        for_each_block(standard, |first, [x, mean, inverse]| {
            dispatch(|| {
                for (((y, &x), &mean), &inverse) in output[first..].iter_mut().zip(x).zip(mean).zip(inverse) {
                    *y = (x - mean) * inverse;
                }
            });
        });
        if inputs.count() == 3 {
            scale_and_shift(inputs, output);
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let shape = at.inputs.output_shape();
        let dense = Layout::dense(shape.clone());
        let (x, g) = (at.inputs.view(0), View::over(cotangent, &dense));
        let spread = self.axes.spread(shape);
        let Statistics { mean, inverse } = Normalize::statistics(at.saved);
        let standard = [x, View::over(mean, &spread), View::over(inverse, &spread), g];
        if at.inputs.count() == 1 {
            if let Some(grad) = grads.view(0) {
                pull_standardized(&self.axes, standard, grad);
            }
            return;
        }
        grads.broadcast(1, shape, |grad| {
            accumulate(standard, grad, |_, [x, mean, inverse, g], sums| {
                for ((((sum, &x), &mean), &inverse), &g) in sums.iter_mut().zip(x).zip(mean).zip(inverse).zip(g) {
                    *sum += g * ((x - mean) * inverse);
                }
            });
        });
        grads.broadcast(2, shape, |grad| grad.add(cotangent));
        let Some(grad) = grads.view(0) else { return };
        let Ok(scale) = at.inputs.view(1).layout().broadcast_to(shape) else { return };
        with_scratch(cotangent.len(), |scaled| {
            for_each_block([g, at.inputs.view(1).through(&scale)], |first, [g, scale]| {
                scaled[first..].iter_mut().zip(g).zip(scale).for_each(|((to, &g), &scale)| *to = g * scale);
            });
            let [x, mean, inverse, _] = standard;
            pull_standardized(&self.axes, [x, mean, inverse, View::over(scaled, &dense)], grad);
        });
    }
}

/// `y = scale·y + shift`.
fn scale_and_shift<T: Real>(inputs: Inputs<'_, T>, output: &mut [T]) {
    inputs.broadcast(|[_, scale, shift]| {
        for_each_block([scale, shift], |first, [scale, shift]| {
            dispatch(|| {
                for ((y, &scale), &shift) in output[first..].iter_mut().zip(scale).zip(shift) {
                    *y = *y * scale + shift;
                }
            });
        });
    });
}

/// Adds `(g − mean(g) − x̂·mean(g·x̂)) / deviation`, with means over each group. `standard` holds x, mean, inverse deviation
/// and g.
fn pull_standardized<T: Real>(axes: &Axes, standard: [View<'_, T>; 4], grad: ViewMut<'_, T>) {
    let [x, mean, inverse, g] = standard;
    let spread = inverse.layout();
    let groups = axes.reduce(x.shape()).map_or(0, |shape| shape.size());
    let share = T::ONE / T::from_f64(axes.count(x.shape()) as f64);
    with_scratch(2 * groups, |means| {
        let (of_g, of_product) = means.split_at_mut(groups);
        accumulate([g], ViewMut::over(of_g, spread), |_, [g], sums| {
            sums.iter_mut().zip(g).for_each(|(sum, &g)| *sum += share * g);
        });
        accumulate(standard, ViewMut::over(of_product, spread), |_, [x, mean, inverse, g], sums| {
            dispatch(|| {
                for ((((sum, &x), &mean), &inverse), &g) in sums.iter_mut().zip(x).zip(mean).zip(inverse).zip(g) {
                    *sum += share * g * ((x - mean) * inverse);
                }
            });
        });
        let views = [x, mean, inverse, g, View::over(of_g, spread), View::over(of_product, spread)];
        accumulate(views, grad, |_, [x, mean, inverse, g, of_g, of_product], sums| {
            for (k, sum) in sums.iter_mut().enumerate() {
                let standard = (x[k] - mean[k]) * inverse[k];
                *sum += inverse[k] * (g[k] - of_g[k] - standard * of_product[k]);
            }
        });
    });
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
        let op = Normalize { axes: axes.clone(), epsilon };
        let value = match affine {
            Some([scale, shift]) => self.recording().apply(op, [self, scale, shift]),
            None => self.apply(op),
        };
        let groups = self.shape().ok().and_then(|shape| axes.reduce(&shape).ok()).unwrap_or_default();
        let size = groups.size();
        Normalized { value, mean: value.saved(0, groups.clone()), variance: value.saved(size, groups) }
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "normalize",
    draw: |choices| {
        let shape = choices.shape(0, 4);
        let axes = Axes::draw(choices, shape.rank());
        let op = Normalize { axes, epsilon: [0.1, 0.01][choices.below(2)] };
        let x = Domain::REAL.sample(shape.clone());
        if choices.flag() {
            return Case::new(op, [x]);
        }
        let [scale, shift] = [(); 2].map(|()| Domain::REAL.sample(choices.narrower(&shape)));
        Case::new(op, [x, scale, shift])
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
