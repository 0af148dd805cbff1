//! Early stopping.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Patience>());

struct Patience(Option<usize>);

impl Axis for Patience {
    const NAME: &'static str = "patience";
    const COLUMN: u32 = 33;
    const HELP: &'static str = "End the training when the loss on validation data has not fallen for this number of twentieths of the steps; off trains to the end.";
    const DEFAULT: &'static str = "off";
    const EXAMPLES: &'static str = "off,1";
    const WITH: &'static [(&'static str, &'static str)] = &[("steps", "200"), ("learning_rate", "0.5"), ("samples", "40")];

    fn parse(value: &str) -> Result<Self, String> {
        if value == "off" { Ok(Patience(None)) } else { count(value, 1, 1000).map(|n| Patience(Some(n))) }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.patience = self.0;
    }
}
