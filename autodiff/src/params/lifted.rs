//! Parameters as dual numbers, for derivatives that are part of a recording: one copy a step, whoever reads it.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Params;
use crate::error::Error;
use crate::kernel::Components;
use crate::scalar::{Dual, Real};

/// A copy of parameters in another scalar.
type Copied = Box<dyn Any + Send + Sync>;

/// The parameters as dual numbers, made when they are first asked for after a change. Everything that changes parameters, state or
/// step calls [`LiftedCopy::forget`].
// The type is not named, because it has such a copy itself, and so on.
#[derive(Default)]
pub(super) struct LiftedCopy {
    current: OnceLock<Copied>,
    /// One of earlier values, whose memory is used again. Its lock is held while a copy is made.
    outdated: Mutex<Option<Copied>>,
    #[cfg(test)]
    count: std::sync::atomic::AtomicUsize,
}

impl Clone for LiftedCopy {
    fn clone(&self) -> Self {
        LiftedCopy::default()
    }
}

impl fmt::Debug for LiftedCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.current.get().is_some() { "current" } else { "none" })
    }
}

impl LiftedCopy {
    /// The parameters change.
    pub(super) fn forget(&mut self) {
        if let Some(copy) = self.current.take() {
            *self.outdated.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        }
    }
}

impl<T: Real> Params<T> {
    /// The parameters and state as dual numbers without tangents.
    ///
    /// # Errors
    /// If they do not fit into memory.
    pub(crate) fn lifted(&self) -> Result<&Params<Dual<T>>, Error> {
        loop {
            if let Some(copy) = self.lifted.current.get().and_then(|copy| copy.downcast_ref()) {
                return Ok(copy);
            }
            let mut outdated = self.lifted.outdated.lock().unwrap_or_else(PoisonError::into_inner);
            if self.lifted.current.get().is_none() {
                let old = outdated.take().and_then(|copy| copy.downcast().ok());
                // It is empty, and nobody else writes it under the lock.
                let _ = self.lifted.current.set(self.copied(old.map(|old| *old))?);
            }
        }
    }

    /// A copy as dual numbers, in the memory of an older one if there is one.
    fn copied(&self, old: Option<Params<Dual<T>>>) -> Result<Copied, Error> {
        #[cfg(test)]
        self.lifted.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let dual = |value| Dual::new(value, T::ZERO);
        let Some(mut copy) = old.filter(|old| old.values.has_layout_of(&self.values)) else {
            return Ok(Box::new(self.mapped(dual)?));
        };
        copy.set_step(self.step);
        copy.flat_mut().iter_mut().zip(self.flat()).for_each(|(to, &from)| *to = dual(from));
        copy.flat_state_mut().iter_mut().zip(&self.state).for_each(|(to, &from)| *to = dual(from));
        Ok(Box::new(copy))
    }
}

/// A scalar of derivatives with regard to `T`, in which parameters can be read.
pub(crate) trait Lifted<T: Real>: Components<T> {
    /// The parameters without tangents.
    ///
    /// # Errors
    /// If they do not fit into memory.
    fn params(params: &Params<T>) -> Result<&Params<Self>, Error>;
}

impl<T: Real> Lifted<T> for Dual<T> {
    fn params(params: &Params<T>) -> Result<&Params<Self>, Error> {
        params.lifted()
    }
}

impl<T: Real> Lifted<T> for Dual<Dual<T>> {
    fn params(params: &Params<T>) -> Result<&Params<Self>, Error> {
        params.lifted()?.lifted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;

    fn read(params: &Params<f64>) -> (Vec<f64>, Vec<f64>, u64) {
        let lifted = params.lifted().unwrap().lifted().unwrap();
        let values = |duals: &[Dual<Dual<f64>>]| duals.iter().map(|x| x.to_f64()).collect();
        (values(lifted.flat()), values(&lifted.state), lifted.step())
    }

    fn assert_current(params: &Params<f64>, copies: usize) {
        assert_eq!(read(params), (params.flat().to_vec(), params.state.clone(), params.step));
        assert_eq!(read(params), read(&params.clone()));
        assert_eq!(params.lifted.count.load(std::sync::atomic::Ordering::Relaxed), copies);
    }

    #[test]
    fn the_copy_follows_every_change_and_is_made_once_for_each() {
        let mut params = Params::<f64>::new(0);
        let w = params.scope("w").parameter("value", [2], |values, _| values.fill(1.0));
        let mean = params.scope("norm").state("mean", &Tensor::full([2], 0.5));
        assert_current(&params, 1);
        params.flat_mut()[1] = 3.0;
        assert_current(&params, 2);
        params.set(w, &[5.0, 6.0].into()).unwrap();
        assert_current(&params, 3);
        params.set_state(mean, &[0.25, 2.0].into()).unwrap();
        assert_current(&params, 4);
        params.set_step(7);
        assert_current(&params, 5);
        let grads = params.gradients();
        params.commit(&grads).unwrap();
        assert_current(&params, 6);
        params.scope("w").parameter("other", [3], |values, _| values.fill(2.0));
        assert_current(&params, 7);
        params.scope("norm").state("other", &Tensor::full([1], 9.0));
        assert_current(&params, 8);
    }
}
