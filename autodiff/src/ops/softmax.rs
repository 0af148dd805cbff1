//! Softmax and its logarithm along an axis.

use super::axes::lines;
use super::prelude::*;
use crate::layout::check_axis;

/// `e^(x_i) / Σ_j e^(x_j)` along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// The axis that is summed over.
    pub axis: usize,
}

/// `x_i − ln Σ_j e^(x_j)` along an axis.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax {
    /// The axis that is summed over.
    pub axis: usize,
}

fn shape(axis: usize, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
    let [x] = exactly(inputs)?;
    check_axis(axis, x)?;
    Ok(x.clone())
}

/// The largest of the values, without derivatives: subtracting it changes no softmax and keeps `eˣ` finite.
fn largest<T: Real>(values: impl Iterator<Item = T>) -> T {
    T::from_f64(values.map(T::to_f64).fold(f64::NEG_INFINITY, f64::max))
}

impl<T: Real> Op<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape(self.axis, inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        for (from, to) in lines(self.axis, x.layout()) {
            let largest = largest(from.clone().map(|place| x.at(place)));
            let mut sum = T::ZERO;
            for (source, target) in from.zip(to.clone()) {
                output[target] = (x.at(source) - largest).exp();
                sum += output[target];
            }
            to.for_each(|target| output[target] = output[target] / sum);
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(mut grad) = grads.view(0) else { return };
        for (from, to) in lines(self.axis, grad.layout()) {
            let mean: T = to.clone().map(|place| cotangent[place] * at.output[place]).sum();
            for (target, place) in from.zip(to) {
                grad.add_at(target, at.output[place] * (cotangent[place] - mean));
            }
        }
    }
}

impl<T: Real> Op<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape(self.axis, inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        for (from, to) in lines(self.axis, x.layout()) {
            let largest = largest(from.clone().map(|place| x.at(place)));
            let sum: T = from.clone().map(|place| (x.at(place) - largest).exp()).sum();
            let log_sum = sum.ln();
            for (source, target) in from.zip(to) {
                output[target] = x.at(source) - largest - log_sum;
            }
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(mut grad) = grads.view(0) else { return };
        for (from, to) in lines(self.axis, grad.layout()) {
            let total: T = to.clone().map(|place| cotangent[place]).sum();
            for (target, place) in from.zip(to) {
                grad.add_at(target, cotangent[place] - at.output[place].exp() * total);
            }
        }
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// `e^(x_i) / Σ_j e^(x_j)` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn softmax(self, axis: usize) -> Var<'t, T> {
        self.apply(Softmax { axis })
    }

    /// `x_i − ln Σ_j e^(x_j)` along `axis`: the logarithm of the softmax, accurate where that is near 0 or 1.
    #[track_caller]
    #[must_use]
    pub fn log_softmax(self, axis: usize) -> Var<'t, T> {
        self.apply(LogSoftmax { axis })
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "softmax",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Softmax { axis: choices.below(shape.rank()) }, [Domain::REAL.of(shape)])
        },
    },
    Entry {
        name: "log_softmax",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(LogSoftmax { axis: choices.below(shape.rank()) }, [Domain::REAL.of(shape)])
        },
    },
];

#[cfg(test)]
mod tests {
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn extreme_logits_stay_finite() {
        let params = Params::<f32>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::from([[1e4, -1e4], [3.0, 3.0]]));
        assert_eq!(x.softmax(1).value().unwrap(), [[1.0, 0.0], [0.5, 0.5]].into());
        let logs = x.log_softmax(1);
        assert_eq!(logs.value().unwrap().data()[..2], [0.0, -2e4]);
        let mut grads = params.gradients();
        logs.index(1, 0).sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap(), [[0.0, 0.0], [0.5, -0.5]].into());
    }
}
