//! What mean-field theory predicts of wide networks at initialization.

mod band;
mod batch;
mod correlation;
mod gaussian;
mod network;
mod nonlinearity;
mod prediction;
mod quadrature;
mod recursion;
mod response;
mod sphere;
#[cfg(test)]
mod tests;
mod whitening;

pub use network::{MeanField, Norm, Position};
pub use nonlinearity::Nonlinearity;
pub use prediction::Prediction;
