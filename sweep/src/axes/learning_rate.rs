//! The learning rate.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, positive};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<LearningRate>());

struct LearningRate(f64);

impl Axis for LearningRate {
    const NAME: &'static str = "learning_rate";
    const ALIASES: &'static [&'static str] = &["rate", "lr"];
    const COLUMN: u32 = 27;
    const HELP: &'static str = "Learning rate.";
    const DEFAULT: &'static str = "0.005";
    const EXAMPLES: &'static str = "0.01,0.1";

    fn parse(value: &str) -> Result<Self, String> {
        positive(value).map(LearningRate)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.rate = self.0;
    }
}
