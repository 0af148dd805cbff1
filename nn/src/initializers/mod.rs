//! Initializers of weights: distributions whose variance depends on fan-in and fan-out.

mod distribution;
mod lsuv;
mod structured;

use std::fmt;
use std::str::FromStr;

use autodiff::{ParamId, Real, Scope};
use rand::rngs::StdRng;

pub use distribution::Distribution;
use distribution::uniform;
pub use lsuv::lsuv;
use structured::{delta_orthogonal, identity, orthogonal};

use crate::settings::{Check, Number, finite, not_negative, require};

/// An initializer for a weight of shape `[fan_out, fan_in]`. Further axes, the kernel of a convolution, multiply both fans.
///
/// Its numbers must be finite, variances and scales at least 0, and `low` at most `high`. Anything else is an error of the
/// [`Params`](autodiff::Params) that a layer registers with, and of every tape that uses them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Normal, variance `2/(fan_in + fan_out)` (Glorot and Bengio 2010).
    XavierNormal,
    /// Uniform, variance `2/(fan_in + fan_out)` (Glorot and Bengio 2010).
    XavierUniform,
    /// Normal, variance `2/fan_in`, which preserves the scale under relu (He 2015).
    HeNormal,
    /// Uniform, variance `2/fan_in` (He 2015).
    HeUniform,
    /// Normal, variance `1/fan_in` (LeCun 1998), for selu.
    LecunNormal,
    /// Uniform, variance `1/fan_in` (LeCun 1998).
    LecunUniform,
    /// Any distribution with variance `scale/fan`. He's with `fan_out` preserves the scale of gradients instead; for a leaky
    /// relu the scale is `2/(1 + slope²)`. See [`Activation::gain`](crate::Activation::gain).
    VarianceScaling {
        /// The variance times the fan.
        scale: f64,
        /// The fan.
        fan: Fan,
        /// The distribution.
        distribution: Distribution,
    },
    /// Rows or columns, whichever are fewer, orthogonal and of norm `gain` (Saxe 2014). A row of the weight of a convolution is
    /// all of an output channel.
    Orthogonal {
        /// The norm.
        gain: f64,
    },
    /// For a convolution: [`Initial::Orthogonal`] at the center of the kernel, 0 elsewhere (Xiao 2018). It preserves norms
    /// exactly, except at the border, if there are at least as many output as input channels.
    DeltaOrthogonal {
        /// The norm of the rows or columns at the center.
        gain: f64,
    },
    /// The identity: 1 on the diagonal, 0 elsewhere; for a convolution at the center of the kernel (PyTorch's `dirac_`).
    Identity,
    /// This value everywhere.
    Constant(f64),
    /// Normal with this variance.
    Normal {
        /// The variance of an entry.
        variance: f64,
    },
    /// [`Distribution::TruncatedNormal`] with this variance. The `std` of PyTorch's `trunc_normal_` is that before truncation:
    /// the variance is `0.7737 std²`.
    TruncatedNormal {
        /// The variance of an entry.
        variance: f64,
    },
    /// Uniform from `low` to `high`.
    Uniform {
        /// The lower bound, included.
        low: f64,
        /// The upper bound, excluded.
        high: f64,
    },
    /// Normal with variance `variance/fan_in`, where `variance` is the σ_w² of mean-field theory (Poole 2016).
    ScaledNormal {
        /// The variance of a unit whose inputs have mean square 1.
        variance: f64,
    },
}

/// The number of connections that a variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fan {
    /// The inputs of a unit: preserves the scale of activations.
    In,
    /// The units that an input reaches: preserves the scale of gradients.
    Out,
    /// The mean of the two.
    Average,
}

impl Initial {
    /// The initializers that can be chosen by name.
    pub const NAMED: [(&str, Initial); 11] = [
        ("xavier", Initial::XavierNormal),
        ("he", Initial::HeNormal),
        ("lecun", Initial::LecunNormal),
        ("orthogonal", Initial::Orthogonal { gain: 1.0 }),
        ("delta-orthogonal", Initial::DeltaOrthogonal { gain: 1.0 }),
        ("xavier-normal", Initial::XavierNormal),
        ("xavier-uniform", Initial::XavierUniform),
        ("he-normal", Initial::HeNormal),
        ("he-uniform", Initial::HeUniform),
        ("lecun-normal", Initial::LecunNormal),
        ("lecun-uniform", Initial::LecunUniform),
    ];

