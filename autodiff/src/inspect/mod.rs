//! Diagnostics of a recording: the first non-finite value, a profile by source line, a graph.

mod dot;
mod finite;
mod profile;

pub use profile::{Profile, ProfileLine};
