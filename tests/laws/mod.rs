//! The laws that every operation of the catalogue obeys, whatever its inputs' shapes, layouts and values.
//!
//! Cases are drawn by proptest from a fixed seed, so a run is the same everywhere and failures shrink. What the laws are
//! is what the gradient checker probes (`autodiff::check`); that it finds what breaks them is shown in `tests/mutants`.

mod blocks;
mod catalogue;
mod check;
mod empty;
mod lifted;
mod rejection;
mod sharded;
mod support;
mod wrapped;
