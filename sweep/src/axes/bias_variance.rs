//! σb², the variance of the biases.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, not_negative};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<BiasVariance>());

struct BiasVariance(f64);

impl Axis for BiasVariance {
    const NAME: &'static str = "bias_variance";
    const COLUMN: u32 = 5;
    const HELP: &'static str = "Draw biases from N(0, σb²) with this σb².";
    const DEFAULT: &'static str = "0";
    const EXAMPLES: &'static str = "0,0.1";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        not_negative(value).map(BiasVariance)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.weights.bias_variance = self.0;
        blueprint.checks.push(|blueprint| {
            blueprint.dtype.check_variance("bias-variance", blueprint.weights.bias_variance)
        });
    }

    fn shown(_: &str, blueprint: &Blueprint<f64>) -> String {
        format!("{:?}", blueprint.weights.bias_variance)
    }
}
