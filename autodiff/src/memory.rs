//! Memory is asked for before it is used: where there is too little, an error says what it was for and how much it was.
//!
//! `vec!`, `collect` and `Vec::with_capacity` abort the process instead, so what a user's number sizes comes from here.

use crate::array::Shape;
use crate::error::Error;

/// An empty vector with room for `length` values; nothing in `length` is a number past `usize`.
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

/// Room for the values of a tensor of this shape.
pub(crate) fn room_for<T>(shape: &Shape) -> Result<Vec<T>, Error> {
    room(|| format!("a tensor of shape {shape}"), shape.checked_size())
}

/// Room for `more` values behind those of `values`: twice the memory where there is so much, as `Vec` grows, else what is due.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize) -> bool {
    values.try_reserve(more).is_ok() || values.try_reserve_exact(more).is_ok()
}

pub(crate) fn exhausted<T>(what: String, length: Option<usize>) -> Error {
    Error::Memory { what, bytes: length.and_then(|length| length.checked_mul(size_of::<T>())) }
}

/// The value, or a panic with the error's message: for constructors that return plain values, as those of `Vec` do.
#[track_caller]
#[expect(clippy::panic, reason = "documented where it is called")]
pub(crate) fn or_panic<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
