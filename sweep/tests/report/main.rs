//! The report, from synthetic results.

mod data;
mod files;
mod markup;
mod plots;
mod sentences;
mod sweeps;
mod synthetic;
mod terminal;

/// What a test returns.
type Outcome = Result<(), Box<dyn std::error::Error>>;
