//! Early stopping: ending training when the validation loss stops improving.

use autodiff::{Error, Params, Real};

use crate::settings;

/// What [`EarlyStopping::observe`] makes of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppingStatus {
    /// The loss is the best so far.
    Improved,
    /// The loss has not improved, for fewer than `patience` observations in a row.
    Waiting,
    /// The loss has not improved for `patience` observations in a row: training should stop.
    Stop,
}

/// Early stopping (Prechelt 1998): says when the validation loss has not improved for `patience` observations in a row, and keeps
/// a copy of the parameters and state that had the best one.
///
/// ```
/// use autodiff::Params;
/// use optim::{EarlyStopping, StoppingStatus};
///
/// let params = Params::<f32>::new(0);
/// let mut stopping = EarlyStopping::new(2);
/// let status = [0.9, 0.7, 0.8, 0.7].map(|validation_loss| stopping.observe(validation_loss, &params));
/// assert_eq!(status[1], StoppingStatus::Improved);
/// assert_eq!(status[3], StoppingStatus::Stop);
/// assert_eq!(stopping.best().map(|(loss, _)| loss), Some(0.7));
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping<T: Real> {
    patience: usize,
    min_change: f64,
    waited: usize,
    best: Option<(f64, Params<T>)>,
}

impl<T: Real> EarlyStopping<T> {
    /// Stops after `patience` observations in a row without improvement. Any smaller loss is an improvement.
    pub fn new(patience: usize) -> Self {
        EarlyStopping { patience, min_change: 0.0, waited: 0, best: None }
    }

    /// Counts a loss as an improvement only if it is smaller than the best by more than `min_change`: Keras's `min_delta`.
    #[must_use]
    pub fn min_change(self, min_change: f64) -> Self {
        EarlyStopping { min_change, ..self }
    }

    /// Checks that the patience is at least 1, and the minimum change finite and not negative.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first setting that is not.
    pub fn check(&self) -> Result<(), Error> {
        settings::at_least_one("patience", self.patience as u64)?;
        settings::not_negative("minimum change", self.min_change)
    }

    /// Observes the validation loss of `params`, and copies them if it is the best so far. A loss that is NaN is no improvement.
    pub fn observe(&mut self, loss: f64, params: &Params<T>) -> StoppingStatus {
        let improved = self.best.as_ref().is_none_or(|(best, _)| loss < best - self.min_change) && !loss.is_nan();
        if improved {
            self.best = Some((loss, params.clone()));
            self.waited = 0;
            return StoppingStatus::Improved;
        }
        self.waited = self.waited.saturating_add(1);
        if self.waited >= self.patience { StoppingStatus::Stop } else { StoppingStatus::Waiting }
    }

    /// The number of observations since the last improvement.
    pub fn waited(&self) -> usize {
        self.waited
    }

    /// Continues after `waited` observations without improvement, with this best loss and its parameters.
    pub fn resume(&mut self, waited: usize, best: Option<(f64, Params<T>)>) {
        (self.waited, self.best) = (waited, best);
    }

    /// The best loss, and a copy of the parameters and state that had it.
    pub fn best(&self) -> Option<(f64, &Params<T>)> {
        self.best.as_ref().map(|(loss, params)| (*loss, params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_when_patience_ends_and_keeps_the_best() {
        let mut params = Params::<f64>::new(0);
        params.scope("p").parameter("value", [1], |_, _| {});
        let mut stopping = EarlyStopping::new(2).min_change(0.1);
        let losses = [1.0, 0.95, 0.8, f64::NAN, 0.75];
        let found: Vec<StoppingStatus> = losses
            .iter()
            .map(|&loss| {
                params.flat_mut()[0] += 1.0;
                stopping.observe(loss, &params)
            })
            .collect();
        use StoppingStatus::{Improved, Stop, Waiting};
        assert_eq!(found, [Improved, Waiting, Improved, Waiting, Stop]);
        let (loss, best) = stopping.best().unwrap();
        assert_eq!((loss, best.flat()), (0.8, &[3.0][..]));
    }
}
