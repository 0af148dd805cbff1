//! Layers of self-attention.

use autodiff::{Real, Scope, Var};

use super::block::{Connection, Dense, self_attention};
use super::{TransformerSettings, layers};
use crate::caller;
use crate::layers::{LayerNorm, MultiHeadAttention};
use crate::module::Module;

/// Self-attention and a dense network, each with normalization and a residual connection (Vaswani 2017), as PyTorch's
/// `TransformerEncoderLayer` with `batch_first=True`. With causal attention it is the layer of a language model.
///
/// # Shapes
/// Input and output `[samples, steps, features]`.
///
/// Parameters, named as in PyTorch: those of `self_attn`, a [`MultiHeadAttention`], of `linear1` and `linear2`, each a
/// [`Linear`](crate::Linear), and of `norm1` and `norm2`, each a [`LayerNorm`]. They start as those of these layers.
///
/// # Errors
/// Recorded on the tape: as those of [`MultiHeadAttention`].
#[derive(Clone, Debug)]
pub struct TransformerEncoderLayer {
    attention: MultiHeadAttention,
    dense: Dense,
    connections: [Connection; 2],
}

impl TransformerEncoderLayer {
    /// A layer with these settings.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, settings: &TransformerSettings) -> Self {
        TransformerEncoderLayer {
            attention: self_attention(scope.child("self_attn"), settings),
            dense: Dense::new(&mut scope, settings),
            connections: ["norm1", "norm2"].map(|name| Connection::new(scope.child(name), settings)),
        }
    }

    /// The layer with a mask of the steps that may be attended to: see [`MultiHeadAttention::self_attention`].
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`, the mask is `[samples, steps]` or `[samples, steps, steps]`.
    #[track_caller]
    #[must_use]
    pub fn encode<'t, T: Real>(&self, x: Var<'t, T>, mask: Option<Var<'t, T>>) -> Var<'t, T> {
        caller::note(x, || {
            let [attention, dense] = &self.connections;
            let x = attention.around(x, |x| self.attention.self_attention(x, mask));
            dense.around(x, |x| self.dense.forward(x))
        })
    }
}

impl<T: Real> Module<T> for TransformerEncoderLayer {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.encode(x, None)
    }
}

/// A stack of [`TransformerEncoderLayer`]s, as PyTorch's `TransformerEncoder`.
///
/// # Shapes
/// Input and output `[samples, steps, features]`.
///
/// Parameters, named as in PyTorch: those of `layers.0`, `layers.1` and so on and, with a final normalization, of `norm`. Unlike
/// PyTorch's, the layers start from different weights.
///
/// ```
/// use autodiff::{Mode, Params, Tape, Tensor};
/// use nn::functional::length_mask;
/// use nn::{TransformerEncoder, TransformerSettings};
///
/// let mut params = Params::<f32>::new(0);
/// let encoder = TransformerEncoder::new(params.scope("encoder"), 2, &TransformerSettings::new(8, 2));
/// let mut tape = Tape::new();
/// let t = tape.start(&params, Mode::Train);
/// let (x, lengths) = (t.input(&Tensor::full([3, 5, 8], 0.5)), t.input(&[5.0, 2.0, 4.0].into()));
/// let y = encoder.encode(x, Some(length_mask(lengths, 5)));
/// assert_eq!(y.shape()?[..], [3, 5, 8]);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// Recorded on the tape: as those of [`MultiHeadAttention`]. More than 4096 layers are an error of the
/// [`Params`](autodiff::Params).
#[derive(Clone, Debug)]
pub struct TransformerEncoder {
    layers: Vec<TransformerEncoderLayer>,
    norm: Option<LayerNorm>,
}

impl TransformerEncoder {
    /// A stack of `count` layers with these settings.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, count: usize, settings: &TransformerSettings) -> Self {
        let layers = layers(&mut scope, count, |scope| TransformerEncoderLayer::new(scope, settings));
        let norm = settings.final_norm.then(|| LayerNorm::new(scope.child("norm"), [settings.features]));
        TransformerEncoder { layers, norm }
    }

    /// The stack with a mask of the steps that may be attended to: see [`MultiHeadAttention::self_attention`].
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`, the mask is `[samples, steps]` or `[samples, steps, steps]`.
    #[track_caller]
    #[must_use]
    pub fn encode<'t, T: Real>(&self, x: Var<'t, T>, mask: Option<Var<'t, T>>) -> Var<'t, T> {
        caller::note(x, || {
            let x = self.layers.iter().fold(x, |x, layer| layer.encode(x, mask));
            self.norm.forward(x)
        })
    }
}

impl<T: Real> Module<T> for TransformerEncoder {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.encode(x, None)
    }
}
