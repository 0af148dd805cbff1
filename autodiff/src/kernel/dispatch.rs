//! Temporary.
pub(crate) fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    work()
}
