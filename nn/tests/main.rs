//! The tests of `nn` from outside: PyTorch's values, settings out of range, files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod files;
mod settings;
mod torch;
