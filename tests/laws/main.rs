//! The laws that every operation of the catalogue obeys, whatever its inputs' shapes, layouts and values.
//!
//! Cases are drawn by proptest from a fixed seed, so a run is the same everywhere and failures shrink. Each law is one
//! file; `support` draws cases and runs operations.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod agreement;
mod catalogue;
mod check;
mod extremes;
mod layouts;
mod linearity;
mod rejection;
mod replay;
mod second_order;
mod support;
