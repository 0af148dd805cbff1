//! What the checks of other frameworks share: the rows of a sweep, the engine that runs them, and the report.
//!
//! A framework implements [`Framework`], a few primitives on its tensors, and lists its operations as [`Row`]s.
//! [`sweep`] checks every case of every row, repeats what is found by hand ([`byhand`]), and [`Sweep`] shows it.

#![forbid(unsafe_code)]

pub mod byhand;
mod engine;
mod framework;
mod markdown;
mod panics;
mod row;
mod sweep;
mod verdict;

pub use framework::{Framework, Leaf, execute};
pub use row::{Case, Function, Input, Row};
pub use sweep::{Found, Outcome, Sweep, sweep};
pub use verdict::{Kind, Verdict};
