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
        if name == AUTO { Ok(Init::Auto) } else { name.parse().map(Init::Named) }
    }
}

impl Init {
    /// What `--init` accepts.
    pub(crate) fn names() -> Vec<String> {
        vec![]
    }

    /// The initialiser for layers with this activation: He's factor 2 makes up for the half that a rectifier cuts
    /// off, SELU was made for LeCun's, and Xavier's is the usual choice for the rest.
    fn of(self, activation: &Activation) -> Initial {
        match (self, activation.to_string().as_str()) {
            (Init::Named(initial), _) => initial,
            (Init::Auto, "relu" | "leaky_relu" | "elu" | "gelu" | "gelu_tanh" | "silu" | "mish") => Initial::He,
            (Init::Auto, "selu") => Initial::Lecun,
            (Init::Auto, _) => Initial::Xavier,
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
    pub(crate) fn new(options: &Options, activation: &Activation) -> Self {
        let bias_variance = options.bias_variance.unwrap_or(0.0);
        let (name, weight) = match options.weight_variance {
            Some(variance) => ("normal".to_owned(), Initial::ScaledNormal(variance)),
            None => {
                let initial = options.init.of(activation);
                (initial.to_string(), initial)
            }
        };
        let width = options.width;
        let weight_variance = width as f64 * weight.variance(width, width);
        Weights { name, weight, bias: Initial::Normal(bias_variance), weight_variance, bias_variance }
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
