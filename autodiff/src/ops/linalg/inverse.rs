//! Inverses of matrices.

use super::batch::square;
use super::dense::{narrow, product};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use super::elimination::{Factors, eliminate, identity};
use crate::kernel::with_scratch;
use crate::ops::prelude::*;

/// The inverse of each matrix, `[.., n, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Inverse {}

impl<T: Real> Op<T> for Inverse {
    fn name(&self) -> &'static str {
        "inverse"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        square(matrix, "has an inverse").map(|_| matrix.clone())
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        for_each_matrix(
            inputs.view(0),
            (output, &mut []),
            |[side, _]| side * side + side,
            |matrix| {
                let Matrix { extents: [side, _], elements, output, scratch, .. } = matrix;
                let (inverse, order) = scratch.split_at_mut(side * side);
                eliminate(elements, order).check()?;
                identity(inverse, side);
                Factors { matrix: elements, order }.solve(inverse, side);
                narrow(inverse, output);
                Ok(())
            },
        );
    }
    /// `−Xᵀ X̄ Xᵀ`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        pull_each_matrix(
            at,
            cotangent,
            grad,
            |_| 0,
            |matrix| {
                let Pull { extents: [side, _], output: x, cotangent, gradient, .. } = matrix;
                with_scratch(gradient.len(), |half: &mut [T]| {
                    product([side; 3], (x, true), (cotangent, false), half, false);
                    half.iter_mut().for_each(|x| *x = -*x);
                    product([side; 3], (half, false), (x, true), gradient, false);
                });
            },
        );
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The inverse `X = A⁻¹` of each matrix, `[.., n, n]`. [`solve`](Var::solve) is faster and more precise where the inverse is
    /// only multiplied with.
    ///
    /// The gradient is `−Xᵀ X̄ Xᵀ` (Giles 2008). A singular matrix is an error, stored on the tape.
    #[track_caller]
    #[must_use]
    pub fn inverse(self) -> Var<'t, T> {
        self.apply(Inverse {})
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "inverse", draw: |choices| Case::new(Inverse {}, [super::batch::dominant(choices)]) }];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn inverses_by_hand_and_a_singular_matrix() {
        let (inverse, slope) = value_and_gradient(|a| a.inverse(), [[0.0, 2.0], [4.0, 0.0]].into());
        assert_eq!(inverse, [[0.0, 0.25], [0.5, 0.0]].into());
        assert_eq!(slope, [[-0.125, -0.25], [-0.0625, -0.125]].into());
        let params = Params::<f64>::default();
        let zero = Tape::new().start(&params, Mode::Eval).input(&Tensor::full([1, 1], 0.0)).inverse().value();
        let message = zero.unwrap_err().to_string();
        assert!(message.starts_with("inverse: the matrix is singular: its column 0 depends on"), "{message}");
    }
}
