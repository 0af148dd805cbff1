//! Where the measured gradient comes from.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, Probe};

inventory::submit!(AxisEntry::new::<ProbeAxis>());

struct ProbeAxis(Probe);

impl Axis for ProbeAxis {
    const NAME: &'static str = "probe";
    const COLUMN: u32 = 11;
    const HELP: &'static str = "Where the measured gradient comes from: the loss, or a random cotangent at the top layer, as theory supposes.";
    const DEFAULT: &'static str = "loss";
    const EXAMPLES: &'static str = "loss,random";

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &[("loss", Probe::Loss), ("random", Probe::Random)]).map(ProbeAxis)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.probe = self.0;
    }
}
