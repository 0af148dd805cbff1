//! Addition at indices: the adjoints of `index_select` and `gather`. Terms with the same index are summed in the
//! [`Accumulator`](Real::Accumulator).

use super::index::{Gather, IndexSelect, check_indices};
#[cfg(feature = "catalogue")]
use super::index::{draw_axis, draw_gathered};
use super::prelude::*;
use crate::array::Layout;
use crate::kernel::with_scratch;

/// Adds slices of the third input to the first along an axis, at the indices given by the second input, a vector.
#[derive(Clone, Copy, Debug)]
pub struct IndexAdd {
    /// The axis.
    pub axis: usize,
}

/// Adds elements of the third input to the first along an axis, at the indices given by the second input, which has the
/// shape of the third.
#[derive(Clone, Copy, Debug)]
pub struct ScatterAdd {
    /// The axis.
    pub axis: usize,
}

/// What the two have in common; they differ in which elements an index pairs, as `index_select` and `gather` do.
macro_rules! adds {
    ($($name:literal: $op:ident by $pick:ident;)*) => {$(
        impl<T: Real> Op<T> for $op {
            fn name(&self) -> &'static str {
                $name
            }
            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                let [x, index, source] = expect_inputs(inputs)?;
                let axis = x.check_axis(self.axis)?;
                let picked = $pick { axis }.picked(x, index)?;
                if *source != picked {
                    return Err(Mismatch::new(format!("what is added must have shape {picked}")));
                }
                Ok(x.clone())
            }
            fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
                check_indices(inputs.view(1), inputs.output_shape()[self.axis])
            }
            fn differentiable(&self, input: usize) -> bool {
                input != 1
            }
            fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                let (index, source) = (inputs.view(1), inputs.view(2));
                let layout = Layout::dense(inputs.output_shape().clone());
                inputs.view(0).copy_to(output);
                source.with_dense(|added| {
                    with_scratch(output.len(), |totals: &mut [T::Accumulator]| {
                        $pick { axis: self.axis }.for_each(&layout, index, source.shape(), |target, source| {
                            totals[target] += added[source].widen();
                        });
                        output.iter_mut().zip(totals).for_each(|(y, &mut total)| *y = T::narrow(y.widen() + total));
                    });
                });
            }
            fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                if let Some(grad) = grads.view(0) {
                    grad.add(cotangent);
                }
                let Some(grad) = grads.view(2) else { return };
                let (index, source) = (at.inputs.view(1), at.inputs.view(2));
                let layout = Layout::dense(at.inputs.output_shape().clone());
                with_scratch(source.shape().size(), |picked| {
                    $pick { axis: self.axis }.for_each(&layout, index, source.shape(), |target, source| {
                        picked[source] = cotangent[target];
                    });
                    grad.add(picked);
                });
            }
        }
    )*};
}

adds! {
    "index_add": IndexAdd by IndexSelect;
    "scatter_add": ScatterAdd by Gather;
}

/// # Addition at indices
impl<'t, T: Real> Var<'t, T> {
    /// Adds the slices of `source` to this value along `axis`: slice `k` at index `indices[k]`. `indices` has shape `[n]`,
    /// `source` the shape of this value with extent `n` along `axis`. Indices may repeat. The adjoint of
    /// [`Var::index_select`].
    #[track_caller]
    #[must_use]
    pub fn index_add(self, axis: impl Into<Axis>, indices: Var<'t, T>, source: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis("index_add", axis);
        self.recording().apply(IndexAdd { axis }, [self, indices, source])
    }

    /// Adds the elements of `source` to this value; for axis 1, `y[i, index[i, j, ..], ..] += source[i, j, ..]`. `index` and
    /// `source` have equal shapes, with the rank of this value and extents no larger than its own along the other axes. Indices may repeat. The
    /// adjoint of [`Var::gather`].
    #[track_caller]
    #[must_use]
    pub fn scatter_add(self, axis: impl Into<Axis>, index: Var<'t, T>, source: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis("scatter_add", axis);
        self.recording().apply(ScatterAdd { axis }, [self, index, source])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "index_add",
        draw: |choices| {
            let (shape, axis, count) = draw_axis(choices);
            let index = Domain::Index(shape[axis]).sample([count]);
            let source = Domain::REAL.sample(shape.with(axis, count));
            Case::new(IndexAdd { axis }, [Domain::REAL.sample(shape), index, source])
        },
    },
    Entry {
        name: "scatter_add",
        draw: |choices| {
            let (shape, axis, count) = draw_axis(choices);
            let picked = draw_gathered(&shape, choices).with(axis, count);
            let index = Domain::Index(shape[axis]).sample(&picked);
            let source = Domain::REAL.sample(picked);
            Case::new(ScatterAdd { axis }, [Domain::REAL.sample(shape), index, source])
        },
    },
];
