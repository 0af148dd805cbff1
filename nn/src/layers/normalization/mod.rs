//! Normalization: of a feature over the batch, of a sample over its features, of the weights themselves.
//!
//! All but [`BatchNorm`] and the whitening layers treat each sample alone and do the same in training and evaluation.

mod affine;
mod batch;
mod overflow;
mod sample;
mod whitening;

pub use batch::BatchNorm;
pub use sample::{GroupNorm, InstanceNorm, LayerNorm, RmsNorm};
pub use whitening::{WhitenNorm, Whitening};

#[cfg(test)]
mod tests;
