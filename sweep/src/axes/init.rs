//! The initializer of the weights.

use autodiff::Real;
use nn::Initial;

use crate::axis::{Axis, AxisEntry};
use crate::blueprint::Blueprint;

const AUTO: &str = "auto";

inventory::submit!(AxisEntry::new::<Init>());

struct Init(Option<Initial>);

impl Axis for Init {
    const NAME: &'static str = "init";
    const COLUMN: u32 = 21;
    const HELP: &'static str = "Initializer of the weights; auto takes He for the ReLU family, LeCun for SELU, else Xavier.";
    const DEFAULT: &'static str = "auto";
    const EXAMPLES: &'static str = "auto,he,orthogonal,xavier-uniform,delta-orthogonal";
    const WITH: &'static [(&'static str, &'static str)] = &[("layer", "conv")];
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        match value {
            AUTO => Ok(Init(None)),
            _ => value.parse().map(|initial| Init(Some(initial))).map_err(|error| format!("{error}, {AUTO}")),
        }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.weights.chosen = self.0;
    }

    fn shown(_: &str, blueprint: &Blueprint<f64>) -> String {
        match blueprint.weights.variance {
            Some(_) => "normal".into(),
            None => blueprint.weights.initial().to_string(),
        }
    }
}
