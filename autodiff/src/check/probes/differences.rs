//! The gradient against finite differences along random directions.

use crate::array::Tensor;
use crate::check::columns::ROOM;
use crate::check::examiner::Examiner;
use crate::check::reference::{self, Estimate};
use crate::check::report::{Diagnosis, Discrepancy, Probe, diagnose};
use crate::check::tensors::scale;
use crate::check::trial::Slope;
use crate::error::Error;

/// Inputs of more elements are checked along one direction.
const LARGE: usize = 1 << 14;

impl Examiner<'_> {
    /// Along random directions. Where dual numbers agree with the gradient, differences that do not are undecided: the function
    /// bends faster than their steps, or rounding hides it.
    pub(super) fn finite_differences(&mut self) -> Result<(), Error> {
        let gradients = self.gradients()?;
        let directions = if self.size() > LARGE { 1 } else { 2 };
        for _ in 0..self.settings.directions.min(directions) {
            let v = self.direction();
            let v = self.domain.with_room(&self.inputs, &v, ROOM);
            let (found, terms) = Self::slope_of(&gradients, &v);
            let size = terms + 1.0;
            let step = self.domain.step(&self.inputs, &v, self.precision().central);
            let estimate = reference::derivative(|step| self.along(&self.inputs, &v, step), step)?;
            let allowed = 10.0 * estimate.error + self.precision().rounding * size;
            self.report.comparisons += 1;
            if allowed < self.precision().slack * size && (found - estimate.value).abs() <= allowed {
                continue;
            }
            if self.disagrees(&v, found, size)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Judges a disagreement with differences; records a finding and returns whether there is one.
    fn disagrees(&mut self, v: &[Tensor<f64>], found: f64, size: f64) -> Result<bool, Error> {
        let inputs = self.inputs.clone();
        if self.subject.has_tangents() {
            let column = self.column(&inputs, v)?;
            let exact = column.pulled(&self.cotangent).value;
            let terms = scale(&self.cotangent, &column.value).max(size);
            if (found - exact).abs() <= 1e-7 * terms {
                return self.only_differences_disagree(v, found, size, exact);
            }
        }
        let judgement = self.judge(Slope { inputs: &inputs, v, found, size })?;
        if !self.is_mistake(judgement, &self.describe()) {
            return Ok(false);
        }
        let Estimate { value: reference, error } = self.slope(&inputs, v)?;
        let allowed = 10.0 * error + self.precision().rounding * size;
        let (of, index) = ("all inputs".to_owned(), Vec::new());
        let known = diagnose(&[found], &[reference], &[1]);
        let entry = Discrepancy { of, index, analytic: found, reference, allowed };
        self.note(Probe::FiniteDifferences, "along a random direction", known, vec![entry]);
        Ok(true)
    }

    /// Dual numbers agree with the gradient. A finding only if they are none: the value moves, and no tangent at all arrives.
    fn only_differences_disagree(
        &mut self,
        v: &[Tensor<f64>],
        found: f64,
        size: f64,
        exact: f64,
    ) -> Result<bool, Error> {
        let inputs = self.inputs.clone();
        let detached = self.detached();
        if let Some(line) = detached.first() {
            let note = format!("the path through {line} is left out of the gradient; differences include it");
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
            return Ok(false);
        }
        if let Some(slopes) = self.kink(Slope { inputs: &inputs, v, found, size })? {
            self.report.kinks.push(format!("{}: {slopes}", self.describe()));
            return Ok(false);
        }
        let Estimate { value, error } = self.slope(&inputs, v)?;
        if exact == 0.0 && value.abs() > 1e3 * error && value.abs() > 1e-6 * size {
            let (of, index, allowed) = ("all inputs".to_owned(), Vec::new(), 10.0 * error);
            let entry = Discrepancy { of, index, analytic: found, reference: value, allowed };
            self.note(
                Probe::FiniteDifferences,
                "along a random direction",
                Some(Diagnosis::TangentsDropped),
                vec![entry],
            );
            return Ok(true);
        }
        if (found - value).abs() > 10.0 * error + self.precision().rounding * size {
            let line = format!(
                "{}: dual numbers agree with the gradient, {found:.6e}; differences give {value:.6e} ± {error:.1e}: the function bends faster than their steps, or rounding hides it",
                self.describe()
            );
            self.undecided(line);
        }
        Ok(false)
    }
}
