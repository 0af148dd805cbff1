//! Proximal steps.

use autodiff::op::dispatch;
use autodiff::{Error, Real};

use super::Projection;
use crate::transforms::Penalty;

/// The proximal step of a penalty (Parikh and Boyd 2014): the `w'` that minimizes `½ (w' − w)² / η + penalty(w')`, where η is the
/// rate.
///
/// For [`L1`](crate::L1) this is soft thresholding, which sets entries of size up to `η λ` to exactly 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proximal(Penalty);

impl Proximal {
    /// The proximal step of `penalty`.
    pub fn new(penalty: impl Into<Penalty>) -> Self {
        Proximal(penalty.into())
    }
}

impl<T: Real> Projection<T> for Proximal {
    fn name(&self) -> &'static str {
        "proximal"
    }

    fn check(&self) -> Result<(), Error> {
        self.0.check_coefficients::<T>()
    }

    fn project_entries(&self, rate: f64, values: &mut [T]) {
        let Penalty { l1, l2 } = self.0;
        let (threshold, scale) = (T::from_f64(rate * l1), T::from_f64(1.0 + rate * l2));
        dispatch(move || {
            for w in values {
                let size = w.abs();
                let shrunk = if size > threshold { size - threshold } else { T::ZERO } / scale;
                *w = if *w < T::ZERO { -shrunk } else { shrunk };
            }
        });
    }
}
