//! Concatenation, padding and repetition along an axis: the inputs are slabs of a larger contiguous array.

use smallvec::SmallVec;

use super::prelude::*;
use crate::array::{View, ViewMut};
use crate::tape::Recording;

/// A part of a contiguous array: a range along one axis. In memory it is one run of each row, where a row consists of that
/// axis and all after it.
#[derive(Clone, Copy)]
struct Slab {
    /// Size of a row of the part, and of the whole.
    part: usize,
    whole: usize,
    /// Offset of the part in a row of the whole.
    start: usize,
}

impl Slab {
    /// The indices `start..start + part` along `axis`, which has this extent in the whole.
    fn new(shape: &Shape, axis: usize, start: usize, part: usize, extent: usize) -> Self {
        let inner: usize = shape[axis + 1..].iter().product();
        Slab { part: part * inner, whole: extent * inner, start: start * inner }
    }

    /// The runs of `length` elements of the part from index `first`: (offset from `first`, offset in the whole, length).
    fn runs(self, first: usize, length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let (row, column) = ((first + done).checked_div(self.part)?, (first + done) % self.part);
            let run = (self.part - column).min(length - done);
            let here = (done, row * self.whole + self.start + column, run);
            done += run;
            (run > 0).then_some(here)
        })
    }

    fn write<T: Real>(self, x: View<'_, T>, whole: &mut [T]) {
        for_each_block([x], |first, [x]| {
            for (from, to, length) in self.runs(first, x.len()) {
                whole[to..to + length].copy_from_slice(&x[from..from + length]);
            }
        });
    }

    fn pull<T: Real>(self, cotangent: &[T], grad: ViewMut<'_, T>) {
        accumulate([], grad, |first, [], sums| {
            for (from, to, length) in self.runs(first, sums.len()) {
                let run = sums[from..].iter_mut().zip(&cotangent[to..to + length]);
                run.for_each(|(sum, &g)| *sum += g);
            }
        });
    }
}

/// Concatenates any number of inputs along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Concatenate {
    /// The axis.
    pub axis: usize,
}

impl Concatenate {
    /// Calls `visit(input, slab)` for every input.
    fn for_each<T: Real>(&self, inputs: Inputs<'_, T>, mut visit: impl FnMut(usize, Slab)) {
        let whole = inputs.output_shape();
        let mut start = 0;
        for input in 0..inputs.count() {
            let extent = inputs.view(input).shape()[self.axis];
            visit(input, Slab::new(whole, self.axis, start, extent, whole[self.axis]));
            start += extent;
        }
    }
}

impl<T: Real> Op<T> for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [first, rest @ ..] = inputs else { return Err(Mismatch::new("takes at least one input")) };
        first.check_axis(self.axis)?;
        let differs = |x: &&&Shape| x.rank() != first.rank() || x.with(self.axis, 0) != first.with(self.axis, 0);
        if rest.iter().any(|x| differs(&x)) {
            return Err(Mismatch::new(format!("extents differ elsewhere than along axis {}", self.axis)));
        }
        let extent = inputs.iter().try_fold(0_usize, |sum, x| sum.checked_add(x[self.axis]));
        Ok(first.with(self.axis, extent.ok_or_else(|| Mismatch::new("the extents do not add up"))?))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        self.for_each(inputs, |input, slab| slab.write(inputs.view(input), output));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        self.for_each(at.inputs, |input, slab| {
            if let Some(grad) = grads.view(input) {
                slab.pull(cotangent, grad);
            }
        });
    }
}

/// Pads an axis with a constant.
#[derive(Clone, Copy, Debug)]
pub struct Pad {
    /// The axis.
    pub axis: usize,
    /// Number of elements added before.
    pub before: usize,
    /// Number of elements added after.
    pub after: usize,
    /// The constant.
    pub value: f64,
}

impl Pad {
    fn slab(&self, shape: &Shape) -> Slab {
        let extent = shape[self.axis];
        Slab::new(shape, self.axis, self.before, extent, extent + self.before + self.after)
    }
}

