//! Normalisation: of a feature over the batch, of a sample over its features, of the weights themselves.
//!
//! All but [`BatchNorm`] and the whitening layers treat each sample alone and do the same in training and evaluation.

mod affine;
mod batch;
mod sample;

pub use batch::BatchNorm;
pub use sample::{GroupNorm, InstanceNorm, LayerNorm, RmsNorm};
