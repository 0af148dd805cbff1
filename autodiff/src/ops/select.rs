//! Selection by a mask.

use super::elementwise::forward_pointwise;
use super::prelude::*;

/// The second input where the first, a mask, is nonzero, otherwise the third. All three broadcast.
#[derive(Clone, Copy, Debug)]
pub struct Select {}

impl<T: Real> Op<T> for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    fn differentiable(&self, input: usize) -> bool {
        input > 0
    }
    forward_pointwise!(3);
}

impl<T: Real> Pointwise<T, 3> for Select {
    #[inline(always)]
    fn value(&self, [mask, x, y]: [T; 3]) -> T {
        if mask == T::ZERO { y } else { x }
    }
    /// A branch, not a product with the mask: with an infinite cotangent, 0·∞ would give the side not selected NaN.
    #[inline(always)]
    fn pull(&self, [mask, _, _]: [T; 3], _: T, g: T) -> [T; 3] {
        if mask == T::ZERO { [T::ZERO, T::ZERO, g] } else { [T::ZERO, g, T::ZERO] }
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0])
    }
}

/// # Selection by a mask
impl<'t, T: Real> Var<'t, T> {
    /// `x` where this mask is nonzero, otherwise `y`, as PyTorch's `where`. The three broadcast. The mask has no gradient, and the
    /// gradient of elements not selected is exactly zero.
    #[track_caller]
    #[must_use]
    pub fn select(self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Select {}, [self, x, y])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "select",
    draw: |choices| {
        let shape = choices.shape(0, 4);
        let mut narrower = |domain: Domain| domain.sample(choices.narrower(&shape));
        let (mask, x) = (narrower(Domain::Mask), narrower(Domain::REAL));
        Case::new(Select {}, [mask, x, Domain::REAL.sample(shape)])
    },
}];

#[cfg(test)]
mod tests {
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn what_is_not_chosen_gets_exactly_zero() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let (x, y) = (t.variable(&Tensor::from([1.0, f64::INFINITY])), t.variable(&Tensor::from([f64::NAN, 2.0])));
        let chosen = t.input(&Tensor::from([1.0, 0.0])).select(x, y);
        assert_eq!(chosen.value().unwrap(), [1.0, 2.0].into());
        let mut grads = params.gradients();
        (chosen * f64::INFINITY).sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap(), [f64::INFINITY, 0.0].into());
        assert_eq!(grads.of(y).unwrap(), [0.0, f64::INFINITY].into());
    }
}
