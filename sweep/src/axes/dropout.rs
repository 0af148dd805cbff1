//! Dropout after the activation.

use std::sync::Arc;

use autodiff::Real;
use nn::Dropout;

use crate::axis::{Axis, AxisEntry, share};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<DropoutRate>());

struct DropoutRate(f64);

impl Axis for DropoutRate {
    const NAME: &'static str = "dropout";
    const COLUMN: u32 = 3;
    const HELP: &'static str = "Share of units that dropout sets to 0 after the activation.";
    const DEFAULT: &'static str = "0";
    const EXAMPLES: &'static str = "0,0.5";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        share(value).map(DropoutRate)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        if self.0 > 0.0 {
            blueprint.after.push(Arc::new(Dropout::new(self.0)));
            blueprint.known.keep = 1.0 - self.0;
        }
    }
}
