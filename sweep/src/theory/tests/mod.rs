//! Predictions against reference values and against simulated networks.

mod jacobian;
mod networks;
mod reference;
mod simulation;
