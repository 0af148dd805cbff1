//! The cross-entropy of labels from logits, as one operation.

use std::ops::Range;

use super::axes::map_lines_in_order;
use super::index::{as_index, check_indices};
use super::prelude::*;
use crate::kernel::reduce::{exp_and_sum, largest};
use crate::kernel::{dispatch, with_scratch};

/// `ln Σ_i e^(x_i) − x_label` along an axis of the first input; the labels, indices along the axis, are the second.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy {
    /// The axis of the classes.
    pub axis: usize,
}

impl<T: Real> Op<T> for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, labels] = expect_inputs(inputs)?;
        x.check_axis(self.axis)?;
        if *labels != x.without(self.axis) {
            return Err(Mismatch::new("the labels must have the shape of the logits without the axis of the classes"));
        }
        Ok(labels.clone())
    }
    /// Of each logit its exponential, and of each sample their sum.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        inputs.iter().map(|input| input.size()).fold(0, usize::saturating_add)
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        check_indices(inputs.view(1), inputs.view(0).shape()[self.axis])
    }
    fn differentiable(&self, input: usize) -> bool {
        input == 0
    }
    fn reads(&self) -> Reads {
        Reads::inputs([1])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let (x, labels) = (inputs.view(0), inputs.view(1));
        let (exponentials, sums) = saved.split_at_mut(x.shape().size());
        let mut samples = labels.iter().zip(output).zip(sums);
        map_lines_in_order(self.axis, x, exponentials, |line| {
            let Some(((label, loss), sum)) = samples.next() else { return };
            // As a constant, it does not change the loss and prevents overflow.
            let largest = largest(line);
            let below = largest - line[as_index(label)];
            *sum = exp_and_sum(line, largest);
            *loss = below + sum.ln();
        });
    }
    /// `cotangent · (softmax − one-hot)`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let shape = at.inputs.view(0).shape();
        if shape.size() == 0 {
            return;
        }
        let [classes, inner] = [shape[self.axis], shape[self.axis + 1..].iter().product()];
        let (exponentials, sums) = at.saved.split_at(shape.size());
        with_scratch(cotangent.len(), |labels| {
            at.inputs.view(1).copy_to(labels);
            let samples = Samples { classes, labels, sums, cotangent };
            accumulate([], grad, |first, [], grad| {
                let exponentials = &exponentials[first..][..grad.len()];
                match inner {
                    1 => samples.add_rows(first, exponentials, grad),
                    _ => samples.add_columns(first, inner, exponentials, grad),
                }
            });
        });
    }
}

/// What the pullback reads of each sample.
struct Samples<'a, T> {
    classes: usize,
    labels: &'a [T],
    sums: &'a [T],
    cotangent: &'a [T],
}

impl<T: Real> Samples<'_, T> {
    /// For elements from `first` on, where the classes of a sample are contiguous.
    fn add_rows(&self, first: usize, exponentials: &[T], grad: &mut [T]) {
        for Run { elements, row, start } in runs(first, grad.len(), self.classes) {
            let cotangent = self.cotangent[row];
            let scale = cotangent / self.sums[row];
            let entries = grad[elements.clone()].iter_mut().zip(&exponentials[elements.clone()]);
            dispatch(move || entries.for_each(move |(sum, &e)| *sum += scale * e));
            if let Some(label) = as_index(self.labels[row]).checked_sub(start)
                && let Some(sum) = grad[elements].get_mut(label)
            {
                *sum -= cotangent;
            }
        }
    }

    /// For elements from `first` on, where those of `inner` samples and one class are contiguous.
    fn add_columns(&self, first: usize, inner: usize, exponentials: &[T], grad: &mut [T]) {
        for Run { elements, row, start } in runs(first, grad.len(), inner) {
            let class = T::from_f64((row % self.classes) as f64);
            let samples = row / self.classes * inner + start..;
            let numbers = self.labels[samples.clone()].iter().zip(&self.sums[samples.clone()]);
            let numbers = numbers.zip(&self.cotangent[samples]);
            let entries = grad[elements.clone()].iter_mut().zip(&exponentials[elements]).zip(numbers);
            dispatch(move || {
                for ((grad, &e), ((&label, &sum), &cotangent)) in entries {
                    let hit = if label == class { T::ONE } else { T::ZERO };
                    *grad += cotangent * (e / sum - hit);
                }
            });
        }
    }
}

