//! Losses for regression: squared, absolute, and Huber.

use autodiff::{Real, Var};

use super::targets::{TargetKind, targets};
use super::{Loss, Reduction};
use crate::invalid::invalid_input;
use crate::settings::positive;

/// Squared loss, `(x − y)²`, without a factor ½.
///
/// # Shapes
/// `x`, `y` and the losses have one shape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Squared;

impl<T: Real> Loss<T> for Squared {
    #[track_caller]
    fn unreduced<'t>(&self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        (x - targets("squared", TargetKind::Number, x, y)).square()
    }
}

/// Absolute loss, `|x − y|`, whose minimum is the median. The derivative at 0 is 0.
///
/// # Shapes
/// `x`, `y` and the losses have one shape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Absolute;

impl<T: Real> Loss<T> for Absolute {
    #[track_caller]
    fn unreduced<'t>(&self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        (x - targets("absolute", TargetKind::Number, x, y)).abs()
    }
}

/// Huber loss (Huber 1964) of the difference `d = x − y`: `d²/2` up to `|d| = delta`, and `delta (|d| − delta/2)` beyond.
///
/// # Shapes
/// `x`, `y` and the losses have one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    /// The difference at which the parabola ends: a positive number.
    pub delta: f64,
}

impl Default for Huber {
    /// `delta` is 1.
    fn default() -> Self {
        Huber { delta: 1.0 }
    }
}

impl<T: Real> Loss<T> for Huber {
    #[track_caller]
    fn unreduced<'t>(&self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        let delta = self.delta;
        if let Err(reason) = positive::<T>("delta", delta) {
            return invalid_input("huber", reason, x);
        }
        let difference = x - targets("huber", TargetKind::Number, x, y);
        // Without d², which may overflow when the loss does not.
        let limited = difference.clamp(-delta, delta);
        limited * (difference - limited * 0.5)
    }
}

/// The mean [`Squared`] loss.
#[track_caller]
pub fn squared<'t, T: Real>(x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
    Squared.reduced(x, y, Reduction::Mean)
}

/// The mean [`Absolute`] loss.
#[track_caller]
pub fn absolute<'t, T: Real>(x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
    Absolute.reduced(x, y, Reduction::Mean)
}

/// The mean [`Huber`] loss.
#[track_caller]
pub fn huber<'t, T: Real>(x: Var<'t, T>, y: Var<'t, T>, delta: f64) -> Var<'t, T> {
    Huber { delta }.reduced(x, y, Reduction::Mean)
}

#[cfg(test)]
mod tests {
    use autodiff::check;

    use super::super::testing::{error_of, mean};
    use super::*;

    #[test]
    fn values_and_gradients_are_those_of_the_formulas() {
        assert_eq!(mean(&Squared, [1.0, 3.0].into(), [0.0, 5.0].into()), (2.5, [1.0, -2.0].into()));
        let x = || [1.0, 3.0, 5.0, 0.0].into();
        let y = || [0.0, 5.0, 5.0, 0.5].into();
        assert_eq!(mean(&Absolute, x(), y()), (0.875, [0.25, -0.25, 0.0, -0.25].into()));
        assert_eq!(mean(&Huber::default(), x(), y()), (0.53125, [0.25, -0.25, 0.0, -0.125].into()));
        assert_eq!(mean(&Huber { delta: 4.0 }, x(), y()).0, (0.5 + 2.0 + 0.125) / 4.0);
    }

    #[test]
    fn the_targets_have_a_gradient_too() {
        let inputs = || [[[0.3, -4.0], [0.7, 2.0]].into(), [[1.0, -0.5], [0.2, -0.9]].into()];
        check::function(|[x, y]| squared(x, y), inputs()).unwrap().assert();
        check::function(|[x, y]| absolute(x, y), inputs()).unwrap().assert();
        check::function(|[x, y]| huber(x, y, 0.8), inputs()).unwrap().assert();
    }

    #[test]
    fn a_difference_whose_square_overflows_has_a_huber_loss() {
        assert_eq!(mean::<f32>(&Huber { delta: 2.0 }, [1e30].into(), [0.0].into()), (2e30, [2.0].into()));
    }

    #[test]
    fn a_bend_that_is_no_positive_number_is_rejected() {
        for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let message = error_of(&Huber { delta }, [1.0].into(), [1.0].into());
            assert!(message.starts_with(&format!("huber: delta is {delta}: must be a positive number: [1] at nn")));
        }
    }
}
