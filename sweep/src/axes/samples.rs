//! The number of training samples.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Samples>());

struct Samples(Option<usize>);

impl Axis for Samples {
    const NAME: &'static str = "samples";
    const COLUMN: u32 = 35;
    const HELP: &'static str = "Training samples; all takes what the data have.";
    const DEFAULT: &'static str = "all";
    const EXAMPLES: &'static str = "all,50";

    fn parse(value: &str) -> Result<Self, String> {
        if value == "all" { Ok(Samples(None)) } else { count(value, 2, 1_000_000_000).map(|n| Samples(Some(n))) }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.samples = self.0;
    }
}
