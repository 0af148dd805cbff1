//! Cumulative sums and products along an axis.

use super::arrange::shape_of_line;
use super::prelude::*;
use crate::kernel::{reduce::running_sums, with_scratch};

/// Cumulative sums along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Cumsum {
    /// The axis.
    pub axis: usize,
}

/// Cumulative products along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Cumprod {
    /// The axis.
    pub axis: usize,
}

/// The distance between neighbors along an axis of a contiguous array, and that times the axis's extent.
fn steps(shape: &Shape, axis: usize) -> [usize; 2] {
    let inner: usize = shape[axis + 1..].iter().product();
    [inner, shape[axis] * inner]
}

impl Cumsum {
    /// Writes to `sums` the cumulative sums along the axis of a contiguous array, from either end.
    fn sum_along<T: Real>(&self, shape: &Shape, array: &[T], sums: &mut [T], backward: bool) {
        if array.is_empty() {
            return;
        }
        let [inner, size] = steps(shape, self.axis);
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
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).with_dense(|x| self.sum_along(inputs.output_shape(), x, output, false));
    }
    /// An element is a term of all sums from its own index on, so its gradient is a cumulative sum from the end.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        with_scratch(cotangent.len(), |sums| {
            self.sum_along(at.inputs.output_shape(), cotangent, sums, true);
            grad.add(sums);
        });
    }
}

impl<T: Real> Op<T> for Cumprod {
    fn name(&self) -> &'static str {
        "cumprod"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        shape_of_line(self.axis, inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).copy_to(output);
        if output.is_empty() {
            return;
        }
        let [inner, size] = steps(inputs.output_shape(), self.axis);
        for part in output.chunks_exact_mut(size) {
            (inner..size).for_each(|k| part[k] = part[k - inner] * part[k]);
        }
    }
    /// The gradient of `x_k` is `y_(k−1) s_k` with `s_k = g_k + x_(k+1) s_(k+1)`: no division, so zeros are not special.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        if cotangent.is_empty() {
            return;
        }
        let [inner, size] = steps(at.inputs.output_shape(), self.axis);
        with_scratch(cotangent.len(), |slopes| {
            slopes.copy_from_slice(cotangent);
            at.inputs.view(0).with_dense(|x| {
                let parts = x.chunks_exact(size).zip(at.output.chunks_exact(size)).zip(slopes.chunks_exact_mut(size));
                for ((x, y), s) in parts {
                    (0..size - inner).rev().for_each(|k| s[k] += x[k + inner] * s[k + inner]);
                    (inner..size).for_each(|k| s[k] = y[k - inner] * s[k]);
                }
            });
            grad.add(slopes);
        });
    }
}

/// # Cumulative sums and products
impl<'t, T: Real> Var<'t, T> {
    /// Cumulative sums along `axis`: `y_i = x_0 + … + x_i`. Keeps the shape.
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, axis: impl Into<Axis>) -> Var<'t, T> {
        let axis = self.axis("cumsum", axis);
        self.apply(Cumsum { axis })
    }

    /// Cumulative products along `axis`: `y_i = x_0 · … · x_i`. Keeps the shape.
    #[track_caller]
    #[must_use]
    pub fn cumprod(self, axis: impl Into<Axis>) -> Var<'t, T> {
        let axis = self.axis("cumprod", axis);
        self.apply(Cumprod { axis })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "cumsum",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Cumsum { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
        },
    },
    Entry {
        name: "cumprod",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            // Integers below 3 contain zeros, where a rule that divides fails.
            let domain = [Domain::REAL, Domain::Index(3)][choices.below(2)];
            Case::new(Cumprod { axis: choices.below(shape.rank()) }, [domain.sample(shape)])
        },
    },
];
