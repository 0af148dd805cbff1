//! Fallible allocation: if memory is short, the error says what it was for and how many bytes were requested.
//!
//! `vec!`, `collect` and `Vec::with_capacity` abort the process instead, so every buffer whose size a user controls is
//! allocated here.

use crate::array::Shape;
use crate::error::Error;

/// An empty vector with capacity for `length` values; `None` is a length that exceeds `usize`.
pub(crate) fn room<T>(what: impl FnOnce() -> String, length: Option<usize>) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    let fits = length.is_some_and(|length| values.try_reserve_exact(length).is_ok());
    if fits { Ok(values) } else { Err(exhausted::<T>(what(), length)) }
}

/// `length` copies of `value`.
pub(crate) fn filled<T: Clone>(what: impl FnOnce() -> String, length: usize, value: T) -> Result<Vec<T>, Error> {
    let mut values = room(what, Some(length))?;
    values.resize(length, value);
    Ok(values)
}

/// An empty vector with capacity for the values of a tensor of this shape.
pub(crate) fn room_for<T>(shape: &Shape) -> Result<Vec<T>, Error> {
    room(|| format!("a tensor of shape {shape}"), shape.checked_size())
}

/// Reserves capacity for `more` values: doubles it, as `Vec` does, or else takes exactly what is needed. Returns whether
/// it succeeded.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> bool {
    values.try_reserve(more).is_ok() || values.try_reserve_exact(more).is_ok()
}

pub(crate) fn exhausted<T>(what: String, length: Option<usize>) -> Error {
    Error::Memory { what, bytes: length.and_then(|length| length.checked_mul(size_of::<T>())) }
}

/// Returns the value or panics with the error's message: for constructors that, like those of `Vec`, return plain values.
#[track_caller]
#[expect(clippy::panic, reason = "documented where it is called")]
pub(crate) fn or_panic<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
