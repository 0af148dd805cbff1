//! Diagonal matrices and traces.

use super::prelude::*;
use crate::array::{Layout, View, ViewMut};
use crate::kernel::with_scratch;

/// The diagonal matrix of each vector: `[.., n]` gives `[.., n, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Diag {}

impl<T: Real> Op<T> for Diag {
    fn name(&self) -> &'static str {
        "diag"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        match x[..] {
            [.., n] => Ok(x.insert(x.rank(), n)),
            [] => Err(Mismatch::new("a scalar is no diagonal; a vector has an axis")),
        }
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.fill(T::ZERO);
        let Ok(diagonal) = Layout::dense(inputs.output_shape().clone()).diagonal() else { return };
        let mut output = ViewMut::over(output, &diagonal);
        for (offset, x) in diagonal.offsets().zip(inputs.view(0).iter()) {
            output.add_at(offset, x);
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let Ok(diagonal) = Layout::dense(at.inputs.output_shape().clone()).diagonal() else { return };
        with_scratch(diagonal.shape().size(), |kept| {
            View::over(cotangent, &diagonal).copy_to(kept);
            grad.add(kept);
        });
    }
}

/// # Diagonals
impl<'t, T: Real> Var<'t, T> {
    /// The diagonal matrix of each vector: `[.., n]` gives `[.., n, n]`. [`diagonal`](Var::diagonal) is the way back.
    #[track_caller]
    #[must_use]
    pub fn diag(self) -> Var<'t, T> {
        self.apply(Diag {})
    }

    /// The trace of each matrix: the sum of the diagonal. `[.., m, n]` gives `[..]`.
    #[track_caller]
    #[must_use]
    pub fn trace(self) -> Var<'t, T> {
        self.diagonal().sum(-1)
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "diag", draw: |choices| Case::new(Diag {}, [Domain::REAL.sample(choices.shape(1, 3))]) }];

#[cfg(test)]
mod tests {
    use crate::ops::testing::value_and_gradient;
    use crate::{Tensor, check};

    #[test]
    fn diagonals_and_traces_of_any_matrices() {
        let x: Tensor<f64> = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
        let (diagonal, slope) = value_and_gradient(|x| x.diagonal(), x.clone());
        assert_eq!((diagonal, slope), ([1.0, 5.0].into(), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]].into()));
        assert_eq!(value_and_gradient(|x| x.t().diagonal().diag(), x.clone()).0, [[1.0, 0.0], [0.0, 5.0]].into());
        assert_eq!(value_and_gradient(|x| x.trace(), x.clone()).0, Tensor::scalar(6.0));
        for shape in [[0, 3], [3, 0], [0, 0], [1, 4]] {
            let (trace, _) = value_and_gradient(|x| x.trace(), Tensor::full(shape, 2.0));
            assert_eq!(trace, Tensor::scalar(2.0 * shape[0].min(shape[1]) as f64));
        }
        check::function(|[x]| x.diagonal().square() * x.trace(), [x]).unwrap().assert();
    }
}
