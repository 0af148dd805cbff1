//! The readout.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, Probe};

inventory::submit!(AxisEntry::new::<HeadAxis>());

struct HeadAxis(bool);

impl Axis for HeadAxis {
    const NAME: &'static str = "head";
    const COLUMN: u32 = 24;
    const HELP: &'static str = "The readout: linear, or none, which needs --probe random and --steps 0.";
    const DEFAULT: &'static str = "linear";
    const EXAMPLES: &'static str = "none";
    const WITH: &'static [(&'static str, &'static str)] = &[("probe", "random"), ("steps", "0")];

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &[("linear", true), ("none", false)]).map(HeadAxis)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.head = self.0;
        blueprint.checks.push(|blueprint| {
            if !blueprint.head && (blueprint.steps > 0 || blueprint.probe == Probe::Loss) {
                return Err("--head none: there is no loss, so --probe must be random and --steps 0".into());
            }
            Ok(())
        });
    }
}
