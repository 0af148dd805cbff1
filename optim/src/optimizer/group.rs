//! Parameter groups.

/// Settings of a group of parameters that differ from the optimizer's; see [`Optimizer::group`](crate::Optimizer::group).
#[derive(Clone, Copy, Debug, Default)]
pub struct ParamGroup {
    rate_factor: Option<f64>,
    frozen: bool,
}

impl ParamGroup {
    /// A group whose rate is the optimizer's times `factor`.
    pub fn rate_factor(factor: f64) -> Self {
        ParamGroup { rate_factor: Some(factor), frozen: false }
    }

    /// A group that is not trained. No part of the optimizer sees its parameters: they do not count in the norm of
    /// [`ClipNorm`](crate::ClipNorm), and their gradients may be infinite or NaN.
    pub fn frozen() -> Self {
        ParamGroup { rate_factor: None, frozen: true }
    }

    pub(super) fn own_rate_factor(&self) -> Option<f64> {
        self.rate_factor
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.frozen
    }
}
