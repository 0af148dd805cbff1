//! The tests of `optim` from outside: parts written by a user, PyTorch's steps, scikit-learn's optima, steps that are refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod custom;
mod refusals;
mod sklearn;
mod torch;
