//! Elements selected by index. Indices are integers in the tape's scalar and have no gradient. An index out of range is an
//! error in every run.

use super::axes::Axes;
use super::prelude::*;
use crate::array::{FEW, Layout, View};
use crate::kernel::with_scratch;

/// Slices of the first input along an axis, at the indices given by the second input, a vector.
#[derive(Clone, Copy, Debug)]
pub struct IndexSelect {
    /// The axis.
    pub axis: usize,
}

/// Elements of the first input along an axis, at the indices given by the second input, which has the same rank and the
/// shape of the result.
#[derive(Clone, Copy, Debug)]
pub struct Gather {
    /// The axis.
    pub axis: usize,
}

/// Adds a last axis of extent `classes`, with 1 at the index given by the input and 0 elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct OneHot {
    /// Extent of the new axis.
    pub classes: usize,
}

/// An error unless all values are integers in `0..bound`.
pub(super) fn check_indices<T: Real>(indices: View<'_, T>, bound: usize) -> Result<(), Mismatch> {
    for (position, index) in indices.iter().map(T::to_f64).enumerate() {
        if index.fract() != 0.0 || !(0.0..bound as f64).contains(&index) {
            return Err(Mismatch::new(format!("index {index} at position {position} is not one of 0..{bound}")));
        }
    }
    Ok(())
}

pub(super) fn as_index<T: Real>(index: T) -> usize {
    index.to_f64() as usize
}

impl IndexSelect {
    pub(super) fn picked(&self, x: &Shape, indices: &Shape) -> Result<Shape, Mismatch> {
        match indices[..] {
            [count] => Ok(x.with(self.axis, count)),
            _ => Err(Mismatch::new("the indices must be a vector")),
        }
    }

    /// Calls `visit(source, target)` for each element: its offset in the first input, of layout `x`, and in the output.
    pub(super) fn for_each<T: Real>(
        &self,
        x: &Layout,
        indices: View<'_, T>,
        shape: &Shape,
        mut visit: impl FnMut(usize, usize),
    ) {
        if shape.size() == 0 {
            return;
        }
        let output = Layout::dense(shape.clone());
        let axes = Axes::from(self.axis);
        let (from, to) = (axes.groups(x), axes.groups(&output));
        let line = x.line(self.axis);
        for (i, o) in from.starts().zip(to.starts()) {
            for (index, target) in indices.iter().zip(output.line(self.axis).offsets(o)) {
                visit(line.offset(i, as_index(index)), target);
            }
        }
    }
}

impl Gather {
    pub(super) fn picked(&self, x: &Shape, index: &Shape) -> Result<Shape, Mismatch> {
        if x.rank() != index.rank() {
            return Err(Mismatch::new("the index must have as many axes as the values"));
        }
        let exceeds = |&axis: &usize| axis != self.axis && index[axis] > x[axis];
        match (0..x.rank()).find(exceeds) {
            Some(axis) => Err(Mismatch::new(format!("the index exceeds the values along axis {axis}"))),
            None => Ok(index.clone()),
        }
    }

    /// As [`IndexSelect::for_each`].
    pub(super) fn for_each<T: Real>(
        &self,
        x: &Layout,
        index: View<'_, T>,
        shape: &Shape,
        mut visit: impl FnMut(usize, usize),
    ) {
        if shape.size() == 0 {
            return;
        }
        let output = Layout::dense(shape.clone());
        // x narrowed to the index's extents along the other axes.
        let reached = (0..output.shape().rank()).filter(|&axis| axis != self.axis);
        let part =
            reached.fold(x.clone(), |layout, axis| layout.narrow(axis, 0, output.shape()[axis], 1).unwrap_or(layout));
        let axes = Axes::from(self.axis);
        let (from, by, to) = (axes.groups(&part), axes.groups(index.layout()), axes.groups(&output));
        let line = part.line(self.axis);
        for ((i, k), o) in from.starts().zip(by.starts()).zip(to.starts()) {
            for (named, target) in by.members(k).zip(to.members(o)) {
                visit(line.offset(i, as_index(index.at(named))), target);
            }
        }
    }
}

