//! The tests across the crates, in one binary: laws and mutants, values, mistakes and their messages, memory, the program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod allocation;
mod allocator;
mod anomaly;
mod black_box;
mod chains;
mod check;
mod checkpoint;
mod depth_sweep;
mod digits;
mod examples;
mod foreign;
mod laws;
mod lifted;
mod lines;
mod memory;
mod mistakes;
mod mutants;
mod nasty;
mod per_sample;
mod processes;
mod readme;
mod right;
mod rows;
mod scan;
mod shards;
mod state;
mod tape;
mod threads;
mod values;
