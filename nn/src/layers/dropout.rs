//! Dropout: values are zeroed at random during training, so that no unit can rely on another.

use autodiff::ops::Distribution;
use autodiff::{Mode, Real, Shape, Var};

use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::share_below_one;

/// Inverted dropout (Srivastava 2014). In training each value is zeroed with probability `rate` and otherwise divided by
/// `1 − rate`, which preserves the mean; in evaluation the input is returned as it is.
///
/// The mask follows from the seed and the step of the parameters: see [`autodiff::Recording::random`].
///
/// The weights of a dropped unit have zero gradient in that step, so plain gradient descent leaves them as they are.
/// Momentum and weight decay do not: they change weights whose gradient is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f64,
    pattern: Pattern,
    in_evaluation: bool,
}

/// What is zeroed as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Values,
    Channels,
    Samples,
    Alpha,
}

impl Dropout {
    /// Zeroes single values. `rate` is at least 0 and below 1.
    pub fn new(rate: f64) -> Self {
        Dropout { rate, pattern: Pattern::Values, in_evaluation: false }
    }

    /// Zeroes whole channels, indices of axes 0 and 1 (Tompson 2015): see
    /// [`channel_dropout`](crate::functional::channel_dropout).
    pub fn channels(rate: f64) -> Self {
        Dropout { pattern: Pattern::Channels, ..Dropout::new(rate) }
    }

    /// Zeroes whole samples, indices of axis 0: see [`stochastic_depth`](crate::functional::stochastic_depth).
    pub fn samples(rate: f64) -> Self {
        Dropout { pattern: Pattern::Samples, ..Dropout::new(rate) }
    }

    /// Alpha dropout, for selu: see [`alpha_dropout`](crate::functional::alpha_dropout).
    pub fn alpha(rate: f64) -> Self {
        Dropout { pattern: Pattern::Alpha, ..Dropout::new(rate) }
    }

    /// Drops in evaluation as well: Monte-Carlo dropout (Gal and Ghahramani 2016), where the variance over several passes
    /// estimates the uncertainty of the model. See [`crate::ensemble::monte_carlo`].
    #[must_use]
    pub fn in_evaluation(self) -> Self {
        Dropout { in_evaluation: true, ..self }
    }

    /// The probability that a value is zeroed.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

impl<T: Real> Module<T> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = share_below_one("rate", self.rate) {
            return invalid_input("dropout", reason, x);
        }
        if x.recording().mode() == Mode::Eval && !self.in_evaluation {
            return x;
        }
        match self.pattern {
            Pattern::Values => dropout(x, self.rate),
            Pattern::Channels => channel_dropout(x, self.rate),
            Pattern::Samples => stochastic_depth(x, self.rate),
            Pattern::Alpha => alpha_dropout(x, self.rate),
        }
    }
}

