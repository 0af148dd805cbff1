//! The units of a hidden layer.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Width>());

struct Width(usize);

impl Axis for Width {
    const NAME: &'static str = "width";
    const COLUMN: u32 = 7;
    const HELP: &'static str = "Units of a hidden layer, or channels of a convolution.";
    const DEFAULT: &'static str = "64";
    const EXAMPLES: &'static str = "8,16";

    fn parse(value: &str) -> Result<Self, String> {
        count(value, 1, 16384).map(Width)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.width = self.0;
    }
}
