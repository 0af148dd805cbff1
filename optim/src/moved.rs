//! Parameters that are moved for a while, to evaluate a function there.

use autodiff::op::dispatch;
use autodiff::{ParamVec, Params, Real};

/// Parameters that are back where they were, to the bit, once this is dropped: after an error and after a panic too.
#[derive(Debug)]
pub(crate) struct Moved<'p, T: Real> {
    params: &'p mut Params<T>,
    start: &'p ParamVec<T>,
    is_kept: bool,
}

impl<'p, T: Real> Moved<'p, T> {
    /// `start` holds a copy of the parameters.
    pub(crate) fn new(params: &'p mut Params<T>, start: &'p ParamVec<T>) -> Self {
        Moved { params, start, is_kept: false }
    }

    /// Moves the parameters to `start + step · direction`.
    pub(crate) fn along(&mut self, direction: &[T], step: f64) {
        let step = T::from_f64(step);
        let entries = self.params.flat_mut().iter_mut().zip(self.start.flat()).zip(direction);
        dispatch(move || entries.for_each(|((value, &start), &d)| *value = start + step * d));
    }

    /// The parameters where they are now.
    pub(crate) fn params(&self) -> &Params<T> {
        self.params
    }

    /// Leaves the parameters where they are.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl<T: Real> Drop for Moved<'_, T> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.params.flat_mut().copy_from_slice(self.start.flat());
        }
    }
}
