//! Checks of variances: of one value, or infinite in the scalar.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Var};

use crate::settings::Check;

/// An error for a statistic of one value, whose variance is always 0.
pub(super) fn check_count(what: &str, count: usize) -> Check {
    if count == 1 { Err(format!("expected more than 1 value per {what}, found 1: its variance is 0")) } else { Ok(()) }
}

/// A check that no variance is infinite, which would make the normalized values 0, without gradient and without an error. NaN
/// passes, as it propagates to the values. The second input is a parameter or state, whose name identifies the layer in the
/// error.
#[derive(Clone, Debug)]
struct FiniteVariance {
    name: &'static str,
}

impl<T: Real> Op<T> for FiniteVariance {
    fn name(&self) -> &'static str {
        self.name
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

/// Makes an infinite variance an error of the function `name`, in replays too. `named` belongs to the layer.
#[track_caller]
pub(super) fn check_finite_variance<'t, T: Real>(name: &'static str, variances: Var<'t, T>, named: Var<'t, T>) {
    let _ = variances.recording().apply(FiniteVariance { name }, [variances.detach(), named.detach()]);
}
