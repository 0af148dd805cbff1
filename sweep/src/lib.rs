//! Depth sweeps: how gradients fare from the top layer to the bottom, measured and predicted.

pub mod report;
pub mod results;
pub mod theory;
