//! The steps of the training.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Steps>());

struct Steps(usize);

impl Axis for Steps {
    const NAME: &'static str = "steps";
    const COLUMN: u32 = 29;
    const HELP: &'static str = "Training steps; with 0, networks are measured untrained only.";
    const DEFAULT: &'static str = "300";
    const EXAMPLES: &'static str = "0,3";

    fn parse(value: &str) -> Result<Self, String> {
        count(value, 0, 1_000_000_000).map(Steps)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.steps = self.0;
    }
}
