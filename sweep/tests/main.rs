//! Tests of sweeps as a library.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod axes;
mod custom;
mod data;
mod report;
mod resume;
mod theory;
