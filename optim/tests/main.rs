//! The tests of `optim` from outside: parts written by a user, steps and settings that are refused, and the references
//! PyTorch, scipy and scikit-learn.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod custom;
mod minimize;
mod refusals;
mod scipy;
mod settings;
mod sklearn;
mod threads;
mod torch;
