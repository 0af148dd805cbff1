//! Mistakes that only a module sees, in its settings or its input: kept on the tape like any other.

use autodiff::{Real, Var};

/// A poisoned value, whose error says that `name` does not accept `x`, and why.
#[track_caller]
pub(crate) fn invalid_input<'t, T: Real>(name: &'static str, reason: impl Into<String>, x: Var<'t, T>) -> Var<'t, T> {
    x.recording().reject(name, reason, [x])
}
