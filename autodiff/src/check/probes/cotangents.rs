//! Properties of the pullback in the cotangent: it is linear, at every size of it.

use rand::RngExt;

use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Probe};
use crate::check::tensors::{is_finite, random_tensor};
use crate::error::Error;

impl Examiner<'_> {
    /// A zero cotangent gives zero, and −2 times the cotangent −2 times the gradient.
    pub(super) fn linearity(&mut self) -> Result<(), Error> {
        let one = self.gradients()?;
        if !one.iter().all(is_finite) {
            return Ok(());
        }
        for factor in [0.0, -2.0] {
            let scaled = self.cotangent.map(|u| factor * u);
            let scaled = self.with_cotangent(scaled, |here| here.gradients())?;
            for (input, (found, one)) in scaled.iter().zip(&one).enumerate() {
                let largest = one.data().iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
                let expected = one.map(|g| factor * g);
                let tolerance = 1e4 * self.subject.epsilon() * factor.abs() * largest;
                let setting = format!("{factor} times the cotangent");
                let pattern = || Some(Diagnosis::NotLinear);
                self.compare(Probe::Linearity, &setting, input, (found, &expected), |_| tolerance, pattern);
            }
        }
        Ok(())
    }

    /// The derivative for cotangents over twelve orders of magnitude.
    pub(super) fn cotangents(&mut self) -> Result<(), Error> {
        if !self.report.findings.is_empty() {
            return Ok(());
        }
        let signs = random_tensor(self.cotangent.shape(), &mut self.random);
        let wide = signs.map(|sign| sign * 10.0_f64.powf(self.random.random_range(-6.0..6.0)));
        let before = self.report.findings.len();
        let result = self.with_cotangent(wide, |here| here.derivative());
        self.attribute(before, Probe::Cotangents, "cotangents from 1e-6 to 1e6");
        result
    }
}
