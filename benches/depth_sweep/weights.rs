//! Initial weights and biases: `--init`, or a pair of variances.

use std::fmt;
use std::str::FromStr;

use nn::{Activation, Initial};

/// The choice of `--init`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Init {
    /// Chosen by activation.
    Auto,
    /// An initializer of `nn`.
    Named(Initial),
}

const AUTO: &str = "auto";

impl FromStr for Init {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            AUTO => Ok(Init::Auto),
            _ => name.parse().map(Init::Named).map_err(|error| format!("{error}, {AUTO}")),
        }
    }
}

impl Init {
    /// The values of `--init`.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        [AUTO].into_iter().chain(Initial::NAMED.map(|(name, _)| name))
    }

    /// The initializer for layers with this activation: He for rectifiers, whose factor 2 compensates the variance that they
    /// remove; LeCun for SELU; Xavier otherwise.
    fn initial(self, activation: Activation) -> Initial {
        use Activation::{Celu, Elu, Gelu, GeluTanh, HardSwish, LeakyRelu, Mish, Relu, Relu6, Selu, Silu};
        match (self, activation) {
            (Init::Named(initial), _) => initial,
            (Init::Auto, Relu | Relu6 | LeakyRelu | Elu | Celu | Gelu | GeluTanh | Silu | HardSwish | Mish) => {
                Initial::HeNormal
            }
            (Init::Auto, Selu) => Initial::LecunNormal,
            (Init::Auto, _) => Initial::XavierNormal,
        }
    }
}

/// The initial weights of networks with one activation.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) name: String,
    pub(crate) weight: Initial,
    pub(crate) bias: Initial,
    /// σw²: fan_in times the variance of the weights of the square hidden layers.
    pub(crate) weight_variance: f64,
    /// σb²: the variance of the biases.
    pub(crate) bias_variance: f64,
}

impl Weights {
    /// The choice of `--init`, with zero biases, for layers with this activation.
    pub(crate) fn new(init: Init, activation: Activation) -> Self {
        let weight = init.initial(activation);
        Weights::from_initial(weight.to_string(), weight, 0.0)
    }

    /// Normal weights and biases with these variances.
    pub(crate) fn with_variances(variance: f64, bias_variance: f64) -> Self {
        Weights::from_initial("normal".to_owned(), Initial::ScaledNormal { variance }, bias_variance)
    }

    fn from_initial(name: String, weight: Initial, bias_variance: f64) -> Self {
        let bias = Initial::Normal { variance: bias_variance };
        // In square layers σw² does not depend on the width; width 1 avoids rounding.
        Weights { name, weight, bias, weight_variance: weight.variance(&[1, 1]), bias_variance }
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, σw² = {}", self.name, self.weight_variance)?;
        if self.bias_variance != 0.0 {
            write!(f, ", σb² = {}", self.bias_variance)?;
        }
        Ok(())
    }
}
