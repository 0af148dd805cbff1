//! Mistakes that only a module sees, in its settings or its input: kept on the tape like any other.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op};
use autodiff::{Real, Shape, Var};

/// An operation whose shape rule always fails.
#[derive(Clone, Debug)]
struct InvalidInput {
    name: &'static str,
    reason: String,
}

impl<T: Real> Op<T> for InvalidInput {
    fn name(&self) -> &'static str {
        self.name
    }
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        Err(Mismatch::new(self.reason.clone()))
    }
    fn forward(&self, _: Inputs<'_, T>, _: &mut [T], _: &mut [T]) {}
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// A poisoned value, whose error says that `name` does not accept `x`, and why.
#[track_caller]
pub(crate) fn invalid_input<'t, T: Real>(name: &'static str, reason: impl Into<String>, x: Var<'t, T>) -> Var<'t, T> {
    x.apply(InvalidInput { name, reason: reason.into() })
}
