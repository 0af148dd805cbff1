//! The activation of the hidden layers, and the initializer that suits it.

use std::sync::Arc;

use autodiff::Real;
use nn::{Activation, Initial};

use crate::axis::{Axis, AxisEntry};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<ActivationAxis>());

struct ActivationAxis(Activation);

impl Axis for ActivationAxis {
    const NAME: &'static str = "activation";
    const ALIASES: &'static [&'static str] = &["activations"];
    const COLUMN: u32 = 0;
    const HELP: &'static str = "Activation functions of the hidden layers.";
    const DEFAULT: &'static str = "sigmoid,tanh,relu";
    const EXAMPLES: &'static str = "identity,relu,selu,softplus,hard_tanh";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        value.parse().map(ActivationAxis)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.activation = Arc::new(self.0);
        blueprint.weights.suitable = suitable(self.0);
    }
}

/// He for rectifiers, whose factor 2 makes up for the variance that they remove; LeCun for SELU; Xavier otherwise.
fn suitable(activation: Activation) -> Initial {
    use Activation::{Celu, Elu, Gelu, GeluTanh, HardSwish, LeakyRelu, Mish, Relu, Relu6, Selu, Silu};
    match activation {
        Relu | Relu6 | LeakyRelu | Elu | Celu | Gelu | GeluTanh | Silu | HardSwish | Mish => Initial::HeNormal,
        Selu => Initial::LecunNormal,
        _ => Initial::XavierNormal,
    }
}