    /// The variance of an element of a weight of this shape; 0 if nothing is random.
    pub fn variance(self, shape: &[usize]) -> f64 {
        let (fan_in, fan_out) = fans(shape);
        match self {
            Initial::XavierNormal | Initial::XavierUniform => 2.0 / (fan_in + fan_out),
            Initial::HeNormal | Initial::HeUniform => 2.0 / fan_in,
            Initial::LecunNormal | Initial::LecunUniform => 1.0 / fan_in,
            Initial::VarianceScaling { scale, fan: Fan::In, .. } => scale / fan_in,
            Initial::VarianceScaling { scale, fan: Fan::Out, .. } => scale / fan_out,
            Initial::VarianceScaling { scale, fan: Fan::Average, .. } => scale / (0.5 * (fan_in + fan_out)),
            Initial::Orthogonal { gain } => gain * gain / fan_in.max(units(shape) as f64),
            Initial::DeltaOrthogonal { gain } => gain * gain / fan_in.max(fan_out),
            Initial::Identity | Initial::Constant(_) => 0.0,
            Initial::Normal { variance } | Initial::TruncatedNormal { variance } => variance,
            Initial::Uniform { low, high } => (high - low) * (high - low) / 12.0,
            Initial::ScaledNormal { variance } => variance / fan_in,
        }
    }

    /// Registers a parameter with this initializer, and the fans of a weight of the shape `fans`.
    pub(crate) fn register<T: Real>(
        self,
        scope: &mut Scope<'_, T>,
        name: &str,
        shape: &[usize],
        fans: &[usize],
    ) -> ParamId {
        let checked = self.check::<T>();
        if let Err(reason) = &checked {
            scope.fail(name, format!("its initializer's {reason}"));
        }
        scope.parameter(name, shape, |values, random| {
            if checked.is_ok() {
                self.fill(fans, values, random);
            }
        })
    }

    fn check<T: Real>(self) -> Check {
        match self {
            Initial::VarianceScaling { scale, .. } => not_negative::<T>("scale", scale),
            Initial::Orthogonal { gain } | Initial::DeltaOrthogonal { gain } => finite::<T>("gain", gain),
            Initial::Constant(value) => finite::<T>("constant", value),
            Initial::Normal { variance }
            | Initial::TruncatedNormal { variance }
            | Initial::ScaledNormal { variance } => {
                require("variance", Number(variance), variance >= 0.0 && variance.is_finite(), "a number from 0 up")?;
                finite::<T>("standard deviation", variance.sqrt())
            }
            Initial::Uniform { low, high } => {
                finite::<T>("low", low)?;
                finite::<T>("high", high)?;
                finite::<T>("range", high - low)?;
                require("low", Number(low), low <= high, format_args!("at most high, which is {}", Number(high)))
            }
            Initial::XavierNormal
            | Initial::XavierUniform
            | Initial::HeNormal
            | Initial::HeUniform
            | Initial::LecunNormal
            | Initial::LecunUniform
            | Initial::Identity => Ok(()),
        }
    }

    /// Writes initial values for a weight of this shape, in row-major order. The length of `values` may be another, such as that
    /// of a bias; the shape then determines the fans only.
    pub fn fill(self, shape: &[usize], values: &mut [f64], random: &mut StdRng) {
        let distribution = match self {
            Initial::Constant(value) => return values.fill(value),
            Initial::Identity => return identity(shape, values),
            Initial::Orthogonal { gain } => return orthogonal(units(shape), gain, values, random),
            Initial::DeltaOrthogonal { gain } => return delta_orthogonal(shape, gain, values, random),
            Initial::Uniform { low, high } => return uniform(0.5 * (low + high), 0.5 * (high - low), values, random),
            Initial::XavierUniform | Initial::HeUniform | Initial::LecunUniform => Distribution::Uniform,
            Initial::VarianceScaling { distribution, .. } => distribution,
            Initial::TruncatedNormal { .. } => Distribution::TruncatedNormal,
            Initial::XavierNormal
            | Initial::HeNormal
            | Initial::LecunNormal
            | Initial::Normal { .. }
            | Initial::ScaledNormal { .. } => Distribution::Normal,
        };
        distribution.fill(self.variance(shape).sqrt(), values, random);
    }
}

/// The number of units of a weight of this shape.
fn units(shape: &[usize]) -> usize {
    shape.first().copied().unwrap_or(1)
}

/// Fan-in and fan-out; in `f64`, in which products of extents do not overflow.
fn fans(shape: &[usize]) -> (f64, f64) {
    let kernel: f64 = shape.iter().skip(2).map(|&extent| extent as f64).product();
    let inputs = shape.get(1).copied().unwrap_or(1);
    (inputs as f64 * kernel, units(shape) as f64 * kernel)
}

impl fmt::Display for Initial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Initial::NAMED.iter().find(|(_, named)| named == self)) {
            (_, Some((name, _))) => f.pad(name),
            (other, None) => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Initial {
    type Err = String;

    /// Parses a name; the error lists all names.
    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Initial::NAMED.map(|(name, _)| name).join(", ");
        let found = Initial::NAMED.iter().find(|(known, _)| *known == name).map(|&(_, initial)| initial);
        found.ok_or_else(|| format!("unknown initializer {name}; known are {}", names()))
    }
}

#[cfg(test)]
mod tests;
