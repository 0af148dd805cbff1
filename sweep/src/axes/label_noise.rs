//! Wrong training labels.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, share};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<LabelNoise>());

struct LabelNoise(f64);

impl Axis for LabelNoise {
    const NAME: &'static str = "label_noise";
    const COLUMN: u32 = 36;
    const HELP: &'static str = "Share of the training labels that are wrong.";
    const DEFAULT: &'static str = "0";
    const EXAMPLES: &'static str = "0,0.2";

    fn parse(value: &str) -> Result<Self, String> {
        share(value).map(LabelNoise)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.label_noise = self.0;
    }
}
