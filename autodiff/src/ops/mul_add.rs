//! A product and a sum in one operation.

use super::elementwise::forward_pointwise;
use super::prelude::*;

/// `x · y + z`; the three broadcast.
#[derive(Clone, Copy, Debug)]
pub struct MulAdd {}

impl<T: Real> Op<T> for MulAdd {
    fn name(&self) -> &'static str {
        "mul_add"
    }
    forward_pointwise!(3);
}

impl<T: Real> Pointwise<T, 3> for MulAdd {
    #[inline(always)]
    fn value(&self, [x, y, z]: [T; 3]) -> T {
        x * y + z
    }
    #[inline(always)]
    fn pull(&self, [x, y, _]: [T; 3], _: T, g: T) -> [T; 3] {
        [g * y, g * x, g]
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1])
    }
}

/// # Multiplication and addition
impl<'t, T: Real> Var<'t, T> {
    /// `self · factor + addend`, elementwise with broadcasting; the product is rounded before the sum.
    #[track_caller]
    #[must_use]
    pub fn mul_add(self, factor: Var<'t, T>, addend: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(MulAdd {}, [self, factor, addend])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "mul_add",
    draw: |choices| {
        let shape = choices.shape(0, 4);
        let [y, z] = [(); 2].map(|()| Domain::REAL.sample(choices.narrower(&shape)));
        Case::new(MulAdd {}, [Domain::REAL.sample(shape), y, z])
    },
}];
