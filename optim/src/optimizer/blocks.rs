//! The ranges of the flat vectors that a step works through.

use std::ops::Range;

use autodiff::Real;

/// The number of entries whose gradient, direction, buffers and values fit into the first-level cache together.
pub(super) const BLOCK: usize = 2048;

/// Cuts a range into blocks.
pub(super) fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(BLOCK).map(move |start| start..range.end.min(start + BLOCK))
}

/// The runs of entries within a range whose gradient is not exactly zero.
pub(super) fn nonzero_runs<T: Real>(gradient: &[T], mut rest: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    std::iter::from_fn(move || {
        let start = rest.clone().find(|&k| !gradient[k].is_zero())?;
        let end = (start..rest.end).find(|&k| gradient[k].is_zero()).unwrap_or(rest.end);
        rest.start = end;
        Some(start..end)
    })
}
