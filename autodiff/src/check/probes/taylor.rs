//! Taylor's test, as pyadjoint and PETSc do it.

use crate::array::Tensor;
use crate::check::columns::ROOM;
use crate::check::examiner::Examiner;
use crate::check::report::{Probe, Rates};
use crate::check::tensors::{moved, scale};
use crate::check::trial::Slope;
use crate::error::Error;

/// The number of steps, each half of the one before.
const STEPS: i32 = 34;

/// A remainder counts while it is this multiple of its rounding error.
const ABOVE_ROUNDING: f64 = 32.0;

/// The remainders at one step.
struct Remainder {
    step: f64,
    /// f(x + h v) − f(x) − h ⟨g(x), v⟩, and with the mean of the gradients at both ends.
    orders: [f64; 2],
    /// What rounding can make of them.
    rounding: f64,
}

impl Examiner<'_> {
    /// With g the gradient, f(x + h v) − f(x) − h ⟨g(x), v⟩ falls as h², and f(x + h v) − f(x) − h ⟨(g(x) + g(x + h v))/2, v⟩,
    /// which subtracts the second-order term as well, as h³. A wrong gradient leaves both falling as h; rounding leaves no rate.
    pub(super) fn taylor(&mut self) -> Result<(), Error> {
        let v = self.direction();
        let v = self.domain.with_room(&self.inputs, &v, ROOM);
        let gradients = self.gradients()?;
        let (found, terms) = Self::slope_of(&gradients, &v);
        let remainders = self.remainders(&gradients, &v)?;
        self.report.comparisons += remainders.len();
        let slopes = [0, 1].map(|order| rate(&remainders, order));
        let smallest = |order: usize| usable(&remainders, order).last().map(|remainder| remainder.step);
        let rates = Rates { first: slopes[0], second: slopes[1], until: smallest(0) };
        self.report.taylor.push(rates);
        let falls = slopes[0].is_none_or(|rate| rate > 1.5);
        if falls {
            return Ok(());
        }
        let inputs = self.inputs.clone();
        let slope = Slope { inputs: &inputs, v: &v, found, size: terms };
        if self.exact(slope)?.is_some() {
            self.is_kink(slope)?;
            return Ok(()); // or a detached path, or a function that bends faster than the steps: said elsewhere
        }
        let judgement = self.judge(slope)?;
        if self.is_mistake(judgement, &self.describe()) {
            self.note_slope(Probe::Taylor, &rates.to_string(), Slope { size: 1.0 + terms, ..slope })?;
        }
        Ok(())
    }

    /// The remainders at falling steps, until the function is not finite or a step is refused.
    fn remainders(&self, gradients: &[Tensor<f64>], v: &[Tensor<f64>]) -> Result<Vec<Remainder>, Error> {
        let here = self.along(&self.inputs, v, 0.0)?;
        let (slope, _) = Self::slope_of(gradients, v);
        let first = self.domain.step(&self.inputs, v, 0.25);
        let mut remainders = Vec::new();
        for power in 0..STEPS {
            let step = first * 0.5_f64.powi(power);
            let there = moved(&self.inputs, v, step);
            // The step that was made, after rounding.
            let (above, end) = (self.along(&there, v, 0.0)?, self.gradients_at(&there)?);
            let (slope_there, _) = Self::slope_of(&end, v);
            let change = above - here;
            let orders = [change - step * slope, change - step * (slope + slope_there) / 2.0].map(f64::abs);
            let rounding = self.subject.epsilon()
                * (above.abs() + here.abs() + scale(&self.cotangent, &self.output) + step * slope.abs());
            remainders.push(Remainder { step, orders, rounding });
        }
        Ok(remainders)
    }
}

/// The remainders that are above rounding.
fn usable(remainders: &[Remainder], order: usize) -> impl Iterator<Item = &Remainder> {
    let above = move |remainder: &&Remainder| {
        let size = remainder.orders[order];
        size.is_finite() && size > ABOVE_ROUNDING * remainder.rounding
    };
    remainders.iter().take_while(move |remainder| above(remainder))
}

/// The rate at which the smallest remainders above rounding fall: the median over the last halvings. `None` if there are too
/// few: the remainder is exactly zero, or all rounding.
fn rate(remainders: &[Remainder], order: usize) -> Option<f64> {
    const LAST: usize = 5;
    let usable: Vec<&Remainder> = usable(remainders, order).collect();
    let halvings = usable.windows(2).map(|pair| (pair[0].orders[order] / pair[1].orders[order]).log2());
    let mut rates: Vec<f64> = halvings.collect();
    if rates.len() < 2 {
        return None;
    }
    rates.drain(..rates.len().saturating_sub(LAST));
    rates.sort_by(f64::total_cmp);
    Some(rates[rates.len() / 2])
}
