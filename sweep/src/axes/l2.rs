//! The L2 penalty.

use autodiff::Real;
use optim::L2;

use crate::axis::{Axis, AxisEntry, not_negative};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<L2Penalty>());

struct L2Penalty(f64);

impl Axis for L2Penalty {
    const NAME: &'static str = "l2";
    const COLUMN: u32 = 32;
    const HELP: &'static str = "Factor of the L2 penalty (weight decay) of the weights.";
    const DEFAULT: &'static str = "0";
    const EXAMPLES: &'static str = "0,0.1";

    fn parse(value: &str) -> Result<Self, String> {
        not_negative(value).map(L2Penalty)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        if self.0 > 0.0 {
            blueprint.penalties.push(L2(self.0).into());
        }
    }
}
