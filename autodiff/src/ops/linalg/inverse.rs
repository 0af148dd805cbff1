//! Inverses of matrices.

use super::batch::matrices;
use super::dense::{narrow, product, refuse_matrix, with_widened};
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
        match matrices(matrix)?.1 {
            [rows, columns] if rows == columns => Ok(matrix.clone()),
            _ => Err(Mismatch::new("only a square matrix has an inverse")),
        }
    }
    fn reads(&self) -> Reads {
        Reads::OUTPUT
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let Ok((batch, [side, _])) = matrices(inputs.output_shape()) else { return };
        if output.is_empty() {
            return;
        }
        let square = side * side;
        with_widened(inputs.view(0), |wide| {
            with_scratch(square + side, |scratch| {
                let (inverse, order) = scratch.split_at_mut(square);
                for (index, (matrix, output)) in wide.chunks_mut(square).zip(output.chunks_mut(square)).enumerate() {
                    if let Some(column) = eliminate(matrix, order).singular {
                        let reason = format!("is singular: its column {column} depends on those before");
                        return refuse_matrix(&batch, index, &reason);
                    }
                    identity(inverse, side);
                    Factors { matrix, order }.solve(inverse, side);
                    narrow(inverse, output);
                }
            });
        });
    }
    /// `−Xᵀ X̄ Xᵀ`.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let Ok((_, [side, _])) = matrices(at.inputs.output_shape()) else { return };
        if cotangent.is_empty() {
            return;
        }
        let square = side * side;
        with_scratch(cotangent.len() + square, |scratch| {
            let (total, half) = scratch.split_at_mut(cotangent.len());
            let each = at.output.chunks(square).zip(cotangent.chunks(square));
            for ((x, cotangent), total) in each.zip(total.chunks_mut(square)) {
                product([side; 3], (x, true), (cotangent, false), half, false);
                half.iter_mut().for_each(|x| *x = -*x);
                product([side; 3], (half, false), (x, true), total, false);
            }
            grad.add(total);
        });
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
