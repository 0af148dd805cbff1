//! The tests of `train` from outside: damaged checkpoints, errors, runs that are killed and resumed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod allocator;
mod damage;
mod refusals;
mod resume;
