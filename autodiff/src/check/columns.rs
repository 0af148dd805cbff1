//! Derivatives of the output along a direction: by dual numbers, or by finite differences with their errors.

use super::examiner::Examiner;
use super::reference::{self, Estimate};
use super::tensors::{dot, moved, seeded, tangents, values};
use crate::array::Tensor;
use crate::error::Error;

/// The step to both sides for which an element needs room within its bounds, to take part in finite differences.
pub(super) const ROOM: f64 = 1e-4;

/// The accuracy of finite differences.
pub(super) struct Precision {
    /// The first step of central differences.
    pub(super) central: f64,
    /// The first step of one-sided differences.
    pub(super) side: f64,
    /// The relative difference that separates the slopes of a kink.
    pub(super) slack: f64,
    /// The relative rounding error of an extrapolated central difference.
    pub(super) rounding: f64,
}

/// The derivatives of all elements of the output along one direction, with their errors: none in dual numbers.
pub(super) struct Column {
    pub(super) value: Tensor<f64>,
    pub(super) error: Tensor<f64>,
}

impl Column {
    /// The derivative of ⟨cotangent, output⟩, with its error.
    pub(super) fn pulled(&self, cotangent: &Tensor<f64>) -> Estimate {
        let errors = self.error.data().iter().zip(cotangent.data()).filter(|(_, u)| **u != 0.0);
        let error = errors.map(|(error, u)| error * u.abs()).sum();
        Estimate { value: dot(cotangent, &self.value), error }
    }
}

impl Examiner<'_> {
    /// ⟨u, f(x + step·v)⟩.
    pub(super) fn along(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>], step: f64) -> Result<f64, Error> {
        let inputs = seeded(&moved(inputs, v, step), None);
        Ok(dot(&self.cotangent, &values(&self.run(self.forward(&inputs))?.output)))
    }

    /// The Jacobian-vector product `J v`: by dual numbers, or by finite differences with their errors.
    pub(super) fn column(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>]) -> Result<Column, Error> {
        let shape = self.output.shape();
        if self.subject.has_tangents() {
            let lifted = seeded(inputs, Some(v));
            let value = tangents(&self.run(self.forward(&lifted))?.output);
            return Ok(Column { value, error: Tensor::full(shape, 0.0) });
        }
        let inside = self.domain.with_room(inputs, v, ROOM);
        if inside != v {
            // At a bound of the domain there is no difference to both sides.
            return Ok(Column { value: Tensor::full(shape, 0.0), error: Tensor::full(shape, f64::INFINITY) });
        }
        let outputs = |step: f64| {
            let inputs = seeded(&moved(inputs, v, step), None);
            Ok(values(&self.run(self.forward(&inputs))?.output).data().to_vec())
        };
        let step = self.domain.step(inputs, v, self.precision().central);
        let estimates = reference::derivatives(outputs, step)?;
        let estimate = |k: usize| estimates.get(k).copied().unwrap_or(Estimate { value: 0.0, error: f64::INFINITY });
        let value = Tensor::from_fn(shape, |k| estimate(k).value);
        Ok(Column { value, error: Tensor::from_fn(shape, |k| estimate(k).error) })
    }

    /// The accuracy of finite differences in the subject's precision.
    pub(super) fn precision(&self) -> Precision {
        let epsilon = self.subject.epsilon();
        let rounding = 1e-9 * (epsilon / f64::EPSILON).powf(2.0 / 3.0);
        match epsilon {
            double if double <= f64::EPSILON => Precision { central: 0.02, side: 1e-4, slack: 1e-3, rounding },
            _ => Precision { central: 0.2, side: 0.05, slack: 0.02, rounding },
        }
    }

    /// The relative tolerance against the reference, besides the estimated error of that.
    pub(super) fn relative(&self) -> f64 {
        if self.subject.has_tangents() { self.settings.tolerance } else { self.precision().rounding }
    }
}
