//! Allocations that may fail.

use std::fmt;

/// An allocation that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutOfMemory {
    count: usize,
    size: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no memory for {} values of {} bytes", self.count, self.size)
    }
}

impl std::error::Error for OutOfMemory {}

/// An empty vector with capacity for `count` values.
pub(crate) fn reserved<T>(count: usize) -> Result<Vec<T>, OutOfMemory> {
    let mut values = Vec::new();
    reserve(&mut values, count)?;
    Ok(values)
}

/// Reserves capacity for exactly `more` values.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> Result<(), OutOfMemory> {
    let count = values.len().saturating_add(more);
    values.try_reserve_exact(more).map_err(|_| OutOfMemory { count, size: size_of::<T>() })
}