/// Zeroes each value with probability `rate`, at least 0 and below 1, and divides the others by `1 − rate`.
///
/// In training and in evaluation: unlike [`Dropout`], the function does not ask for the mode.
///
/// # Shapes
/// `x` and the result have any one shape.
#[track_caller]
#[must_use]
pub fn dropout<T: Real>(x: Var<'_, T>, rate: f64) -> Var<'_, T> {
    drop_indices(x, rate, usize::MAX)
}

/// As [`dropout`], with whole channels zeroed (Tompson 2015): neighboring pixels are so similar that zeroing single ones
/// removes no information.
///
/// # Shapes
/// `x` and the result are `[samples, channels, ..]`.
#[track_caller]
#[must_use]
pub fn channel_dropout<T: Real>(x: Var<'_, T>, rate: f64) -> Var<'_, T> {
    drop_indices(x, rate, 2)
}

/// As [`dropout`], with whole samples zeroed: stochastic depth (Huang 2016), at the end of a residual branch.
///
/// # Shapes
/// `x` and the result are `[samples, ..]`.
#[track_caller]
#[must_use]
pub fn stochastic_depth<T: Real>(x: Var<'_, T>, rate: f64) -> Var<'_, T> {
    drop_indices(x, rate, 1)
}

/// The limit `−λα` of selu at −∞.
const SELU_LIMIT: f64 = -1.758_099_340_847_376_6;

/// Alpha dropout (Klambauer 2017), for selu: as [`dropout`], but a dropped value becomes selu's limit `−λα` instead of 0,
/// and an affine map preserves mean 0 and variance 1.
///
/// # Shapes
/// `x` and the result have any one shape.
#[track_caller]
#[must_use]
pub fn alpha_dropout<T: Real>(x: Var<'_, T>, rate: f64) -> Var<'_, T> {
    if let Err(reason) = share_below_one("rate", rate) {
        return invalid_input("dropout", reason, x);
    }
    let Ok(shape) = x.shape() else { return x };
    if rate == 0.0 {
        return x;
    }
    let keep = 1.0 - rate;
    let scale = 1.0 / (keep + SELU_LIMIT * SELU_LIMIT * keep * rate).sqrt();
    let mask = x.recording().random(shape, Distribution::Bernoulli(keep));
    // scale · (mask·x + (1 − mask)·limit − rate·limit)
    x * mask * scale + (mask * -1.0 + keep) * (scale * SELU_LIMIT)
}

/// Dropout of everything that shares its index along the first `axes` axes.
#[track_caller]
fn drop_indices<T: Real>(x: Var<'_, T>, rate: f64, axes: usize) -> Var<'_, T> {
    if let Err(reason) = share_below_one("rate", rate) {
        return invalid_input("dropout", reason, x);
    }
    let Ok(shape) = x.shape() else { return x };
    if rate == 0.0 {
        return x;
    }
    let mask_shape: Shape =
        shape.iter().enumerate().map(|(axis, &extent)| if axis < axes { extent } else { 1 }).collect();
    x * (x.recording().random(mask_shape, Distribution::Bernoulli(1.0 - rate)) / (1.0 - rate))
}

#[cfg(test)]
mod tests {
    use autodiff::{Params, Tape, Tensor};

    use super::*;

    /// The output for ones of this shape, in training.
    fn dropped(dropout: Dropout, shape: &[usize]) -> Tensor<f64> {
        let params = Params::new(5);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        dropout.forward(t.input(&Tensor::full(shape, 1.0))).value().unwrap()
    }

    #[test]
    fn what_is_kept_is_divided_so_that_the_mean_stays() {
        for rate in [0.1, 0.5, 0.9] {
            let y = dropped(Dropout::new(rate), &[200, 100]);
            assert!(y.data().iter().all(|&y| y == 0.0 || (y - 1.0 / (1.0 - rate)).abs() < 1e-12));
            let kept = y.data().iter().filter(|&&y| y != 0.0).count() as f64 / 20_000.0;
            // Five standard deviations of a frequency.
            assert!((kept - (1.0 - rate)).abs() < 5.0 * (rate * (1.0 - rate) / 20_000.0_f64).sqrt(), "{kept}");
        }
    }

    #[test]
    fn channels_and_samples_are_dropped_whole() {
        for (dropout, alike) in [(Dropout::channels(0.5), 12), (Dropout::samples(0.5), 36)] {
            let y = dropped(dropout, &[40, 3, 4, 3]);
            let blocks: Vec<&[f64]> = y.data().chunks(alike).collect();
            assert!(blocks.iter().all(|block| block.iter().all(|&y| y == block[0])));
            let kept = blocks.iter().filter(|block| block[0] == 2.0).count();
            assert!(kept > 0 && kept < blocks.len());
        }
    }

    #[test]
    fn alpha_dropout_keeps_mean_and_variance() {
        let params = Params::<f64>::new(2);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let y = Dropout::alpha(0.2).forward(t.random([100_000], Distribution::Normal));
        let (mean, variance) = (y.mean(..).item().unwrap(), y.variance(.., 0).item().unwrap());
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean}, {variance}");
    }

    #[test]
    fn evaluation_drops_only_where_asked_to() {
        let params = Params::<f64>::new(5);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let x = t.input(&Tensor::full([100], 1.0));
        assert_eq!(Dropout::new(0.5).forward(x).value().unwrap(), x.value().unwrap());
        assert_ne!(Dropout::new(0.5).in_evaluation().forward(x).value().unwrap(), x.value().unwrap());
    }

    #[test]
    fn the_gradient_passes_where_the_value_does() {
        let params = Params::<f64>::new(5);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::full([50], 3.0));
        let y = Dropout::new(0.4).forward(x);
        let mut grads = params.gradients();
        y.sum(..).backward(&mut grads).unwrap();
        let expected: Vec<f64> = y.value().unwrap().data().iter().map(|y| y / 3.0).collect();
        assert!(grads.of(x).unwrap().data().iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-12));
    }

    #[test]
    fn rates_that_drop_everything_or_mean_nothing_are_rejected() {
        for (dropout, rate) in
            [(Dropout::new(1.0), "1"), (Dropout::alpha(-0.5), "-0.5"), (Dropout::new(f64::NAN), "NaN")]
        {
            let params = Params::<f64>::new(0);
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let message = dropout.forward(t.input(&[1.0].into())).value().unwrap_err().to_string();
            assert!(
                message.starts_with(&format!(
                    "dropout: rate is {rate}: must be from 0 up to, but not including, 1: [1] at nn"
                )),
                "{message}"
            );
        }
    }
}
