//! Slopes at points that random inputs do not reach.

use crate::array::Tensor;
use crate::check::examiner::Examiner;
use crate::check::report::{Discrepancy, Probe};
use crate::check::tensors::{dot, scale};
use crate::check::trial::{Judgement, Slope};
use crate::error::Error;

/// Where slopes are compared: at 0, near it, where activations bend, and far out.
const POINTS: [f64; 29] = [
    0.0, 1e-3, -1e-3, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.5, -4.5, 6.0, -6.0, 8.0, -8.0, 10.0, -10.0, 15.0, -15.0, 22.0,
    -22.0, 30.0, -30.0, 50.0, -50.0, 100.0, -100.0, 1e3, -1e3,
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
        if !self.domain.contains(&inputs) {
            return Ok(false);
        }
        let v = self.unit(input, 0..inputs[input].data().len());
        let (Ok(gradients), Ok(column)) = (self.gradients_at(&inputs), self.column(&inputs, &v)) else {
            return Ok(false);
        };
        let (found, expected) = (dot(&gradients[input], &v[input]), column.pulled(&self.cotangent));
        if !(found.is_finite() && expected.value.is_finite()) {
            return Ok(false);
        }
        let size = scale(&gradients[input], &v[input]).max(scale(&self.cotangent, &column.value));
        // Where a slope is a difference of nearly equal numbers, its error is relative to those.
        let floor = 1e3 * self.subject.epsilon() * (1.0 + self.cotangent.data().iter().map(|c| c.abs()).sum::<f64>());
        let allowed = 1e3 * self.relative() * size + 10.0 * expected.error + floor;
        self.report.comparisons += 1;
        if (found - expected.value).abs() <= allowed {
            return Ok(false);
        }
        let judgement = self.judge(Slope { inputs: &inputs, v: &v, found, size })?;
        // At 0 every second activation has a kink: that is not worth a line.
        let is_kink = matches!(judgement, Judgement::Kink(_));
        if is_kink || !self.is_mistake(judgement, &format!("{} at all values {point:e}", self.name(input))) {
            return Ok(false);
        }
        let (of, reference) = (self.name(input), expected.value);
        let entry = Discrepancy { of, index: Vec::new(), analytic: found, reference, allowed };
        self.note(Probe::Slopes, &format!("all values {point:e}"), None, vec![entry]);
        Ok(true)
    }
}
