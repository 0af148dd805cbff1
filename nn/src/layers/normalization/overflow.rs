//! Variances past the range of the scalar.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Var};

/// Variances, none of which is infinite: by that the values would be divided, and come out as 0 without gradient, in silence.
/// A NaN passes, as it shows in the values. The second input is a parameter or state by whose name the error tells the layer.
#[derive(Clone, Debug)]
struct FiniteVariance {
    of: &'static str,
}

impl<T: Real> Op<T> for FiniteVariance {
    fn name(&self) -> &'static str {
        self.of
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [_variances, _named] = expect_inputs(inputs)?;
        Ok(Shape::scalar())
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        match inputs.view(0).iter().position(|variance| variance.to_f64() == f64::INFINITY) {
            Some(index) => Err(Mismatch::new(format!(
                "variance {index} is infinite in {}: the values are too large to be normalized",
                std::any::type_name::<T>()
            ))),
            None => Ok(()),
        }
    }
    fn differentiable(&self, _: usize) -> bool {
        false
    }
    fn forward(&self, _: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.fill(T::ZERO);
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// Makes a variance that is infinite a mistake of `of`, the layer that `named` belongs to, at every replay too.
#[track_caller]
pub(super) fn refuse_infinite<'t, T: Real>(of: &'static str, variances: Var<'t, T>, named: Var<'t, T>) {
    let _ = variances.recording().apply(FiniteVariance { of }, [variances.detach(), named.detach()]);
}
