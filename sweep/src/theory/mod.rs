//! What mean-field theory predicts of wide networks at initialization.
//!
//! A [`MeanField`] describes the layers: activation, variances, dropout, normalization, residual branches. It predicts what a
//! sweep measures, layer by layer ([`MeanField::predict`], with the band that a measurement must fall into), and where deep
//! networks settle ([`MeanField::fixed_point`], [`MeanField::phase_diagram`], [`Nonlinearity::critical`],
//! [`MeanField::jacobian`]). A quantity without a known theory is `None`.
//!
//! ```
//! use nn::Tanh;
//! use sweep::theory::{MeanField, Nonlinearity};
//!
//! let net = MeanField::plain(Nonlinearity::new(Tanh)?, [1.5, 0.05], 256);
//! let layers = net.predict(20, &[1.0, 1.2], 0.3)?;
//! let fixed = net.fixed_point(1.0)?.unwrap();
//! assert!((layers[18].ratio.unwrap().powi(2) - fixed.chi).abs() < 1e-3);
//! assert!((fixed.correlation_depth() - 15.79).abs() < 0.01);
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! | file | what |
//! |---|---|
//! | `nonlinearity`, `quadrature` | φ and φ' at many points; integrals that are split at kinks |
//! | `gaussian`, `sphere`, `correlation` | means over one pre-activation, over a normalized group, over two samples |
//! | `network`, `prediction` | what is predicted from, and what is predicted |
//! | `response`, `recursion` | layers that treat each sample on its own |
//! | `batch`, `whitening` | layers that mix the samples of a batch |
//! | `band` | how far a measurement may be from a prediction |
//! | `fixed_point`, `critical`, `jacobian` | deep plain networks |

mod band;
mod batch;
mod correlation;
mod critical;
mod fixed_point;
mod gaussian;
mod jacobian;
mod network;
mod nonlinearity;
mod prediction;
mod quadrature;
mod recursion;
mod response;
mod root;
mod sphere;
#[cfg(test)]
mod tests;
mod whitening;

pub use critical::CriticalPoint;
pub use fixed_point::{FixedPoint, PhasePoint};
pub use jacobian::{JacobianMoments, largest_linear_squared_singular_value};
pub use network::{MeanField, Norm, Position};
pub use nonlinearity::Nonlinearity;
pub use prediction::Prediction;
