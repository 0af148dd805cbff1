//! How weights and biases start: `--init`, or a pair of variances.

use std::fmt;
use std::str::FromStr;

use nn::{Activation, Initial};

use crate::options::Options;

/// The choice of `--init`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Init {
    /// By activation.
    Auto,
    /// One of nn's.
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
    /// What `--init` accepts.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        [AUTO].into_iter().chain(Initial::NAMED.map(|(name, _)| name))
    }

    /// The initializer for layers with this activation: He's factor 2 makes up for the half that a rectifier cuts
    /// off, SELU was made for LeCun's, and Xavier's is the usual choice for the rest.
    fn of(self, activation: Activation) -> Initial {
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

/// How the networks of one activation start.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) name: String,
    pub(crate) weight: Initial,
    pub(crate) bias: Initial,
    /// σw²: fan_in times the variance of a weight, in the square layers.
    pub(crate) weight_variance: f64,
    /// σb²: the variance of a bias.
    pub(crate) bias_variance: f64,
}

impl Weights {
    /// What the options ask for, for layers with this activation.
    pub(crate) fn new(options: &Options, activation: Activation) -> Self {
        let weight = match options.weight_variance {
            Some(variance) => Initial::ScaledNormal { variance },
            None => options.init.of(activation),
        };
        let name = if options.weight_variance.is_some() { "normal".to_owned() } else { weight.to_string() };
        let bias_variance = options.bias_variance.unwrap_or(0.0);
        let bias = Initial::Normal { variance: bias_variance };
        // In square layers σw² does not depend on the width; at width 1 it comes out without rounding.
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
