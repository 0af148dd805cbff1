//! Activation functions as modules, and [`Activation`], an elementwise activation chosen by name.

mod axis;
mod gain;
mod learned;

use std::fmt;
use std::str::FromStr;

use autodiff::{Real, Var};

pub use self::axis::{Glu, LogSoftmax, Softmax};
pub use self::learned::{Maxout, PRelu, prelu};
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{finite, not_negative, positive};

/// A row for each activation: documentation, struct with attributes, their defaults and ranges, name, operation.
macro_rules! activations {
    ($(
        $(#[$doc:meta])*
        $module:ident $({ $($attribute:ident: $default:literal $valid:ident),* })? = $name:literal, |$x:ident| $forward:expr;
    )*) => {
        $(activations!(@module $(#[$doc])* $module $name $($($attribute: $default $valid)*)?, |$x| $forward);)*

        /// An elementwise activation chosen by name, with default attributes.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Activation {
            $(
                $(#[$doc])*
                $module,
            )*
        }

        impl Activation {
            /// All activations.
            pub const ALL: &[Activation] = &[$(Activation::$module),*];

            /// The name, which [`FromStr`] parses.
            pub fn name(self) -> &'static str {
                match self {
                    $(Activation::$module => $name,)*
                }
            }
        }

        impl<T: Real> Module<T> for Activation {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
                match self {
                    $(Activation::$module => $module::default().forward(x),)*
                }
            }
        }
    };
    (@module $(#[$doc:meta])* $module:ident $name:literal, |$x:ident| $forward:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $module;

        impl<T: Real> Module<T> for $module {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Var<'t, T> {
                $forward
            }
        }
    };
    (@module $(#[$doc:meta])* $module:ident $name:literal $($attribute:ident: $default:literal $valid:ident)+, |$x:ident| $forward:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $module {
            $(
                #[doc = concat!("The constant `", stringify!($attribute), "`: ", requirement!($valid), ".")]
                pub $attribute: f64,
            )+
        }

        impl Default for $module {
            #[doc = concat!("The usual constants:" $(, " `", stringify!($attribute), "` ", stringify!($default))+, ".")]
            fn default() -> Self {
                $module { $($attribute: $default),+ }
            }
        }

        impl<T: Real> Module<T> for $module {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Var<'t, T> {
                let $module { $($attribute),+ } = *self;
                $(if let Err(reason) = $valid::<T>(stringify!($attribute), $attribute) {
                    return invalid_input($name, reason, $x);
                })+
                $forward
            }
        }
    };
}

/// The range of an attribute, in words.
macro_rules! requirement {
    (finite) => {
        "a finite number"
    };
    (not_negative) => {
        "a number from 0 up"
    };
    (positive) => {
        "a positive number"
    };
}

activations! {
    /// `x`, for linear networks.
    Identity = "identity", |x| x;
    /// The logistic function, `1/(1 + e⁻ˣ)`. Its derivative is at most ¼, so gradients vanish with depth.
    Sigmoid = "sigmoid", |x| x.sigmoid();
    /// The hyperbolic tangent.
    Tanh = "tanh", |x| x.tanh();
    /// `max(x, 0)` (Nair and Hinton 2010).
    Relu = "relu", |x| x.relu();
    /// `x` where positive, else `slope · x` (Maas 2013).
    LeakyRelu { slope: 0.01 finite } = "leaky_relu", |x| x.leaky_relu(slope);
    /// `x` where positive, else `alpha (eˣ − 1)` (Clevert 2015).
    Elu { alpha: 1.0 finite } = "elu", |x| x.elu(alpha);
    /// The scaled exponential linear unit, which preserves mean 0 and variance 1 (Klambauer 2017).
    Selu = "selu", |x| x.selu();
    /// `x Φ(x)`, where Φ is the normal distribution function (Hendrycks and Gimpel 2016).
    Gelu = "gelu", |x| x.gelu();
    /// The tanh approximation of [`Gelu`].
    GeluTanh = "gelu_tanh", |x| x.gelu_tanh();
    /// `x · sigmoid(x)`, also called swish.
    Silu = "silu", |x| x.silu();
    /// `x · tanh(softplus(x))` (Misra 2019).
    Mish = "mish", |x| x.mish();
    /// `ln(1 + eˣ)`.
    Softplus = "softplus", |x| x.softplus();
    /// `ln sigmoid(x)`.
    LogSigmoid = "log_sigmoid", |x| x.log_sigmoid();
    /// `x / (1 + |x|)`.
    Softsign = "softsign", |x| x.softsign();
    /// `x` clamped to −1..=1.
    HardTanh = "hard_tanh", |x| x.hard_tanh();
    /// `x/6 + ½` clamped to 0..=1.
    HardSigmoid = "hard_sigmoid", |x| x.hard_sigmoid();
    /// `x` clamped to 0..=6 (Krizhevsky 2010). The derivative is 0 at 0 and ½ at 6.
    Relu6 = "relu6", |x| x.relu().clamp(0.0, 6.0);
    /// `x · hard_sigmoid(x)` (Howard 2019).
    HardSwish = "hard_swish", |x| x * x.hard_sigmoid();
    /// `x` where positive, else `alpha (e^(x/alpha) − 1)`: an [`Elu`] without a kink for any positive `alpha` (Barron 2017).
    Celu { alpha: 1.0 positive } = "celu", |x| (x / alpha).elu(1.0) * alpha;
    /// `x − tanh(x)`.
    Tanhshrink = "tanhshrink", |x| x - x.tanh();
    /// `x` moved toward 0 by `lambda`; 0 where `|x| ≤ lambda`.
    Softshrink { lambda: 0.5 not_negative } = "softshrink", |x| (x - lambda).relu() - (-x - lambda).relu();
    /// `x` where `|x| > lambda`, else 0.
    Hardshrink { lambda: 0.5 not_negative } = "hardshrink", |x| x * (x.detach().abs() - lambda).relu().sign();
    /// `x` where it is above `threshold`, else `value`. With the default constants the thresholded relu of Konda (2015).
    Threshold { threshold: 1.0 finite, value: 0.0 finite } = "threshold", |x| {
        let above = (x.detach() - threshold).relu().sign();
        above.select(x, (1.0 - above) * value)
    };
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = String;

    /// Parses the name; the error lists all names.
    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Activation::ALL.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        let found = Activation::ALL.iter().copied().find(|activation| activation.name() == name);
        found.ok_or_else(|| format!("unknown activation {name}; known are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, check};

    use super::*;

    #[test]
    fn large_inputs_give_finite_values_and_nan_gives_nan() {
        let params = Params::<f32>::default();
        let mut grads = params.gradients();
        let mut tape = Tape::new();
        for &activation in Activation::ALL {
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&[-1e30, -1e4, 1e4, 1e30].into());
            let y = activation.forward(x);
            y.sum(..).backward(&mut grads).unwrap();
            let values = [y.value().unwrap(), grads.of(x).unwrap()];
            assert!(values.iter().flat_map(|value| value.data()).all(|x| x.is_finite()), "{activation}: {values:?}");
            let nan = activation.forward(t.input(&f32::NAN.into()));
            assert!(nan.item().unwrap().is_nan(), "{activation}");
        }
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        for &activation in Activation::ALL {
            let x = [-7.0, -3.3, -1.4, -0.8, -0.2, 0.3, 0.9, 1.7, 4.1, 7.3].into();
            check::function(|[x]| activation.forward(x), [x]).unwrap().assert();
        }
    }

    #[test]
    fn names_and_activations_correspond() {
        for &activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        assert!("sigmod".parse::<Activation>().unwrap_err().contains("sigmoid, tanh, relu"));
    }
}
