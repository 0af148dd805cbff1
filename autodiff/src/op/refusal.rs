//! What an operation refuses while it runs: one that runs others in its `forward` learns of a bad value only there.

use std::cell::RefCell;

use crate::error::Mismatch;

thread_local! {
    /// The first refusal.
    static REFUSED: RefCell<Option<Mismatch>> = const { RefCell::new(None) };
}

/// Notes why the operation that runs on this thread refuses its inputs.
pub(crate) fn refuse(mismatch: Mismatch) {
    REFUSED.with_borrow_mut(|refused| refused.get_or_insert(mismatch).reason.len());
}

/// What was refused on this thread since the last call.
pub(crate) fn refused() -> Option<Mismatch> {
    REFUSED.take()
}
