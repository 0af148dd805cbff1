//! Metrics: measures of a model, without gradients.

mod classes;
mod confusion;
mod errors;

pub(crate) use classes::labeled;
pub use classes::{accuracy, top_k_accuracy, zero_one};
pub use confusion::ConfusionMatrix;
pub use errors::{mean_absolute_error, mean_squared_error};
