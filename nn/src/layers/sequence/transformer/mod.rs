//! Transformers: layers of attention and dense networks, and stacks of them.

mod block;
mod decoder;
mod encoder;

use autodiff::{Real, Scope};

pub use self::decoder::{TransformerDecoder, TransformerDecoderLayer};
pub use self::encoder::{TransformerEncoder, TransformerEncoderLayer};
use super::MOST_LAYERS;
use crate::layers::Activation;
use crate::settings::require;

/// What the layers of a transformer have in common.
///
/// ```
/// use nn::{Activation, TransformerSettings};
///
/// let settings = TransformerSettings { dropout: 0.0, activation: Activation::Gelu, ..TransformerSettings::new(64, 4) };
/// assert_eq!(settings.hidden, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerSettings {
    /// The number of features of each step: PyTorch's `d_model`.
    pub features: usize,
    /// The number of heads, a divisor of the number of features.
    pub heads: usize,
    /// The number of hidden units of the dense network: PyTorch's `dim_feedforward`.
    pub hidden: usize,
    /// The probability, at least 0 and below 1, that in training an attention weight, a hidden unit of the dense network or a
    /// value that is added to a residual connection is zeroed.
    pub dropout: f64,
    /// The activation of the dense network.
    pub activation: Activation,
    /// Whether each branch starts with its normalization (Xiong 2020), which trains without warm-up, instead of normalizing the
    /// sum with its input (Vaswani 2017).
    pub norm_first: bool,
    /// Whether a stack of layers ends with a normalization.
    pub final_norm: bool,
    /// Whether in self-attention each step attends to itself and to the steps before it alone.
    pub causal: bool,
    /// The base of rotary positions in self-attention (Su 2021), if there are any.
    pub rotary: Option<f64>,
}

impl TransformerSettings {
    /// PyTorch's defaults, with `4 · features` hidden units as in Vaswani (2017): dropout 0.1, relu, normalization last, no final
    /// normalization, not causal, no rotary positions.
    pub fn new(features: usize, heads: usize) -> Self {
        TransformerSettings {
            features,
            heads,
            hidden: features.saturating_mul(4),
            dropout: 0.1,
            activation: Activation::Relu,
            norm_first: false,
            final_norm: false,
            causal: false,
            rotary: None,
        }
    }
}

/// The layers of a stack, each registered in a scope of its own.
fn layers<T: Real, L>(scope: &mut Scope<'_, T>, count: usize, make: impl Fn(Scope<'_, T>) -> L) -> Vec<L> {
    let most = format_args!("at most {MOST_LAYERS}");
    if let Err(reason) = require("the number of layers", count, count <= MOST_LAYERS, most) {
        scope.fail("layers", reason);
        return Vec::new();
    }
    (0..count).map(|k| make(scope.child(&format!("layers.{k}")))).collect()
}

#[cfg(test)]
mod tests;
