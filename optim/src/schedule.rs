//! Learning rates over time.

use std::f64::consts::PI;

/// A factor of the learning rate for each step, counted from 0. Give `rate · schedule.factor(step)` to
/// [`Optimizer::set_rate`](crate::Optimizer::set_rate).
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Always 1.
    Constant,
    /// `factor` to the number of whole periods of `every` steps.
    Step {
        /// Steps of a period.
        every: u64,
        /// What each period multiplies by.
        factor: f64,
    },
    /// `factor` to the power of the step.
    Exponential {
        /// What each step multiplies by.
        factor: f64,
    },
    /// From 1 down to `end` along a half cosine, again and again (Loshchilov and Hutter 2017), each time over `stretch` as many
    /// steps as the time before.
    Cosine {
        /// Steps of the first period.
        steps: u64,
        /// The last factor of a period.
        end: f64,
        /// How much longer each period is than the last; 1 for periods of one length.
        stretch: f64,
    },
    /// From `start` up to 1 along a line, over so many steps; 1 from then on.
    WarmUp {
        /// Steps until 1.
        steps: u64,
        /// The first factor.
        start: f64,
    },
    /// One cycle (Smith 2018) of half cosines: from `start` up to 1 over the first `rise` of the steps, then down to `end`.
    OneCycle {
        /// Steps of the cycle; the last factor stays behind it.
        steps: u64,
        /// The share of steps on the way up.
        rise: f64,
        /// The first factor.
        start: f64,
        /// The last factor.
        end: f64,
    },
    /// One schedule after the other: each for so many of its steps, the last for ever.
    Chained(Vec<(u64, Schedule)>),
}

/// From `from` to `to` along a half cosine, at a share of the way.
fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + 0.5 * (from - to) * (1.0 + (PI * share).cos())
}

impl Schedule {
    /// The factor of this step.
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
            Schedule::Exponential { factor } => factor.powf(step as f64),
            Schedule::Cosine { steps, end, stretch } => {
                let (mut length, mut place) = (steps.max(1) as f64, step as f64);
                if stretch == 1.0 {
                    place %= length;
                }
                while place >= length {
                    place -= length;
                    length = (length * stretch).max(1.0);
                }
                half_cosine(1.0, end, place / length)
            }
            Schedule::WarmUp { steps, start } => start + (1.0 - start) * (step as f64 / steps.max(1) as f64).min(1.0),
            Schedule::OneCycle { steps, rise, start, end } => {
                let (place, top) = (step.min(steps) as f64, rise * steps as f64);
                if place < top {
                    half_cosine(start, 1.0, place / top)
                } else {
                    half_cosine(1.0, end, (place - top) / (steps as f64 - top).max(1.0))
                }
            }
            Schedule::Chained(ref parts) => {
                let mut place = step;
                for (number, (steps, schedule)) in parts.iter().enumerate() {
                    if place < *steps || number + 1 == parts.len() {
                        return schedule.factor(place);
                    }
                    place -= steps;
                }
                1.0
            }
        }
    }
}

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

    /// The factor as it stands.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Takes note of a loss and gives the factor from now on.
    pub fn observe(&mut self, loss: f64) -> f64 {
        if loss < self.best {
            (self.best, self.waited) = (loss, 0);
        } else {
            self.waited += 1;
        }
        if self.waited > self.patience {
            self.factor *= self.fall;
            self.waited = 0;
        }
        self.factor
    }
}

/// The learning-rate range test (Smith 2017): rates from `low` to `high`, each the same factor above the last; `loss` takes one
/// training step at the rate it is given and returns the loss in front of it. Ends where the loss is four times its smallest, or no
/// number. Gives the rates with their losses; a good rate is a few times below the one of the smallest loss.
pub fn find_rate<E>(
    low: f64,
    high: f64,
    steps: usize,
    mut loss: impl FnMut(f64) -> Result<f64, E>,
) -> Result<Vec<(f64, f64)>, E> {
    let mut found: Vec<(f64, f64)> = Vec::with_capacity(steps);
    let mut smallest = f64::INFINITY;
    for step in 0..steps {
        let rate = low * (high / low).powf(step as f64 / steps.saturating_sub(1).max(1) as f64);
        let value = loss(rate)?;
        smallest = smallest.min(value);
        if value.is_nan() || value > 4.0 * smallest {
            break;
        }
        found.push((rate, value));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_factors(schedule: &Schedule, expected: &[f64]) {
        for (step, expected) in expected.iter().enumerate() {
            let found = schedule.factor(step as u64);
            assert!((found - expected).abs() < 1e-12, "{schedule:?} at {step}: {found}, not {expected}");
        }
    }

    #[test]
    fn factors_are_those_computed_by_hand() {
        assert_factors(&Schedule::Step { every: 2, factor: 0.1 }, &[1.0, 1.0, 0.1, 0.1, 0.01]);
        assert_factors(&Schedule::Exponential { factor: 0.5 }, &[1.0, 0.5, 0.25]);
        let cosine = Schedule::Cosine { steps: 2, end: 0.0, stretch: 2.0 };
        let quarter = 0.5 + 0.5_f64.sqrt() / 2.0;
        assert_factors(&cosine, &[1.0, 0.5, 1.0, quarter, 0.5, 1.0 - quarter, 1.0]);
        assert_factors(&Schedule::WarmUp { steps: 4, start: 0.2 }, &[0.2, 0.4, 0.6, 0.8, 1.0, 1.0]);
        let cycle = Schedule::OneCycle { steps: 4, rise: 0.5, start: 0.0, end: 0.2 };
        assert_factors(&cycle, &[0.0, 0.5, 1.0, 0.6, 0.2, 0.2]);
        let chained = vec![(2, Schedule::WarmUp { steps: 2, start: 0.0 }), (0, Schedule::Exponential { factor: 0.5 })];
        assert_factors(&Schedule::Chained(chained), &[0.0, 0.5, 1.0, 0.5, 0.25]);
    }

    #[test]
    fn a_plateau_lowers_the_rate_once_patience_ends() {
        let mut plateau = Plateau::new(0.1, 1);
        let factors = [3.0, 2.0, 2.0, 2.5, 1.0, 1.0].map(|loss| plateau.observe(loss));
        assert_eq!(factors, [1.0, 1.0, 1.0, 0.1, 0.1, 0.1]);
    }

    #[test]
    fn a_range_test_ends_where_the_loss_runs_away() {
        let found = find_rate(1e-3, 1e3, 7, |rate| Ok::<_, ()>(if rate < 5.0 { 1.0 / (1.0 + rate) } else { 9.0 }));
        let rates: Vec<f64> = found.into_iter().flatten().map(|(rate, _)| rate.log10().round()).collect();
        assert_eq!(rates, [-3.0, -2.0, -1.0, 0.0]);
    }
}
