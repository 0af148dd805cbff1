//! Slopes at points that random inputs do not reach.

use super::examiner::Examiner;
use super::reference;
use super::report::{Discrepancy, Probe};
use super::tensors::{dot, scale, tangents, values};
use crate::array::Tensor;
use crate::error::Error;

/// Where slopes are compared: at 0, near it, where activations bend, and far out.
const POINTS: [f64; 19] = [
    0.0, 1e-3, -1e-3, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 10.0, -10.0, 22.0, -22.0, 30.0, -30.0, 100.0, -100.0, 1e3, -1e3,
];

impl Examiner<'_> {
    /// The gradient by all elements of an input together, set to one value, against dual numbers; at kinks, between the slopes to
    /// both sides.
    pub(super) fn slopes(&mut self) -> Result<(), Error> {
        if !self.report.findings.is_empty() {
            return Ok(());
        }
        for input in (0..self.inputs.len()).filter(|&input| self.wanted[input]).collect::<Vec<_>>() {
            for point in POINTS {
                if self.slope_is_wrong(input, point)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Compares at one point; records a finding and returns whether there is one. A point outside the domain, where a value or
    /// derivative is not finite, says nothing.
    fn slope_is_wrong(&mut self, input: usize, point: f64) -> Result<bool, Error> {
        let mut inputs = self.inputs.clone();
        inputs[input] = Tensor::full(inputs[input].shape(), point);
        let together = |(k, x): (usize, &Tensor<f64>)| Tensor::full(x.shape(), if k == input { 1.0 } else { 0.0 });
        let v: Vec<Tensor<f64>> = inputs.iter().enumerate().map(together).collect();
        let Ok(answer) = self.answer(&inputs, Some(&v)) else { return Ok(false) };
        let Ok(gradient) = &answer.gradients[input] else { return Ok(false) };
        let (gradient, tangent) = (values(gradient), tangents(&answer.output));
        let (found, expected) = (dot(&gradient, &v[input]), dot(&self.cotangent, &tangent));
        if !(found.is_finite() && expected.is_finite()) {
            return Ok(false);
        }
        let size = scale(&gradient, &v[input]).max(scale(&self.cotangent, &tangent));
        // Where a slope is a difference of nearly equal numbers, its error is relative to those.
        let floor = 1e-13 * (1.0 + self.cotangent.data().iter().map(|c| c.abs()).sum::<f64>());
        let allowed = 1e-7 * size + floor;
        self.report.comparisons += 1;
        if (found - expected).abs() <= allowed || self.is_between(&inputs, &v, point, (found, size))? {
            return Ok(false);
        }
        let of = self.names.get(input).cloned().unwrap_or_default();
        let entry = Discrepancy { of, index: Vec::new(), analytic: found, reference: expected, allowed };
        self.note(Probe::Slopes, &format!("all values {point:e}"), None, vec![entry]);
        Ok(true)
    }

    /// Whether a slope lies between those to both sides of a kink.
    fn is_between(
        &self,
        inputs: &[Tensor<f64>],
        v: &[Tensor<f64>],
        point: f64,
        (found, size): (f64, f64),
    ) -> Result<bool, Error> {
        let (left, right) = reference::one_sided(|step| self.along(inputs, v, step), 1e-6 * point.abs().max(1.0))?;
        let slack = 1e-3 * (1.0 + size + left.abs() + right.abs());
        let kink = (left - right).abs() > slack;
        Ok(kink && found >= left.min(right) - slack && found <= left.max(right) + slack)
    }
}
