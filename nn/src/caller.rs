//! The caller's line, where `#[track_caller]` does not carry it: through trait objects.

use std::panic::Location;

use autodiff::{Real, Var};

/// The path of this crate's sources, as a [`Location`] gives it.
const SOURCES: &str = {
    let this = file!();
    this.split_at(this.len() - "caller.rs".len()).0
};

/// Runs `record`, which records on the tape of `x`. Operations that the sources of this crate record are attributed to the
/// line that calls the caller.
#[track_caller]
pub(crate) fn note<T: Real, R>(x: Var<'_, T>, record: impl FnOnce() -> R) -> R {
    x.recording().at(Location::caller(), SOURCES, record)
}
