//! The branches of a layer, each with its residual connection.

use autodiff::{Real, Scope, Var};

use super::TransformerSettings;
use crate::layers::{Activation, Dropout, LayerNorm, Linear, MultiHeadAttention};
use crate::module::Module;

/// The normalization and the residual connection around a branch.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    norm: LayerNorm,
    norm_first: bool,
    dropout: Dropout,
}

impl Connection {
    pub(super) fn new<T: Real>(scope: Scope<'_, T>, settings: &TransformerSettings) -> Self {
        let norm = LayerNorm::new(scope, [settings.features]);
        Connection { norm, norm_first: settings.norm_first, dropout: Dropout::new(settings.dropout) }
    }

    /// `x` plus the branch of the normalized `x`; or the normalized sum of `x` and its branch.
    #[track_caller]
    pub(super) fn around<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        branch: impl FnOnce(Var<'t, T>) -> Var<'t, T>,
    ) -> Var<'t, T> {
        if self.norm_first {
            return x + self.dropout.forward(branch(self.norm.forward(x)));
        }
        self.norm.forward(x + self.dropout.forward(branch(x)))
    }
}

/// The dense network of a layer, the same for all steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dense {
    first: Linear,
    activation: Activation,
    dropout: Dropout,
    second: Linear,
}

impl Dense {
    pub(super) fn new<T: Real>(scope: &mut Scope<'_, T>, settings: &TransformerSettings) -> Self {
        let &TransformerSettings { features, hidden, activation, .. } = settings;
        Dense {
            first: Linear::new(scope.child("linear1"), features, hidden),
            activation,
            dropout: Dropout::new(settings.dropout),
            second: Linear::new(scope.child("linear2"), hidden, features),
        }
    }

    #[track_caller]
    pub(super) fn forward<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        (self.first, self.activation, self.dropout, self.second).forward(x)
    }
}

/// The attention of a layer to its own steps.
pub(super) fn self_attention<T: Real>(scope: Scope<'_, T>, settings: &TransformerSettings) -> MultiHeadAttention {
    let attention = cross_attention(scope, settings);
    let attention = if settings.causal { attention.causal() } else { attention };
    match settings.rotary {
        Some(base) => attention.rotary(base),
        None => attention,
    }
}

/// The attention of a layer to other steps.
pub(super) fn cross_attention<T: Real>(scope: Scope<'_, T>, settings: &TransformerSettings) -> MultiHeadAttention {
    MultiHeadAttention::new(scope, settings.features, settings.heads).dropout(settings.dropout)
}
