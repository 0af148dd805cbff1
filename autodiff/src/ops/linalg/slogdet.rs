//! Determinants.

use super::batch::{matrices, square, stacked};
use super::dense::{narrow, saved};
use super::each::{Matrix, Pull, for_each_matrix, pull_each_matrix};
use super::elimination::{Factors, eliminate, identity};
use crate::ops::prelude::*;

/// The sign of the determinant of each matrix, `[.., n, n]`, and the logarithm of its absolute value: `[.., 2]`.
#[derive(Clone, Copy, Debug)]
pub struct Slogdet {}

impl<T: Real> Op<T> for Slogdet {
    fn name(&self) -> &'static str {
        "slogdet"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [matrix] = expect_inputs(inputs)?;
        square(matrix, "has a determinant").map(|(batch, _)| stacked(&batch, [2]))
    }
    /// The triangular factors of each matrix, and the order of its rows.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        let each = |side: usize| side.saturating_mul(side.saturating_add(1));
        matrices(inputs[0]).map_or(0, |(batch, [side, _])| saved(&batch, each(side)))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        for_each_matrix(
            inputs.view(0),
            (output, saved),
            |[side, _]| side,
            |matrix| {
                let Matrix { extents: [side, _], elements: factors, output, saved, scratch: order } = matrix;
                let (mut sign, mut log) = (eliminate(factors, order).sign, T::Accumulator::ZERO);
                for i in 0..side {
                    let pivot = factors[i * side + i];
                    sign *= if pivot == T::Accumulator::ZERO { 0.0 } else { pivot.to_f64().signum() };
                    log += pivot.abs().ln();
                }
                output[0] = T::from_f64(sign);
                output[1] = T::narrow(log);
                let (to_factors, to_order) = saved.split_at_mut(side * side);
                narrow(factors, to_factors);
                narrow(order, to_order);
                Ok(())
            },
        );
    }
    /// `A⁻ᵀ` times the cotangent of the logarithm; the sign is constant.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        pull_each_matrix(
            at,
            cotangent,
            grad,
            |[side, _]| 2 * side * side + side,
            |matrix| {
                let Pull { extents: [side, _], saved, cotangent, gradient, scratch, .. } = matrix;
                let (factors, inverse) = scratch.split_at_mut(saved.len());
                factors.iter_mut().zip(saved).for_each(|(to, from)| *to = from.widen());
                let (matrix, order) = factors.split_at(side * side);
                identity(inverse, side);
                Factors { matrix, order }.solve_transposed(inverse, side);
                inverse.iter_mut().for_each(|x| *x = *x * cotangent[1].widen());
                narrow(inverse, gradient);
            },
        );
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The sign of the determinant of each matrix, and the logarithm of its absolute value: of `[.., n, n]`, two of `[..]`. The
    /// determinant itself, the first times the exponential of the second, soon overflows.
    ///
    /// A singular matrix has the sign 0 and the logarithm −∞, whose gradient is infinite or NaN. The gradient of the logarithm
    /// is `A⁻ᵀ` (Giles 2008); that of the sign is 0.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let (sign, log) = t.variable(&[[0.0, 2.0], [4.0, 1.0]].into()).slogdet();
    /// assert_eq!(sign.item()?, -1.0);
    /// assert!((log.item()? - 8_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slogdet(self) -> (Var<'t, T>, Var<'t, T>) {
        let both = self.apply(Slogdet {});
        (both.index(-1, 0), both.index(-1, 1))
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "slogdet", draw: |choices| Case::new(Slogdet {}, [super::batch::dominant(choices)]) }];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, check};

    #[test]
    fn determinants_by_hand() {
        let of = |a: Tensor<f64>| value_and_gradient(|a| a.apply(super::Slogdet {}), a);
        let (value, slope) = of([[0.0, 2.0], [4.0, 0.0]].into());
        assert_eq!((value.data()[0], slope), (-1.0, [[0.0, 0.5], [0.25, 0.0]].into()));
        assert_eq!(of([[1.0, 2.0], [2.0, 4.0]].into()).0, [0.0, f64::NEG_INFINITY].into());
        assert!(of([[1.0, f64::NAN], [2.0, 4.0]].into()).0.data().iter().all(|x| x.is_nan()));
        assert_eq!(of(Tensor::full([3, 0, 0], 0.0)).0, [[1.0, 0.0]; 3].into());
    }

    #[test]
    fn the_logarithm_of_a_negative_determinant_passes_the_checker() {
        let a: Tensor<f64> = [[0.1, 2.0, 0.3], [1.5, 0.2, -0.4], [0.3, 0.5, 1.2]].into();
        check::function(|[a]| a.slogdet().1.square(), [a]).unwrap().assert();
    }
}
