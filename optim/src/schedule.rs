//! Learning-rate schedules.

use std::f64::consts::PI;

use autodiff::Error;

use crate::settings;

/// A learning-rate schedule: a factor of the rate for each step, counted from 0.
///
/// A loop passes `rate · schedule.factor(step)` to [`Optimizer::set_rate`](crate::Optimizer::set_rate) before each step.
///
/// ```
/// use optim::Schedule;
///
/// let warm_up = (2, Schedule::WarmUp { steps: 2, start: 0.0 });
/// let cosine = (4, Schedule::Cosine { steps: 4, end: 0.0, stretch: 1.0 });
/// let schedule = Schedule::Sequential(vec![warm_up, cosine]);
/// let factors = [0, 1, 2, 4].map(|step| (100.0 * schedule.factor(step)).round());
/// assert_eq!(factors, [0.0, 50.0, 100.0, 50.0]);
/// ```
///
/// [`Schedule::check`] refuses settings out of range. With such settings a factor may be infinite or NaN, which
/// [`Optimizer::step`](crate::Optimizer::step) refuses.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Always 1.
    Constant,
    /// `factor` to the power of `step / every`, rounded down: PyTorch's `StepLR`.
    Step {
        /// The number of steps between two changes.
        every: u64,
        /// The factor of each change.
        factor: f64,
    },
    /// `factor` to the power of the step: PyTorch's `ExponentialLR`.
    Exponential {
        /// The factor of each step.
        factor: f64,
    },
    /// Cosine annealing with warm restarts (Loshchilov and Hutter 2017): from 1 down to `end` along half a cosine, again and again.
    Cosine {
        /// The number of steps of the first period.
        steps: u64,
        /// The factor that a period ends with.
        end: f64,
        /// The length of each period as a multiple of the one before; 1 for periods of equal length.
        stretch: f64,
    },
    /// Linear warm-up: from `start` to 1 over `steps` steps; 1 from then on.
    WarmUp {
        /// The number of steps until the factor is 1.
        steps: u64,
        /// The first factor.
        start: f64,
    },
    /// The one-cycle policy (Smith 2018): from `start` up to 1 and down to `end`, each along half a cosine; `end` from then on.
    OneCycle {
        /// The number of steps of the cycle.
        steps: u64,
        /// The fraction of the steps in which the factor rises: PyTorch's `pct_start`.
        rise: f64,
        /// The first factor.
        start: f64,
        /// The last factor.
        end: f64,
    },
    /// One schedule after the other, each with its number of steps: PyTorch's `SequentialLR`. The last one goes on for ever,
    /// whatever its number.
    Sequential(Vec<(u64, Schedule)>),
}

/// From `from` to `to` along half a cosine, at `fraction` of the way.
fn half_cosine(from: f64, to: f64, fraction: f64) -> f64 {
    to + 0.5 * (from - to) * (1.0 + (PI * fraction).cos())
}

/// The fraction of its period that a step has come to. The periods have `length`, `length · stretch`, `length · stretch²` … steps,
/// but at least one.
fn fraction_of_period(step: f64, length: f64, stretch: f64) -> f64 {
    if stretch == 1.0 || length * stretch <= 1.0 && step >= length {
        let (from, length) = if stretch == 1.0 { (0.0, length) } else { (length, 1.0) };
        return (step - from) / length % 1.0;
    }
    // A larger stretch would overflow. With this one the second period is already longer than any step counted in a u64.
    let stretch = stretch.min(1e100);
    // The first n periods take length · (stretchⁿ − 1) / (stretch − 1) steps.
    let (growth, log) = (stretch - 1.0, stretch.ln());
    let start = |periods: f64| length * (periods * log).exp_m1() / growth;
    if stretch < 1.0 {
        let shrinking = (length.ln() / -log).ceil();
        if step >= start(shrinking) {
            return (step - start(shrinking)) % 1.0;
        }
    }
    // The summand lets a step belong to the period that starts at it, even where rounding puts the start just after it.
    let period = ((step * growth / length).ln_1p() / log + 1e-9).floor();
    let own = length * (period * log).exp();
    ((step - start(period)) / own).clamp(0.0, 1.0)
}

impl Schedule {
    /// Checks that periods have at least one step, factors are finite and not negative, fractions from 0 to 1, and the stretch
    /// positive and finite.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first setting that is not.
    pub fn check(&self) -> Result<(), Error> {
        match *self {
            Schedule::Constant => Ok(()),
            Schedule::Step { every, factor } => {
                settings::at_least_one("every", every)?;
                settings::not_negative("factor", factor)
            }
            Schedule::Exponential { factor } => settings::not_negative("factor", factor),
            Schedule::Cosine { steps, end, stretch } => {
                settings::at_least_one("steps", steps)?;
                settings::not_negative("end", end)?;
                settings::positive("stretch", stretch)
            }
            Schedule::WarmUp { steps, start } => {
                settings::at_least_one("steps", steps)?;
                settings::not_negative("start", start)
            }
            Schedule::OneCycle { steps, rise, start, end } => {
                settings::at_least_one("steps", steps)?;
                settings::fraction("rise", rise)?;
                settings::not_negative("start", start)?;
                settings::not_negative("end", end)
            }
            Schedule::Sequential(ref parts) => {
                settings::at_least_one("schedules", parts.len() as u64)?;
                parts.iter().try_for_each(|(_, schedule)| schedule.check())
            }
        }
    }

