//! Layers: modules with a handful of operations each.

mod activations;
mod convolution;
mod dropout;
mod linear;
mod normalization;
mod residual;
mod weight;

pub use activations::*;
pub use convolution::*;
pub use dropout::Dropout;
pub use linear::Linear;
pub use normalization::*;
pub use residual::Residual;
pub use weight::Weight;
