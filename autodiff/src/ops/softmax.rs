//! Softmax and its logarithm along an axis.

use super::axes::{Axes, map_lines};
use super::grouping::Grouping;
use super::prelude::*;
use crate::array::{Layout, View};
use crate::kernel::reduce::{exp_and_sum, largest, sum_exp};
use crate::kernel::{dispatch, with_scratch};

/// `e^(x_i) / Σ_j e^(x_j)` along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// The axis to normalize over.
    pub axis: usize,
}

/// `x_i − ln Σ_j e^(x_j)` along an axis.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax {
    /// The axis to normalize over.
    pub axis: usize,
}

fn shape(axis: usize, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
    let [x] = expect_inputs(inputs)?;
    x.check_axis(axis)?;
    Ok(x.clone())
}

/// The lines along `axis` as groups, and the layout of the output.
fn lines<T: Real>(axis: usize, at: Frame<'_, T>) -> (Layout, Grouping) {
    let dense = Layout::dense(at.inputs.output_shape().clone());
    let grouping = Grouping::new(&Axes::from(axis), &dense);
    (dense, grouping)
}

impl<T: Real> Op<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape(self.axis, inputs)
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        map_lines(self.axis, inputs.view(0), output, |line| {
            // The maximum, subtracted as a constant, does not change the softmax and prevents overflow.
            let sum = exp_and_sum(line, largest(line));
            dispatch(move || line.iter_mut().for_each(move |x| *x = *x / sum));
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        // Lines without elements may be many.
        let Some(grad) = grads.view(0).filter(|_| !cotangent.is_empty()) else { return };
        let (dense, grouping) = lines(self.axis, at);
        let views = [at.output, cotangent].map(|values| View::over(values, &dense));
        with_scratch(grouping.grouped.groups, |means| {
            grouping.with(views, |arrays| {
                grouping.grouped.sums([], arrays, |[], [y, g]| [y * g], |line, [mean]| means[line] = mean);
            });
            grouping.add(grad, [means], views, |[mean], [y, g]| y * (g - mean));
        });
    }
}

impl<T: Real> Op<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape(self.axis, inputs)
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        map_lines(self.axis, inputs.view(0), output, |line| {
            let largest = largest(line);
            let log_sum = sum_exp(line.iter().map(|&x| x - largest), line.len()).ln();
            // One after the other: their sum would lose the digits of the smaller.
            dispatch(move || line.iter_mut().for_each(move |x| *x = (*x - largest) - log_sum));
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        // Lines without elements may be many.
        let Some(grad) = grads.view(0).filter(|_| !cotangent.is_empty()) else { return };
        let (dense, grouping) = lines(self.axis, at);
        let views = [at.output, cotangent].map(|values| View::over(values, &dense));
        with_scratch(grouping.grouped.groups, |totals| {
            grouping.with([views[1]], |arrays| {
                grouping.grouped.sums([], arrays, |[], [g]| [g], |line, [total]| totals[line] = total);
            });
            grouping.add(grad, [totals], views, |[total], [y, g]| g - y.exp() * total);
        });
    }
}

/// # Softmax
impl<'t, T: Real> Var<'t, T> {
    /// `e^(x_i) / Σ_j e^(x_j)` along `axis`. Keeps the shape.
    #[track_caller]
    #[must_use]
    pub fn softmax(self, axis: impl Into<Axis>) -> Var<'t, T> {
        let axis = self.axis("softmax", axis);
        self.apply(Softmax { axis })
    }

    /// `x_i − ln Σ_j e^(x_j)` along `axis`: the logarithm of the softmax, accurate also where the
    /// softmax is near 0 or 1.
    #[track_caller]
    #[must_use]
    pub fn log_softmax(self, axis: impl Into<Axis>) -> Var<'t, T> {
        let axis = self.axis("log_softmax", axis);
        self.apply(LogSoftmax { axis })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "softmax",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Softmax { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
        },
    },
    Entry {
        name: "log_softmax",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(LogSoftmax { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
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
