//! Layers of self-attention and of attention to a memory.

use autodiff::{Real, Scope, Var};

use super::block::{Connection, Dense, cross_attention, self_attention};
use super::{TransformerSettings, layers};
use crate::caller;
use crate::layers::{LayerNorm, MultiHeadAttention};
use crate::module::Module;

/// Self-attention, attention to a memory, and a dense network, each with normalization and a residual connection (Vaswani
/// 2017), as PyTorch's `TransformerDecoderLayer` with `batch_first=True`.
///
/// It has two inputs and is not a [`Module`]. As in PyTorch, self-attention is causal only where asked for, here by
/// [`TransformerSettings::causal`].
///
/// Parameters, named as in PyTorch: those of `self_attn` and `multihead_attn`, each a [`MultiHeadAttention`], of `linear1` and
/// `linear2`, each a [`Linear`](crate::Linear), and of `norm1`, `norm2` and `norm3`, each a [`LayerNorm`].
///
/// # Errors
/// Recorded on the tape: as those of [`MultiHeadAttention`].
#[derive(Clone, Debug)]
pub struct TransformerDecoderLayer {
    own: MultiHeadAttention,
    other: MultiHeadAttention,
    dense: Dense,
    connections: [Connection; 3],
}

impl TransformerDecoderLayer {
    /// A layer with these settings.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, settings: &TransformerSettings) -> Self {
        TransformerDecoderLayer {
            own: self_attention(scope.child("self_attn"), settings),
            other: cross_attention(scope.child("multihead_attn"), settings),
            dense: Dense::new(&mut scope, settings),
            connections: ["norm1", "norm2", "norm3"].map(|name| Connection::new(scope.child(name), settings)),
        }
    }

    /// The layer on `x` and `memory`, with masks of the steps of each that may be attended to: see
    /// [`MultiHeadAttention::self_attention`] and [`MultiHeadAttention::cross_attention`].
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`, `memory` is `[samples, keys, features]`; the first mask is
    /// `[samples, steps]` or `[samples, steps, steps]`, the second `[samples, keys]` or `[samples, steps, keys]`.
    #[track_caller]
    #[must_use]
    pub fn decode<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        memory: Var<'t, T>,
        [mask, memory_mask]: [Option<Var<'t, T>>; 2],
    ) -> Var<'t, T> {
        caller::note(x, || {
            let [own, other, dense] = &self.connections;
            let x = own.around(x, |x| self.own.self_attention(x, mask));
            let x = other.around(x, |x| self.other.cross_attention(x, memory, memory_mask));
            dense.around(x, |x| self.dense.forward(x))
        })
    }
}

/// A stack of [`TransformerDecoderLayer`]s, as PyTorch's `TransformerDecoder`.
///
/// Parameters, named as in PyTorch: those of `layers.0`, `layers.1` and so on and, with a final normalization, of `norm`. An
/// encoder and a decoder with final normalizations, in the scopes `encoder` and `decoder`, have the names of PyTorch's
/// `Transformer`.
///
/// # Errors
/// Recorded on the tape: as those of [`MultiHeadAttention`]. More than 4096 layers are an error of the
/// [`Params`](autodiff::Params).
#[derive(Clone, Debug)]
pub struct TransformerDecoder {
    layers: Vec<TransformerDecoderLayer>,
    norm: Option<LayerNorm>,
}

impl TransformerDecoder {
    /// A stack of `count` layers with these settings.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, count: usize, settings: &TransformerSettings) -> Self {
        let layers = layers(&mut scope, count, |scope| TransformerDecoderLayer::new(scope, settings));
        let norm = settings.final_norm.then(|| LayerNorm::new(scope.child("norm"), [settings.features]));
        TransformerDecoder { layers, norm }
    }

    /// The stack on `x` and `memory`, with masks of the steps of each that may be attended to, in every layer: see
    /// [`TransformerDecoderLayer::decode`].
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`, `memory` is `[samples, keys, features]`; the first mask is
    /// `[samples, steps]` or `[samples, steps, steps]`, the second `[samples, keys]` or `[samples, steps, keys]`.
    #[track_caller]
    #[must_use]
    pub fn decode<'t, T: Real>(&self, x: Var<'t, T>, memory: Var<'t, T>, masks: [Option<Var<'t, T>>; 2]) -> Var<'t, T> {
        caller::note(x, || {
            let x = self.layers.iter().fold(x, |x, layer| layer.decode(x, memory, masks));
            self.norm.forward(x)
        })
    }
}
