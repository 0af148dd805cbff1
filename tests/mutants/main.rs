//! The checker is checked: operations with the mistakes that shipped elsewhere, and systematic ones, must all be found,
//! and for the right reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod shipped;
mod systematic;
mod table;
