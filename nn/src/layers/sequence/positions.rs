//! Positions added to a sequence: sinusoidal and learned. Rotary positions are a setting of attention.

use autodiff::{ParamId, Real, Scope, Tensor, Var};

use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::require;

/// Adds sines and cosines of the position (Vaswani 2017, section 3.5): to feature `2i` of step `p` the sine, to feature
/// `2i + 1` the cosine, of `p / 10000^(2i/features)`. No parameters, and any number of steps.
///
/// # Shapes
/// Input and output `[.., steps, features]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinusoidalPositions;

impl<T: Real> Module<T> for SinusoidalPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        let &[.., steps, features] = &shape[..] else {
            return invalid_input("sinusoidal_positions", "the input must be [.., steps, features]", x);
        };
        let wave = |k: usize| {
            let (step, feature) = (k / features, k % features);
            let angle = step as f64 * 10_000_f64.powf(-((feature - feature % 2) as f64) / features as f64);
            T::from_f64(if feature % 2 == 0 { angle.sin() } else { angle.cos() })
        };
        match Tensor::try_from_fn([steps, features], wave) {
            Ok(waves) => x + x.recording().constant(&waves),
            Err(error) => invalid_input("sinusoidal_positions", error.to_string(), x),
        }
    }
}

/// Adds a learned vector for each position (Gehring 2017).
///
/// # Shapes
/// Input and output `[.., steps, features]`, with at most `positions` steps.
///
/// Parameter: `weight`, `[positions, features]`, standard normal at first, as that of an [`Embedding`](crate::Embedding).
#[derive(Clone, Copy, Debug)]
pub struct LearnedPositions {
    weight: ParamId,
    positions: usize,
}

impl LearnedPositions {
    /// Vectors of `features` numbers for the first `positions` steps.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, positions: usize, features: usize) -> Self {
        let shape = [positions, features];
        let weight = Initial::Normal { variance: 1.0 }.register(&mut scope, "weight", &shape, &shape);
        LearnedPositions { weight, positions }
    }

    /// The vectors, `[positions, features]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }
}

impl<T: Real> Module<T> for LearnedPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        let &[.., steps, _] = &shape[..] else {
            return invalid_input("learned_positions", "the input must be [.., steps, features]", x);
        };
        let most = format_args!("at most {}, the number of positions", self.positions);
        match require("the number of steps", steps, steps <= self.positions, most) {
            Ok(()) => x + x.recording().param(self.weight).narrow(0, 0..steps),
            Err(reason) => invalid_input("learned_positions", reason, x),
        }
    }
}
