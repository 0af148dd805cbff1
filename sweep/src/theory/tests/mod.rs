//! Predictions against reference values and against simulated networks.

mod networks;
mod simulation;