/// A part of a block of elements that is within one row of a matrix.
struct Run {
    /// In the block.
    elements: Range<usize>,
    row: usize,
    /// The column of the first.
    start: usize,
}

/// The runs of a block of `length` elements, the first of which is element `first` of a matrix with this many columns.
fn runs(first: usize, length: usize, columns: usize) -> impl Iterator<Item = Run> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let (row, start) = ((first + done) / columns, (first + done) % columns);
        let elements = done..length.min(done + columns - start);
        done = elements.end;
        Some(Run { elements, row, start })
    })
}

impl<'t, T: Real> Var<'t, T> {
    /// The cross-entropy `ln Σ_i e^(x_i) − x_label` of logits with the classes along `axis`, one for each label. `labels` has the
    /// shape of the logits without the axis. A label that is no class is an error.
    #[track_caller]
    #[must_use]
    pub fn cross_entropy(self, axis: impl Into<Axis>, labels: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis("cross_entropy", axis);
        self.recording().apply(CrossEntropy { axis }, [self, labels])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "cross_entropy",
    draw: |choices| {
        let shape = choices.shape(1, 4);
        let axis = choices.below(shape.rank());
        let classes = choices.positive();
        let labels = Domain::Index(classes).sample(shape.without(axis));
        Case::new(CrossEntropy { axis }, [Domain::REAL.sample(shape.with(axis, classes)), labels])
    },
}];

#[cfg(test)]
mod tests {
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn extreme_logits_give_finite_losses_and_gradients() {
        let params = Params::<f32>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::from([[1e4, -1e4], [3.0, 3.0], [-1e30, 1e30]]));
        let losses = x.cross_entropy(1, t.input(&[1.0, 0.0, 1.0].into()));
        assert_eq!(losses.value().unwrap(), [2e4, 2.0_f32.ln(), 0.0].into());
        let mut grads = params.gradients();
        losses.sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap(), [[1.0, -1.0], [-0.5, 0.5], [0.0, 0.0]].into());
    }

    #[test]
    fn it_is_minus_the_logarithm_of_the_softmax_at_the_label() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        for (axis, shape) in [(1, [7, 5, 1]), (1, [3, 40, 70]), (0, [4, 3, 2]), (2, [2, 2, 900])] {
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&Tensor::from_fn(shape, |k| ((k * 37) % 101) as f64 / 20.0 - 2.5));
            let labels: Vec<usize> = (0..3).filter(|&other| other != axis).map(|other| shape[other]).collect();
            let labels = t.input(&Tensor::from_fn(labels.as_slice(), |k| ((k * 7) % shape[axis]) as f64));
            let (fused, composed) = (
                x.cross_entropy(axis, labels),
                -x.log_softmax(axis).gather(axis, labels.unsqueeze(axis)).squeeze(axis),
            );
            let weights = t.input(&labels.value().unwrap());
            let [fused, composed] = [fused, composed].map(|losses| {
                let mut grads = params.gradients();
                (losses * (weights + 0.5)).sum(..).backward(&mut grads).unwrap();
                (losses.value().unwrap(), grads.of(x).unwrap())
            });
            let close =
                |a: &Tensor<f64>, b: &Tensor<f64>| a.data().iter().zip(b.data()).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(close(&fused.0, &composed.0) && close(&fused.1, &composed.1), "{shape:?} along {axis}");
        }
    }
}