    /// The factor of the rate in this step, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
            Schedule::Exponential { factor } => factor.powf(step as f64),
            Schedule::Cosine { steps, end, stretch } => {
                half_cosine(1.0, end, fraction_of_period(step as f64, steps.max(1) as f64, stretch))
            }
            Schedule::WarmUp { steps, start } => start + (1.0 - start) * (step as f64 / steps.max(1) as f64).min(1.0),
            Schedule::OneCycle { steps, rise, start, end } => {
                let (step, top) = (step.min(steps) as f64, rise * steps as f64);
                if step < top {
                    half_cosine(start, 1.0, step / top)
                } else {
                    half_cosine(1.0, end, (step - top) / (steps as f64 - top).max(1.0))
                }
            }
            Schedule::Sequential(ref parts) => {
                let mut own_step = step;
                for (index, (steps, schedule)) in parts.iter().enumerate() {
                    if own_step < *steps || index + 1 == parts.len() {
                        return schedule.factor(own_step);
                    }
                    own_step -= steps;
                }
                1.0
            }
        }
    }
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
        let parts = vec![(2, Schedule::WarmUp { steps: 2, start: 0.0 }), (0, Schedule::Exponential { factor: 0.5 })];
        assert_factors(&Schedule::Sequential(parts), &[0.0, 0.5, 1.0, 0.5, 0.25]);
    }

    /// The fraction found by adding up one period after the other.
    fn fraction_by_counting(mut step: f64, mut length: f64, stretch: f64) -> f64 {
        while step >= length {
            step -= length;
            length = (length * stretch).max(1.0);
        }
        step / length
    }

    #[test]
    fn periods_are_those_found_by_adding_them_up() {
        for stretch in [1.0, 2.0, 1.5, 1.1, 3.0, 0.5, 0.9, 0.1, 1e-9, 1e9] {
            for length in [1.0, 2.0, 7.0, 10.0, 64.0] {
                for step in 0..2000 {
                    let (found, due) = (
                        fraction_of_period(f64::from(step), length, stretch),
                        fraction_by_counting(f64::from(step), length, stretch),
                    );
                    // Rounding may confuse the end of a period with the start of the next, between which the factor jumps.
                    let apart = (found - due).abs();
                    assert!(apart < 1e-9 || 1.0 - apart < 1e-9, "{length} · {stretch}ⁿ at {step}: {found}, not {due}");
                }
            }
        }
    }

    #[test]
    fn any_step_of_any_schedule_has_its_factor_at_once() {
        let numbers = [0.0, 0.5, 1.0, 1.0000001, 0.9999999, 2.0, 1e300, f64::MAX, f64::MIN_POSITIVE, -1.0];
        let numbers = numbers.into_iter().chain([f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        for number in numbers {
            for steps in [0, 1, 3, 1 << 40, u64::MAX] {
                let of = |start, end, stretch, rise| {
                    let cosine = Schedule::Cosine { steps, end, stretch };
                    let cycle = Schedule::OneCycle { steps, rise, start, end };
                    let sequential = Schedule::Sequential(vec![(steps, cosine.clone()), (u64::MAX, cycle.clone())]);
                    [
                        Schedule::Step { every: steps, factor: end },
                        Schedule::WarmUp { steps, start },
                        cosine,
                        cycle,
                        sequential,
                    ]
                };
                let tried = [
                    of(number, 0.5, 2.0, 0.5),
                    of(0.5, number, 2.0, 0.5),
                    of(0.5, 0.5, number, 0.5),
                    of(0.5, 0.5, 2.0, number),
                ];
                for schedule in tried.into_iter().flatten().chain([Schedule::Exponential { factor: number }]) {
                    for step in [0, 1, 2, 1 << 53, 1 << 60, u64::MAX - 1, u64::MAX] {
                        let factor = schedule.factor(step);
                        if schedule.check().is_ok() {
                            assert!(factor >= 0.0, "{schedule:?} at {step}: {factor}");
                        }
                    }
                }
            }
        }
        // The shortest period is one step, of which each is the first.
        assert_eq!(Schedule::Cosine { steps: 10, end: 0.0, stretch: 0.5 }.factor(1 << 60), 1.0);
        let slow = Schedule::Cosine { steps: 10, end: 0.0, stretch: 1.0000001 };
        assert!((0.0..=1.0).contains(&slow.factor(u64::MAX)));
    }
}
