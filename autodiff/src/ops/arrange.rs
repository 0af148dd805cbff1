//! Elements moved or summed along an axis: copies, reversal, running sums.

use super::axes::lines;
use super::prelude::*;
use crate::kernel::{reduce::running_sums, with_scratch};

/// The same values, dense in memory.
#[derive(Clone, Copy, Debug)]
pub struct Contiguous {}

impl<T: Real> Op<T> for Contiguous {
    fn name(&self) -> &'static str {
        "contiguous"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).copy_to(output);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            grad.add(cotangent);
        }
    }
}

/// An axis in reverse order.
#[derive(Clone, Copy, Debug)]
pub struct Flip {
    /// The axis.
    pub axis: usize,
}

/// Running sums along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Cumsum {
    /// The axis.
    pub axis: usize,
}

fn shape_of_line(axis: usize, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
    let [x] = expect_inputs(inputs)?;
    x.check_axis(axis)?;
    Ok(x.clone())
}

impl<T: Real> Op<T> for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape_of_line(self.axis, inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        for (from, to) in lines(self.axis, x.layout()) {
            from.zip(to.rev()).for_each(|(source, target)| output[target] = x.at(source));
        }
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(mut grad) = grads.view(0) else { return };
        for (from, to) in lines(self.axis, grad.layout()) {
            from.zip(to.rev()).for_each(|(source, target)| grad.add_at(source, cotangent[target]));
        }
    }
}

impl Cumsum {
    /// Writes to `sums` the sums along the lines of a dense array, from either end.
    fn sum_along<T: Real>(&self, shape: &Shape, array: &[T], sums: &mut [T], backward: bool) {
        if array.is_empty() {
            return;
        }
        let inner: usize = shape[self.axis + 1..].iter().product();
        let size = shape[self.axis] * inner;
        let parts = array.chunks_exact(size).zip(sums.chunks_exact_mut(size));
        parts.for_each(|(part, sums)| running_sums(part, sums, inner, backward));
    }
}

impl<T: Real> Op<T> for Cumsum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape_of_line(self.axis, inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (x, shape) = (inputs.view(0), inputs.output_shape());
        match x.dense() {
            Some(x) => self.sum_along(shape, x, output, false),
            None => with_scratch(output.len(), |copy| {
                x.copy_to(copy);
                self.sum_along(shape, copy, output, false);
            }),
        }
    }
    /// An element is in the running sums from its own place on: the cotangents' running sums from the end.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        with_scratch(cotangent.len(), |sums| {
            self.sum_along(at.inputs.output_shape(), cotangent, sums, true);
            grad.add(sums);
        });
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The same values, copied to lie densely in memory.
    #[track_caller]
    #[must_use]
    pub fn contiguous(self) -> Var<'t, T> {
        self.apply(Contiguous {})
    }

    /// `axis` in reverse order.
    #[track_caller]
    #[must_use]
    pub fn flip(self, axis: usize) -> Var<'t, T> {
        self.apply(Flip { axis })
    }

    /// Running sums along `axis`: `y_i = x_0 + … + x_i`.
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, axis: usize) -> Var<'t, T> {
        self.apply(Cumsum { axis })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry { name: "contiguous", draw: |choices| Case::new(Contiguous {}, [Domain::REAL.of(choices.shape(0, 4))]) },
    Entry {
        name: "flip",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Flip { axis: choices.below(shape.rank()) }, [Domain::REAL.of(shape)])
        },
    },
    Entry {
        name: "cumsum",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Cumsum { axis: choices.below(shape.rank()) }, [Domain::REAL.of(shape)])
        },
    },
];
