//! The samples of a batch.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Batch>());

struct Batch(usize);

impl Axis for Batch {
    const NAME: &'static str = "batch";
    const COLUMN: u32 = 8;
    const HELP: &'static str = "Samples in the batch that is measured, and in each batch of the training.";
    const DEFAULT: &'static str = "64";
    const EXAMPLES: &'static str = "8,16";

    fn parse(value: &str) -> Result<Self, String> {
        count(value, 1, 65536).map(Batch)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.batch = self.0;
    }
}
