//! Whether the normalization is before or after the activation.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<NormPosition>());

struct NormPosition(bool);

impl Axis for NormPosition {
    const NAME: &'static str = "norm_position";
    const COLUMN: u32 = 23;
    const HELP: &'static str = "Whether the normalization is before or after the activation.";
    const DEFAULT: &'static str = "before";
    const EXAMPLES: &'static str = "before,after";
    const WITH: &'static [(&'static str, &'static str)] = &[("norm", "batch,layer")];
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &[("before", false), ("after", true)]).map(NormPosition)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.norm_after = self.0;
    }
}
