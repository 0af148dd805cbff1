//! Elements moved, not computed: copies that make a dense value out of any layout.

use super::prelude::*;

/// The same values, dense in memory.
#[derive(Clone, Copy, Debug)]
pub struct Contiguous {}

impl<T: Real> Op<T> for Contiguous {
    fn name(&self) -> &'static str {
        "contiguous"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = exactly(inputs)?;
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

impl<'t, T: Real> Var<'t, T> {
    /// The same values, copied to lie densely in memory.
    #[track_caller]
    #[must_use]
    pub fn contiguous(self) -> Var<'t, T> {
        self.apply(Contiguous {})
    }
}

pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "contiguous", draw: |choices| Case::new(Contiguous {}, [Domain::REAL.of(choices.shape(0, 4))]) }];
