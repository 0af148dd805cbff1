//! The probes: methods of the examiner, each of one property.

mod cotangents;
mod derivative;
mod differences;
mod elsewhere;
mod extremes;
mod projection;
mod received;
mod runs;
mod scalars;
mod second;
mod slopes;
mod structure;
mod taylor;
mod ties;

use super::examiner::Examiner;
use super::report::Probe;
use crate::error::Error;

impl Examiner<'_> {
    /// Runs one probe.
    pub(super) fn probe(&mut self, probe: Probe) -> Result<(), Error> {
        let differentiable = self.wanted.contains(&true);
        match probe {
            Probe::Determinism => self.determinism(),
            Probe::Replay => self.replay(),
            Probe::SinglePrecision => self.single_precision(),
            Probe::DoublePrecision => self.double_precision(),
            _ if !differentiable => Ok(()),
            Probe::Derivative => self.derivatives(),
            Probe::FiniteDifferences => self.finite_differences(),
            Probe::Taylor => self.taylor(),
            Probe::Ties => self.ties(),
            Probe::Linearity => self.linearity(),
            Probe::Accumulation => self.accumulation(),
            Probe::Subsets => self.subsets(),
            Probe::Layouts => self.layouts(),
            Probe::Extents => self.extents(),
            Probe::Enlarged => self.enlarged(),
            Probe::Cotangents => self.cotangents(),
            Probe::Slopes => self.slopes(),
            Probe::Extremes => self.extremes(),
            Probe::SecondOrder => self.second_order(),
            Probe::Received => self.received(),
        }
    }
}
