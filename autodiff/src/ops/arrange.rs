//! Copies and reversal.

use super::axes::lines;
use super::prelude::*;

/// A contiguous row-major copy.
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
    fn reads(&self) -> Reads {
        Reads::NOTHING
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

/// Reverses an axis.
#[derive(Clone, Copy, Debug)]
pub struct Flip {
    /// The axis.
    pub axis: usize,
}

pub(super) fn shape_of_line(axis: usize, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
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
    fn reads(&self) -> Reads {
        Reads::NOTHING
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

/// # Copies and order
impl<'t, T: Real> Var<'t, T> {
    /// A contiguous row-major copy.
    #[track_caller]
    #[must_use]
    pub fn contiguous(self) -> Var<'t, T> {
        self.apply(Contiguous {})
    }

    /// Reverses the order of the elements along `axis`.
    #[track_caller]
    #[must_use]
    pub fn flip(self, axis: impl Into<Axis>) -> Var<'t, T> {
        let axis = self.axis("flip", axis);
        self.apply(Flip { axis })
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry { name: "contiguous", draw: |choices| Case::new(Contiguous {}, [Domain::REAL.sample(choices.shape(0, 4))]) },
    Entry {
        name: "flip",
        draw: |choices| {
            let shape = choices.shape(1, 4);
            Case::new(Flip { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
        },
    },
];
