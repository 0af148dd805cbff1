//! What a recording can be asked: where numbers first stop being finite, what costs time, how it looks drawn.

mod dot;
mod finite;
mod profile;

pub use profile::{Profile, ProfileLine};
