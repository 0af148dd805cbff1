//! Files through the public readers and writers: the memory that they take, damage of every kind, and processes that are
//! killed while they write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod allocator;
mod fuzz;
mod limits;
mod replace;
mod special;
mod weights;
