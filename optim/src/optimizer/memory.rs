//! Memory that is tried before it is used.

use autodiff::{Error, Real};

/// This many zeros; `None` is more than can be counted.
///
/// # Errors
/// If they do not fit into memory.
pub(super) fn zeros<T: Real>(what: &str, count: Option<usize>) -> Result<Vec<T>, Error> {
    let mut zeros = Vec::new();
    match count {
        Some(count) if zeros.try_reserve_exact(count).is_ok() => {
            zeros.resize(count, T::ZERO);
            Ok(zeros)
        }
        count => {
            let bytes = count.and_then(|count| count.checked_mul(size_of::<T>()));
            Err(Error::Memory { what: what.to_owned(), bytes })
        }
    }
}
