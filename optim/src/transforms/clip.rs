//! Gradient clipping: by value, by the norm of all gradients, by the norm of each.

use autodiff::op::{dispatch, norm};
use autodiff::{Error, Real};

use super::{GradientTransform, ParamGradient, SelectedGradients};
use crate::norm::scale_to_norm;
use crate::settings;

/// Clamps every entry of the gradient to `−limit ..= limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipValue(pub f64);

/// Scales the gradients of the selected parameters by one factor, so that their common Euclidean norm is at most `limit`
/// (Pascanu, Mikolov and Bengio 2013).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNorm(pub f64);

/// Scales the gradient of each parameter by a factor of its own, so that its Euclidean norm is at most `limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipEach(pub f64);

/// The norm of the gradient of a parameter. By hypot, because the squares of `f64` may overflow.
fn norm_of<T: Real>(parameter: &mut ParamGradient<'_, T>) -> f64 {
    parameter.parts().map(|part| norm(part)).fold(0.0, f64::hypot)
}

impl<T: Real> GradientTransform<T> for ClipValue {
    fn name(&self) -> &'static str {
        "clip_value"
    }

    fn keeps_zeros(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Error> {
        settings::positive_in::<T>("clip_value", self.0)
    }

    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        let (low, high) = (T::from_f64(-self.0), T::from_f64(self.0));
        for mut parameter in gradients.iter_mut() {
            for part in parameter.parts() {
                dispatch(move || part.iter_mut().for_each(|g| *g = g.maximum(low).minimum(high)));
            }
        }
        Ok(())
    }
}

impl<T: Real> GradientTransform<T> for ClipNorm {
    fn name(&self) -> &'static str {
        "clip_norm"
    }

    fn keeps_zeros(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Error> {
        settings::positive("clip_norm", self.0)
    }

    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        let total = gradients.iter_mut().map(|mut parameter| norm_of(&mut parameter)).fold(0.0, f64::hypot);
        for mut parameter in gradients.iter_mut() {
            parameter.parts().for_each(|part| scale_to_norm(part, total, self.0));
        }
        Ok(())
    }
}

impl<T: Real> GradientTransform<T> for ClipEach {
    fn name(&self) -> &'static str {
        "clip_each"
    }

    fn keeps_zeros(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Error> {
        settings::positive("clip_each", self.0)
    }

    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        for mut parameter in gradients.iter_mut() {
            let own = norm_of(&mut parameter);
            parameter.parts().for_each(|part| scale_to_norm(part, own, self.0));
        }
        Ok(())
    }
}
