//! Normalization: of a feature over the batch, or of a sample over its features.
//!
//! All but [`BatchNorm`] and the whitening layers treat each sample on its own and do the same in training and evaluation.

mod affine;
mod batch;
mod group;
mod layer;
mod variance;
#[cfg(feature = "whitening")]
mod whitening;

pub use batch::{BatchNorm, batch_norm, batch_norm_inference};
pub use group::{GroupNorm, InstanceNorm, group_norm, instance_norm};
pub use layer::{LayerNorm, RmsNorm, layer_norm, rms_norm};
#[cfg(feature = "whitening")]
pub use whitening::{WhitenNorm, Whitening};

#[cfg(test)]
mod tests;
