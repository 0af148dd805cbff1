//! Early stopping: the weights that did best on held-out data.

use autodiff::{Error, Params, Real};

use crate::settings;

/// What an observation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is the best so far.
    Best,
    /// It is not, but patience lasts.
    Wait,
    /// There has been no progress for as many observations as patience allows.
    Stop,
}

/// Early stopping (Prechelt 1998): ends training when the validation loss has not become smaller by `minimum` for `patience`
/// observations, and keeps the parameters, with their state, of the best one.
#[derive(Clone, Debug)]
pub struct EarlyStopping<T: Real> {
    patience: usize,
    minimum: f64,
    waited: usize,
    best: Option<(f64, Params<T>)>,
}

impl<T: Real> EarlyStopping<T> {
    /// Stops after so many observations without progress; any smaller loss is progress.
    pub fn new(patience: usize) -> Self {
        EarlyStopping { patience, minimum: 0.0, waited: 0, best: None }
    }

    /// A loss is progress only if it is smaller by more than this.
    #[must_use]
    pub fn minimum_change(self, minimum: f64) -> Self {
        EarlyStopping { minimum, ..self }
    }

    /// Whether the settings are in their ranges: a patience of at least 1, and a minimum change that is finite and not negative.
    ///
    /// # Errors
    /// [`Error::Setting`], with the name of the setting.
    pub fn check(&self) -> Result<(), Error> {
        settings::at_least_one("patience", self.patience as u64)?;
        settings::not_negative("minimum change", self.minimum)
    }

    /// Takes note of the loss on held-out data; one that is no number is no progress.
    pub fn observe(&mut self, loss: f64, params: &Params<T>) -> Progress {
        let better = self.best.as_ref().is_none_or(|(best, _)| loss < best - self.minimum) && !loss.is_nan();
        if better {
            self.best = Some((loss, params.clone()));
            self.waited = 0;
            return Progress::Best;
        }
        self.waited = self.waited.saturating_add(1);
        if self.waited >= self.patience { Progress::Stop } else { Progress::Wait }
    }

    /// How many observations in a row were no progress.
    pub fn waited(&self) -> usize {
        self.waited
    }

    /// Goes on where an earlier run stood.
    pub fn resume(&mut self, waited: usize, best: Option<(f64, Params<T>)>) {
        (self.waited, self.best) = (waited, best);
    }

    /// The smallest loss, and the parameters that had it.
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
        let mut stopping = EarlyStopping::new(2).minimum_change(0.1);
        let losses = [1.0, 0.95, 0.8, f64::NAN, 0.75];
        let found: Vec<Progress> = losses
            .iter()
            .map(|&loss| {
                params.flat_mut()[0] += 1.0;
                stopping.observe(loss, &params)
            })
            .collect();
        assert_eq!(found, [Progress::Best, Progress::Wait, Progress::Best, Progress::Wait, Progress::Stop]);
        let (loss, best) = stopping.best().unwrap();
        assert_eq!((loss, best.flat()), (0.8, &[3.0][..]));
    }
}
