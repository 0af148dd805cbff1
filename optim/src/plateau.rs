//! A learning rate that follows the loss.

use autodiff::Error;

use crate::settings;

/// A factor that falls when the loss stands still: by `factor` after `patience` observations without progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    fall: f64,
    patience: usize,
    factor: f64,
    best: f64,
    waited: usize,
}

impl Plateau {
    /// Starts at 1; multiplied by `factor` each time the loss has not become smaller for more than `patience` observations.
    pub fn new(factor: f64, patience: usize) -> Self {
        Plateau { fall: factor, patience, factor: 1.0, best: f64::INFINITY, waited: 0 }
    }

    /// Whether what it multiplies by is from 0 up to, but not including, 1.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<(), Error> {
        settings::share("plateau factor", self.fall)
    }

    /// The factor as it stands.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Takes note of a loss and gives the factor from now on.
    pub fn observe(&mut self, loss: f64) -> f64 {
        if loss < self.best {
            (self.best, self.waited) = (loss, 0);
        } else {
            self.waited = self.waited.saturating_add(1);
        }
        if self.waited > self.patience {
            self.factor *= self.fall;
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