/// What the two have in common; they differ in the index's shape and in which elements an index pairs.
macro_rules! picks {
    ($($name:literal: $op:ident;)*) => {$(
        impl<T: Real> Op<T> for $op {
            fn name(&self) -> &'static str {
                $name
            }
            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                let [x, index] = expect_inputs(inputs)?;
                x.check_axis(self.axis)?;
                self.picked(x, index)
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
            fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                let (x, index) = (inputs.view(0), inputs.view(1));
                self.for_each(x.layout(), index, inputs.output_shape(), |source, target| output[target] = x.at(source));
            }
            fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                let Some(mut grad) = grads.view(0) else { return };
                let (shape, index) = (at.inputs.output_shape(), at.inputs.view(1));
                let size = at.inputs.view(0).shape().size();
                if cotangent.len() <= FEW.saturating_mul(size) {
                    let layout = grad.layout().clone();
                    return self.for_each(&layout, index, shape, |source, target| grad.add_at(source, cotangent[target]));
                }
                // Elements are selected many times: accumulate in the accumulator.
                let dense = Layout::dense(at.inputs.view(0).shape().clone());
                with_scratch(size, |totals: &mut [T::Accumulator]| {
                    self.for_each(&dense, index, shape, |source, target| totals[source] += cotangent[target].widen());
                    let mut totals = totals.iter();
                    accumulate([], grad, |_, [], sums| {
                        sums.iter_mut().zip(&mut totals).for_each(|(sum, &total)| *sum += T::narrow(total));
                    });
                });
            }
        }
    )*};
}

picks! {
    "index_select": IndexSelect;
    "gather": Gather;
}

impl<T: Real> Op<T> for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.insert(x.rank(), self.classes))
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        check_indices(inputs.view(0), self.classes)
    }
    fn differentiable(&self, _: usize) -> bool {
        false
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.fill(T::ZERO);
        for (row, index) in inputs.view(0).iter().enumerate() {
            output[row * self.classes + as_index(index)] = T::ONE;
        }
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// # Elements by index
impl<'t, T: Real> Var<'t, T> {
    /// Slices along `axis` at `indices`, of shape `[n]`; the extent of `axis` becomes `n`. An index out of range is an error.
    #[track_caller]
    #[must_use]
    pub fn index_select(self, axis: impl Into<Axis>, indices: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis("index_select", axis);
        let selected = self.recording().apply(IndexSelect { axis }, [self, indices]);
        if axis == 0 {
            self.recording().note_selection(self, selected);
        }
        selected
    }

    /// For axis 1: `y[i, j, ..] = x[i, index[i, j, ..], ..]`. `index` has the rank of `x`, extents no larger than those of `x`
    /// along the other axes, and the shape of the result. An index out of range is an error.
    #[track_caller]
    #[must_use]
    pub fn gather(self, axis: impl Into<Axis>, index: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis("gather", axis);
        self.recording().apply(Gather { axis }, [self, index])
    }

    /// One-hot encoding of indices: adds a last axis of extent `classes`, with 1 at the index and 0 elsewhere. Requesting a
    /// gradient through it is an error.
    #[track_caller]
    #[must_use]
    pub fn one_hot(self, classes: usize) -> Var<'t, T> {
        self.apply(OneHot { classes })
    }
}

/// A shape, one of its axes, and how many indices along it are given: none where it has extent 0.
#[cfg(feature = "catalogue")]
pub(super) fn draw_axis(choices: &mut Choices<'_>) -> (Shape, usize, usize) {
    let shape = choices.shape(1, 4);
    let axis = choices.below(shape.rank());
    let count = if shape[axis] == 0 { 0 } else { choices.extent() };
    (shape, axis, count)
}

/// Extents of a gathered part: some one less than those of `shape`.
#[cfg(feature = "catalogue")]
pub(super) fn draw_gathered(shape: &Shape, choices: &mut Choices<'_>) -> Shape {
    shape.iter().map(|&extent| extent - choices.below(2).min(extent)).collect()
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "index_select",
        draw: |choices| {
            let (shape, axis, count) = draw_axis(choices);
            Case::new(IndexSelect { axis }, [Domain::REAL.sample(&shape), Domain::Index(shape[axis]).sample([count])])
        },
    },
    Entry {
        name: "gather",
        draw: |choices| {
            let (shape, axis, count) = draw_axis(choices);
            let index = Domain::Index(shape[axis]).sample(draw_gathered(&shape, choices).with(axis, count));
            Case::new(Gather { axis }, [Domain::REAL.sample(shape), index])
        },
    },
    Entry {
        name: "one_hot",
        draw: |choices| {
            let classes = choices.positive();
            Case::new(OneHot { classes }, [Domain::Index(classes).sample(choices.shape(0, 3))])
        },
    },
];
