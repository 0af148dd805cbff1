//! Recurrent networks: what a network carries from step to step, in layers and in both directions.

mod gru;
mod lstm;
mod rnn;
mod stack;

use autodiff::Keep;

pub use self::gru::Gru;
pub use self::lstm::Lstm;
pub use self::rnn::Rnn;

/// The layers of an [`Rnn`], [`Gru`] or [`Lstm`].
///
/// ```
/// use nn::RecurrentSettings;
///
/// let settings = RecurrentSettings { layers: 2, bidirectional: true, ..RecurrentSettings::default() };
/// assert_eq!(settings.dropout, 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecurrentSettings {
    /// The number of layers, each on the outputs of the one before; from 1 to 4096. Default 1.
    pub layers: usize,
    /// Whether each layer also runs from the end to the start, with weights of its own; its outputs are those of both directions
    /// side by side.
    pub bidirectional: bool,
    /// In training, each output of a layer but the last is zeroed with this probability, at least 0 and below 1, and otherwise
    /// divided by `1 − dropout`. Default 0.
    pub dropout: f64,
    /// What is kept for backward. [`Keep::Segments`] keeps the states of every √n-th of n steps and computes the others once
    /// more, for the same gradients. Default [`Keep::All`].
    pub keep: Keep,
}

impl Default for RecurrentSettings {
    fn default() -> Self {
        RecurrentSettings { layers: 1, bidirectional: false, dropout: 0.0, keep: Keep::All }
    }
}

#[cfg(test)]
mod tests;
