//! What an operation refuses while it runs: one that runs others in its `forward` learns of a bad value only there.

use std::cell::{Cell, RefCell};
use std::sync::{Mutex, PoisonError};

use crate::error::Mismatch;

thread_local! {
    /// Whether there is a refusal: asked after every operation, so that it must cost nothing.
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
    /// The first refusal.
    static REFUSED: RefCell<Option<Mismatch>> = const { RefCell::new(None) };
}

/// Notes why the operation that runs on this thread refuses its inputs.
pub(crate) fn refuse(mismatch: Mismatch) {
    IS_REFUSED.set(true);
    REFUSED.with_borrow_mut(|refused| *refused = refused.take().or(Some(mismatch)));
}

/// What was refused on this thread since the last call.
#[inline]
pub(crate) fn refused() -> Option<Mismatch> {
    if IS_REFUSED.get() { take() } else { None }
}

#[cold]
fn take() -> Option<Mismatch> {
    IS_REFUSED.set(false);
    REFUSED.take()
}

/// Runs `work`, which takes what is refused in it; what was refused on this thread before stays.
pub(super) fn apart(work: impl FnOnce()) {
    let earlier = refused();
    work();
    if let Some(earlier) = earlier {
        refuse(earlier);
    }
}

/// The refusal that comes first, by its key, of several threads that work together.
#[derive(Debug)]
pub(crate) struct FirstRefusal<K>(Mutex<Option<(K, Mismatch)>>);

impl<K: Ord> FirstRefusal<K> {
    pub(crate) fn new() -> Self {
        FirstRefusal(Mutex::new(None))
    }

    pub(crate) fn note(&self, key: K, mismatch: Mismatch) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(first, _)| key < *first) {
            *kept = Some((key, mismatch));
        }
    }

    pub(crate) fn into_inner(self) -> Option<(K, Mismatch)> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
