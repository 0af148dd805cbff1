//! Mistakes that only a module sees, in its settings or in what it is given: kept on the tape like any other.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op};
use autodiff::{Real, Shape, Var};

/// An operation that takes nothing.
#[derive(Clone, Debug)]
struct Refusal {
    what: &'static str,
    reason: String,
}

impl<T: Real> Op<T> for Refusal {
    fn name(&self) -> &'static str {
        self.what
    }
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        Err(Mismatch::new(self.reason.clone()))
    }
    fn forward(&self, _: Inputs<'_, T>, _: &mut [T], _: &mut [T]) {}
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// A value that carries a mistake on: `what`, as the error names it, refuses `x` for this reason.
#[track_caller]
pub(crate) fn refuse<'t, T: Real>(what: &'static str, reason: impl Into<String>, x: Var<'t, T>) -> Var<'t, T> {
    x.apply(Refusal { what, reason: reason.into() })
}
