//! The gradient against finite differences along random directions.

use crate::check::columns::ROOM;
use crate::check::examiner::Examiner;
use crate::check::reference::{self, Estimate};
use crate::check::report::{Diagnosis, Discrepancy, Probe, add};
use crate::check::trial::Slope;
use crate::error::Error;

/// Inputs of more elements are checked along one direction.
const LARGE: usize = 1 << 14;

/// The setting of this probe.
const DIRECTION: &str = "along a random direction";

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
            let inputs = self.inputs.clone();
            if self.disagrees(Slope { inputs: &inputs, v: &v, found, size })? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Judges a disagreement with differences; records a finding and returns whether there is one.
    fn disagrees(&mut self, slope: Slope<'_>) -> Result<bool, Error> {
        if let Some(exact) = self.exact(slope)? {
            return self.only_differences_disagree(slope, exact);
        }
        let judgement = self.judge(slope)?;
        let wrong = self.is_mistake(judgement, &self.describe());
        if wrong {
            self.note_slope(Probe::FiniteDifferences, DIRECTION, slope)?;
        }
        Ok(wrong)
    }

    /// Dual numbers agree with the gradient. A finding only if they are none: the value moves, and no tangent at all arrives.
    fn only_differences_disagree(&mut self, slope: Slope<'_>, exact: f64) -> Result<bool, Error> {
        let Slope { inputs, v, found, size } = slope;
        let detached = self.detached();
        if let Some(line) = detached.first() {
            let note = format!("the path through {line} is left out of the gradient; differences include it");
            add(&mut self.report.notes, note);
            return Ok(false);
        }
        if self.is_kink(slope)? {
            return Ok(false);
        }
        let Estimate { value, error } = self.slope(inputs, v)?;
        if exact == 0.0 && value.abs() > 1e3 * error && value.abs() > 1e-6 * size {
            let (of, index, allowed) = ("all inputs".to_owned(), Vec::new(), 10.0 * error);
            let entry = Discrepancy { of, index, analytic: found, reference: value, allowed };
            self.note(Probe::FiniteDifferences, DIRECTION, Some(Diagnosis::TangentsDropped), vec![entry]);
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
