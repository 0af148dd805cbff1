//! Activation functions as modules, and [`Activation`], one of them chosen by name.

use std::fmt;
use std::str::FromStr;

use autodiff::{Real, Var};

use crate::module::Module;

/// One row an activation: documentation, struct with attributes and their defaults, name, operation.
macro_rules! activations {
    ($(
        $(#[$doc:meta])*
        $module:ident $({ $($attribute:ident: $default:literal),* })? = $name:literal, |$x:ident| $forward:expr;
    )*) => {
        $(activations!(@module $(#[$doc])* $module $($($attribute)*)?, |$x| $forward);)*

        /// An activation chosen by name, attributes at their defaults.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Activation {
            $(
                $(#[$doc])*
                $module,
            )*
        }

        impl Activation {
            /// All of them.
            pub const ALL: &[Activation] = &[$(Activation::$module),*];

            /// The name that it is chosen by.
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
                    $(Activation::$module => $module $({ $($attribute: $default),* })?.forward(x),)*
                }
            }
        }
    };
    (@module $(#[$doc:meta])* $module:ident, |$x:ident| $forward:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $module;

        impl<T: Real> Module<T> for $module {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Var<'t, T> {
                $forward
            }
        }
    };
    (@module $(#[$doc:meta])* $module:ident $($attribute:ident)+, |$x:ident| $forward:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $module {
            $(
                #[doc = concat!("The constant `", stringify!($attribute), "`.")]
                pub $attribute: f64,
            )+
        }

        impl<T: Real> Module<T> for $module {
            #[track_caller]
            fn forward<'t>(&self, $x: Var<'t, T>) -> Var<'t, T> {
                let $module { $($attribute),+ } = *self;
                $forward
            }
        }
    };
}

activations! {
    /// `x` itself: for linear networks.
    Identity = "identity", |x| x;
    /// Logistic function, `1/(1 + e⁻ˣ)`. Its derivative is at most ¼, so gradients vanish with depth.
    Sigmoid = "sigmoid", |x| x.sigmoid();
    /// Hyperbolic tangent.
    Tanh = "tanh", |x| x.tanh();
    /// `max(x, 0)` (Nair and Hinton 2010).
    Relu = "relu", |x| x.relu();
    /// `x` where positive, else `slope · x` (Maas 2013).
    LeakyRelu { slope: 0.01 } = "leaky_relu", |x| x.leaky_relu(slope);
    /// `x` where positive, else `alpha (eˣ − 1)` (Clevert 2015).
    Elu { alpha: 1.0 } = "elu", |x| x.elu(alpha);
    /// Scaled exponential linear unit, which keeps mean 0 and variance 1 (Klambauer 2017).
    Selu = "selu", |x| x.selu();
    /// `x Φ(x)` with the normal distribution function Φ (Hendrycks and Gimpel 2016).
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
    /// `x` limited to −1..=1.
    HardTanh = "hard_tanh", |x| x.hard_tanh();
    /// `x/6 + ½` limited to 0..=1.
    HardSigmoid = "hard_sigmoid", |x| x.hard_sigmoid();
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = String;

    /// By name; the error lists the names.
    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Activation::ALL.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        let found = Activation::ALL.iter().copied().find(|activation| activation.name() == name);
        found.ok_or_else(|| format!("unknown activation {name}; known are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_activations_correspond() {
        for &activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        assert!("sigmod".parse::<Activation>().unwrap_err().contains("sigmoid, tanh, relu"));
    }
}
