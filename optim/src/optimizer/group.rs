//! Parameter groups.

/// Settings of a group of parameters that differ from the optimizer's; see [`Optimizer::group`](crate::Optimizer::group).
#[derive(Clone, Copy, Debug, Default)]
pub struct ParamGroup {
    rate_factor: Option<f64>,
    frozen: bool,
    entrywise: bool,
}

impl ParamGroup {
    /// A group whose rate is the optimizer's times `factor`.
    pub fn rate_factor(factor: f64) -> Self {
        ParamGroup { rate_factor: Some(factor), ..ParamGroup::default() }
    }

    /// A group that is not trained. No part of the optimizer sees its parameters: they do not count in the norm of
    /// [`ClipNorm`](crate::ClipNorm), and their gradients may be infinite or NaN.
    pub fn frozen() -> Self {
        ParamGroup { frozen: true, ..ParamGroup::default() }
    }

    /// Updates the parameters entry by entry, also where the rule updates others of their shape as a whole: embeddings and output
    /// layers under [`Muon`](crate::Muon), which its AdamW then updates.
    #[must_use]
    pub fn entrywise(mut self) -> Self {
        self.entrywise = true;
        self
    }

    pub(super) fn own_rate_factor(&self) -> Option<f64> {
        self.rate_factor
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.frozen
    }

    pub(super) fn is_entrywise(&self) -> bool {
        self.entrywise
    }
}
