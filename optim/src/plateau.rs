//! Lowering the learning rate when the loss stops improving.

use autodiff::Error;

use crate::settings;

/// A factor of the learning rate that falls when the loss stops improving, as PyTorch's `ReduceLROnPlateau`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    step_factor: f64,
    patience: usize,
    factor: f64,
    best: f64,
    waited: usize,
}

impl Plateau {
    /// A factor that starts at 1, and is multiplied by `factor` each time the loss has not improved for more than `patience`
    /// observations in a row.
    pub fn new(factor: f64, patience: usize) -> Self {
        Plateau { step_factor: factor, patience, factor: 1.0, best: f64::INFINITY, waited: 0 }
    }

    /// Checks that `factor` is from 0 up to, but not including, 1.
    ///
    /// # Errors
    /// [`Error::Setting`] otherwise.
    pub fn check(&self) -> Result<(), Error> {
        settings::fraction_below_one("plateau factor", self.step_factor)
    }

    /// The current factor.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Observes a loss, and returns the factor from now on. A loss that is NaN is no improvement.
    pub fn observe(&mut self, loss: f64) -> f64 {
        if loss < self.best {
            (self.best, self.waited) = (loss, 0);
        } else {
            self.waited = self.waited.saturating_add(1);
        }
        if self.waited > self.patience {
            self.factor *= self.step_factor;
            self.waited = 0;
        }
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_lowers_the_rate_once_patience_ends() {
        let mut plateau = Plateau::new(0.1, 1);
        let factors = [3.0, 2.0, 2.0, 2.5, 1.0, 1.0].map(|loss| plateau.observe(loss));
        assert_eq!(factors, [1.0, 1.0, 1.0, 0.1, 0.1, 0.1]);
    }
}
