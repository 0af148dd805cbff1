//! Ensembles.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Members>());

struct Members(usize);

impl Axis for Members {
    const NAME: &'static str = "members";
    const COLUMN: u32 = 34;
    const HELP: &'static str = "Networks whose logits are averaged; the first is measured.";
    const DEFAULT: &'static str = "1";
    const EXAMPLES: &'static str = "1,3";

    fn parse(value: &str) -> Result<Self, String> {
        count(value, 1, 1000).map(Members)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.members = self.0;
    }
}
