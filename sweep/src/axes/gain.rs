//! A factor of the initial weights.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, positive};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Gain>());

struct Gain(f64);

impl Axis for Gain {
    const NAME: &'static str = "gain";
    const COLUMN: u32 = 22;
    const HELP: &'static str = "Factor of the initial weights; of orthogonal ones the norm.";
    const DEFAULT: &'static str = "1";
    const EXAMPLES: &'static str = "0.5,2";
    const WITH: &'static [(&'static str, &'static str)] = &[("init", "auto,he,orthogonal")];
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        positive(value).map(Gain)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.weights.gain = self.0;
    }
}
