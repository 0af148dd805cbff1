//! The L1 penalty.

use autodiff::Real;
use optim::L1;

use crate::axis::{Axis, AxisEntry, not_negative};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<L1Penalty>());

struct L1Penalty(f64);

impl Axis for L1Penalty {
    const NAME: &'static str = "l1";
    const COLUMN: u32 = 31;
    const HELP: &'static str = "Factor of the L1 penalty of the weights.";
    const DEFAULT: &'static str = "0";
    const EXAMPLES: &'static str = "0,0.1";

    fn parse(value: &str) -> Result<Self, String> {
        not_negative(value).map(L1Penalty)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        if self.0 > 0.0 {
            blueprint.penalties.push(L1(self.0).into());
        }
    }
}
