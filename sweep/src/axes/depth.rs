//! The number of hidden layers.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Depth>());

struct Depth(usize);

impl Axis for Depth {
    const NAME: &'static str = "depth";
    const ALIASES: &'static [&'static str] = &["depths"];
    const COLUMN: u32 = 6;
    const HELP: &'static str = "Numbers of hidden layers.";
    const DEFAULT: &'static str = "1,2,4,8,16,32,64";
    const EXAMPLES: &'static str = "1,3";

    fn parse(value: &str) -> Result<Self, String> {
        count(value, 1, 4096).map(Depth)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.depth = self.0;
    }
}
