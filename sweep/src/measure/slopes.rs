//! Where an activation has no slope, so that no gradient passes.

use autodiff::{Error, Mode, Params, Real, Tape, Tensor};
use nn::Module;

use crate::blueprint::Function;

/// A slope is none if it is below this share of the largest.
const SHARE: f64 = 0.01;

/// The slopes of an activation.
pub(super) struct Slopes<'a, T: Real> {
    activation: &'a Function<T>,
    least: f64,
}

impl<'a, T: Real> Slopes<'a, T> {
    pub(super) fn new(activation: &'a Function<T>) -> Result<Self, Error> {
        let grid = Tensor::from_fn([401], |k| T::from_f64(0.05 * k as f64 - 10.0));
        let largest = slopes(activation, &grid)?.data().iter().map(|slope| slope.to_f64().abs()).fold(0.0, f64::max);
        Ok(Slopes { activation, least: SHARE * largest })
    }

    /// The share of units without slope at any sample, and the share of values without slope, of `[samples, units, ..]`.
    pub(super) fn measure(&self, u: &Tensor<T>) -> Result<(f64, f64), Error> {
        let slopes = slopes(self.activation, u)?;
        let samples = u.shape().first().copied().unwrap_or(1);
        let units = slopes.data().len() / samples.max(1);
        let mut alive = vec![false; units];
        let mut flat = 0;
        for (k, slope) in slopes.data().iter().enumerate() {
            let has_slope = slope.to_f64().abs() >= self.least;
            alive[k % units] |= has_slope;
            flat += usize::from(!has_slope);
        }
        let dead = alive.iter().filter(|&&alive| !alive).count();
        Ok((dead as f64 / units as f64, flat as f64 / slopes.data().len() as f64))
    }
}

fn slopes<T: Real>(activation: &Function<T>, points: &Tensor<T>) -> Result<Tensor<T>, Error> {
    let params = Params::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    let x = t.variable(points);
    activation.forward(x).sum(..).backward(&mut grads)?;
    grads.of(x)
}
