//! How the learning rate changes in the training.

use autodiff::Real;
use optim::Schedule;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<ScheduleAxis>());

struct ScheduleAxis(fn(u64) -> Schedule);

impl Axis for ScheduleAxis {
    const NAME: &'static str = "schedule";
    const COLUMN: u32 = 28;
    const HELP: &'static str = "Schedule of the learning rate over the steps: constant, cosine, warm-up (a tenth of the steps), step (a tenth, twice), one-cycle.";
    const DEFAULT: &'static str = "constant";
    const EXAMPLES: &'static str = "constant,cosine,warm-up,step,one-cycle";
    const WITH: &'static [(&'static str, &'static str)] = &[("steps", "20")];

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &SCHEDULES).map(ScheduleAxis)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.schedule = self.0;
    }
}

/// The schedule over a number of steps.
type MakeSchedule = fn(u64) -> Schedule;

const SCHEDULES: [(&str, MakeSchedule); 5] = [
    ("constant", |_| Schedule::Constant),
    ("cosine", |steps| Schedule::Cosine { steps: steps.max(1), end: 0.0, stretch: 1.0 }),
    ("warm-up", |steps| Schedule::WarmUp { steps: (steps / 10).max(1), start: 0.01 }),
    ("step", |steps| Schedule::Step { every: (steps / 3).max(1), factor: 0.1 }),
    ("one-cycle", |steps| Schedule::OneCycle { steps: steps.max(1), rise: 0.3, start: 0.04, end: 0.0 }),
];
