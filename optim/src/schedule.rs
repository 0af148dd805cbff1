//! Learning rates over time.

use std::f64::consts::PI;

use autodiff::Error;

use crate::settings;

/// A factor of the learning rate for each step, counted from 0. Give `rate · schedule.factor(step)` to
/// [`Optimizer::set_rate`](crate::Optimizer::set_rate).
///
/// [`Schedule::check`] refuses settings out of range. With them a factor may be infinite or NaN, which makes a rate that no step
/// accepts.
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

/// How far a step is through its period. The periods are `length`, `length · stretch`, `length · stretch²` … steps long, but at
/// least one step.
fn share_of_period(step: f64, length: f64, stretch: f64) -> f64 {
    if stretch == 1.0 || length * stretch <= 1.0 && step >= length {
        let (from, length) = if stretch == 1.0 { (0.0, length) } else { (length, 1.0) };
        return (step - from) / length % 1.0;
    }
    // No second period is longer than the steps that can be counted: more stretch makes no difference but overflow.
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
    // A start that rounding puts just behind its step is meant.
    let period = ((step * growth / length).ln_1p() / log + 1e-9).floor();
    let own = length * (period * log).exp();
    ((step - start(period)) / own).clamp(0.0, 1.0)
}

impl Schedule {
    /// Whether all settings are in their ranges: periods of at least one step, factors finite and not negative, shares from 0 to
    /// 1, a stretch that is positive and finite.
    ///
    /// # Errors
    /// [`Error::Setting`], with the name of the setting.
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
                settings::within_one("rise", rise)?;
                settings::not_negative("start", start)?;
                settings::not_negative("end", end)
            }
            Schedule::Chained(ref parts) => {
                settings::at_least_one("chained schedules", parts.len() as u64)?;
                parts.iter().try_for_each(|(_, schedule)| schedule.check())
            }
        }
    }

    /// The factor of this step.
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
            Schedule::Exponential { factor } => factor.powf(step as f64),
            Schedule::Cosine { steps, end, stretch } => {
                half_cosine(1.0, end, share_of_period(step as f64, steps.max(1) as f64, stretch))
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

    /// The period found by adding up one after the other.
    fn share_by_counting(step: f64, mut length: f64, stretch: f64) -> f64 {
        let mut place = step;
        while place >= length {
            place -= length;
            length = (length * stretch).max(1.0);
        }
        place / length
    }

    #[test]
    fn periods_are_those_found_by_adding_them_up() {
        for stretch in [1.0, 2.0, 1.5, 1.1, 3.0, 0.5, 0.9, 0.1, 1e-9, 1e9] {
            for length in [1.0, 2.0, 7.0, 10.0, 64.0] {
                for step in 0..2000 {
                    let (found, due) = (
                        share_of_period(f64::from(step), length, stretch),
                        share_by_counting(f64::from(step), length, stretch),
                    );
                    // The end of a period and the start of the next may be one to rounding; the factor jumps between them.
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
                    let chained = Schedule::Chained(vec![(steps, cosine.clone()), (u64::MAX, cycle.clone())]);
                    [
                        Schedule::Step { every: steps, factor: end },
                        Schedule::WarmUp { steps, start },
                        cosine,
                        cycle,
                        chained,
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