impl<T: Real> Op<T> for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        x.check_axis(self.axis)?;
        let extent = x[self.axis].checked_add(self.before).and_then(|extent| extent.checked_add(self.after));
        Ok(x.with(self.axis, extent.ok_or_else(|| Mismatch::new("the extents do not add up"))?))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.fill(T::from_f64(self.value));
        self.slab(inputs.view(0).shape()).write(inputs.view(0), output);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            self.slab(at.inputs.view(0).shape()).pull(cotangent, grad);
        }
    }
}

/// Repeats an axis as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// The axis.
    pub axis: usize,
    /// Number of repetitions.
    pub times: usize,
}

impl Repeat {
    fn slabs(&self, shape: &Shape) -> impl Iterator<Item = Slab> {
        // No copies of an empty value.
        let times = if shape.size() == 0 { 0 } else { self.times };
        let (axis, extent, shape) = (self.axis, shape[self.axis], shape.clone());
        (0..times).map(move |copy| Slab::new(&shape, axis, copy * extent, extent, times * extent))
    }
}

impl<T: Real> Op<T> for Repeat {
    fn name(&self) -> &'static str {
        "repeat"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        x.check_axis(self.axis)?;
        let extent = x[self.axis].checked_mul(self.times);
        Ok(x.with(self.axis, extent.ok_or_else(|| Mismatch::new("the extent is too large"))?))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        self.slabs(x.shape()).for_each(|slab| slab.write(x, output));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        for slab in self.slabs(at.inputs.view(0).shape()) {
            if let Some(grad) = grads.view(0) {
                slab.pull(cotangent, grad);
            }
        }
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// Concatenates the inputs along `axis`; their other extents must be equal.
    #[track_caller]
    pub fn concatenate<'r>(&'r self, inputs: impl AsRef<[Var<'r, T>]>, axis: impl Into<Axis>) -> Var<'r, T> {
        let axis = inputs.as_ref().first().map_or(0, |first| first.axis("concatenate", axis));
        self.apply(Concatenate { axis }, inputs)
    }

    /// Stacks inputs of equal shape along a new axis.
    #[track_caller]
    pub fn stack<'r>(&'r self, inputs: impl AsRef<[Var<'r, T>]>, axis: impl Into<Axis>) -> Var<'r, T> {
        let axis = axis.into();
        let mut slices: SmallVec<[Var<'r, T>; 4]> = SmallVec::new();
        // Not map(): #[track_caller] does not work in a closure.
        for input in inputs.as_ref() {
            slices.push(input.unsqueeze(axis));
        }
        self.concatenate(slices, inputs.as_ref().first().map_or(0, |first| first.new_axis(axis)))
    }
}

/// # Padding and repetition
impl<'t, T: Real> Var<'t, T> {
    /// Pads `axis` with `value`: `before` elements in front and `after` elements at the end.
    #[track_caller]
    #[must_use]
    pub fn pad(self, axis: impl Into<Axis>, before: usize, after: usize, value: f64) -> Var<'t, T> {
        let axis = self.axis("pad", axis);
        self.apply(Pad { axis, before, after, value })
    }

    /// Repeats `axis` as a whole (`a b` becomes `a b a b`): multiplies its extent by `times`.
    #[track_caller]
    #[must_use]
    pub fn repeat(self, axis: impl Into<Axis>, times: usize) -> Var<'t, T> {
        let axis = self.axis("repeat", axis);
        self.apply(Repeat { axis, times })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "concatenate",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            let axis = choices.below(shape.rank());
            let count = 1 + choices.below(4);
            let inputs: Vec<_> = (0..count).map(|_| Domain::REAL.sample(shape.with(axis, choices.extent()))).collect();
            Case::new(Concatenate { axis }, inputs)
        },
    },
    Entry {
        name: "pad",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            let axis = choices.below(shape.rank());
            let (before, after) = (choices.below(3), choices.below(3));
            Case::new(Pad { axis, before, after, value: 0.5 }, [Domain::REAL.sample(shape)])
        },
    },
    Entry {
        name: "repeat",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            let (axis, times) = (choices.below(shape.rank()), choices.below(4));
            Case::new(Repeat { axis, times }, [Domain::REAL.sample(shape)])
        },
    },
];
