//! Dropout: values that are left out at random in training, so that no unit can rely on another.

use autodiff::ops::Draws;
use autodiff::{Mode, Real, Shape, Var};

use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::share_below_one;

/// Dropout (Srivastava 2014), inverted: in training each value is zero with probability `rate` and divided by `1 − rate`
/// otherwise, so that its mean stays; in evaluation nothing happens.
///
/// Draws follow from the seed and the step of the parameters: see [`autodiff::Recording::random`].
///
/// In the strict sense, what a dropped unit reads and feeds does not change in that step. The gradients of its weights are
/// zero, so plain gradient descent leaves them. Momentum and weight decay do not: they move weights whose gradient is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f64,
    pattern: Pattern,
    in_evaluation: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Values,
    Channels,
    Samples,
    Alpha,
}

impl Dropout {
    /// Each value alone, with this probability, from 0 up to but not including 1.
    pub fn new(rate: f64) -> Self {
        Dropout { rate, pattern: Pattern::Values, in_evaluation: false }
    }

    /// Whole channels, places of axes 0 and 1 (Tompson 2015): neighbors in an image say the same, so dropping one of them
    /// takes nothing away.
    pub fn channels(rate: f64) -> Self {
        Dropout { pattern: Pattern::Channels, ..Dropout::new(rate) }
    }

    /// Whole samples, places of axis 0: stochastic depth (Huang 2016) when put at the end of a residual branch.
    pub fn samples(rate: f64) -> Self {
        Dropout { pattern: Pattern::Samples, ..Dropout::new(rate) }
    }

    /// Alpha dropout (Klambauer 2017), for selu: dropped values become selu's limit `−λα` instead of 0, and an affine map
    /// keeps mean 0 and variance 1.
    pub fn alpha(rate: f64) -> Self {
        Dropout { pattern: Pattern::Alpha, ..Dropout::new(rate) }
    }

    /// Drops in evaluation as well: Monte-Carlo dropout (Gal and Ghahramani 2016), where the spread over several
    /// passes tells how sure the model is. See [`crate::ensemble::monte_carlo`].
    #[must_use]
    pub fn in_evaluation(self) -> Self {
        Dropout { in_evaluation: true, ..self }
    }

    /// The probability with which a value is dropped.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

/// The limit `−λα` of selu at −∞.
const SELU_LIMIT: f64 = -1.758_099_340_847_376_6;

impl<T: Real> Module<T> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = share_below_one("rate", self.rate) {
            return invalid_input("dropout", reason, x);
        }
        if self.rate == 0.0 || (x.recording().mode() == Mode::Eval && !self.in_evaluation) {
            return x;
        }
        let Ok(shape) = x.shape() else { return x };
        let alike = match self.pattern {
            Pattern::Values | Pattern::Alpha => shape.rank(),
            Pattern::Channels => 2,
            Pattern::Samples => 1,
        };
        let mask_shape =
            shape.iter().enumerate().map(|(axis, &extent)| if axis < alike { extent } else { 1 }).collect();
        if self.pattern == Pattern::Alpha {
            return alpha(x, mask_shape, self.rate);
        }
        x * keep_mask(x, mask_shape, self.rate)
    }
}

#[track_caller]
fn alpha<'t, T: Real>(x: Var<'t, T>, shape: Shape, rate: f64) -> Var<'t, T> {
    let keep = 1.0 - rate;
    let scale = 1.0 / (keep + SELU_LIMIT * SELU_LIMIT * keep * rate).sqrt();
    let mask = x.recording().random(shape, Draws::Bernoulli(keep));
    // scale · (mask·x + (1 − mask)·limit − rate·limit)
    x * mask * scale + (mask * -1.0 + keep) * (scale * SELU_LIMIT)
}

/// `1/(1 − rate)` with probability `1 − rate`, else 0; `x` is what it is made for.
#[track_caller]
pub(crate) fn keep_mask<'t, T: Real>(x: Var<'t, T>, shape: Shape, rate: f64) -> Var<'t, T> {
    x.recording().random(shape, Draws::Bernoulli(1.0 - rate)) / (1.0 - rate)
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
        let y = Dropout::alpha(0.2).forward(t.random([100_000], Draws::Normal));
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
    fn rates_that_drop_everything_or_mean_nothing_are_refused() {
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
