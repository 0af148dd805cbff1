//! Layers: modules with a handful of operations each.

mod activations;
mod checkpointed;
mod convolution;
mod dropout;
mod linear;
mod normalization;
mod residual;
mod sequence;
mod weight;

pub use activations::{
    Activation, Celu, Elu, Gelu, GeluTanh, Glu, HardSigmoid, HardSwish, HardTanh, Hardshrink, Identity, LeakyRelu,
    LogSigmoid, LogSoftmax, Maxout, Mish, PRelu, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softplus, Softshrink,
    Softsign, Tanh, Tanhshrink, Threshold,
};
pub use checkpointed::Checkpointed;
pub use convolution::{
    AdaptivePool, Conv, Conv1d, Conv2d, ConvSettings, ConvTranspose, ConvTranspose1d, ConvTranspose2d,
    ConvTransposeSettings, GlobalPool, Padding, Pool, Pooling,
};
pub use dropout::Dropout;
pub use linear::Linear;
pub use normalization::{BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm};
#[cfg(feature = "whitening")]
pub use normalization::{WhitenNorm, Whitening};
pub use residual::Residual;
pub use sequence::{
    Embedding, Gru, LearnedPositions, Lstm, MultiHeadAttention, RecurrentSettings, Rnn, SinusoidalPositions,
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer, TransformerSettings,
};
pub use weight::Weight;

/// The functions that the layers record.
pub(crate) mod functional {
    pub use super::activations::prelu;
    pub use super::convolution::{conv_transpose1d, conv_transpose2d, conv1d, conv2d};
    pub use super::dropout::{alpha_dropout, channel_dropout, dropout, stochastic_depth};
    pub use super::linear::linear;
    pub use super::normalization::{batch_norm, batch_norm_inference, group_norm, instance_norm, layer_norm, rms_norm};
    pub use super::sequence::{attention, embedding, length_mask, rotary};
}
