//! σw², the variance of the weights times fan-in.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, positive};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<WeightVariance>());

struct WeightVariance(Option<f64>);

impl Axis for WeightVariance {
    const NAME: &'static str = "weight_variance";
    const COLUMN: u32 = 4;
    const HELP: &'static str = "Draw weights from N(0, σw²/fan_in) with this σw²; auto leaves them to --init.";
    const DEFAULT: &'static str = "auto";
    const EXAMPLES: &'static str = "0.5,2";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        if value == "auto" { Ok(WeightVariance(None)) } else { positive(value).map(|x| WeightVariance(Some(x))) }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.weights.variance = self.0;
        blueprint.checks.push(|blueprint| {
            if blueprint.weights.variance.is_some() && blueprint.weights.chosen.is_some() {
                return Err("--init and --weight-variance exclude each other: leave one at auto".into());
            }
            blueprint.dtype.check_variance("weight-variance", blueprint.weights.weight_variance())
        });
    }

    fn shown(_: &str, blueprint: &Blueprint<f64>) -> String {
        format!("{:?}", blueprint.weights.weight_variance())
    }
}
