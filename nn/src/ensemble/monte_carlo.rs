//! Monte-Carlo dropout: several passes of one model.

use autodiff::{Error, Mode, Params, Real, Tape, Tensor};

use super::at_least_one;
use crate::module::Module;

/// The mean and the variance of several passes of a model with random operations.
#[derive(Clone, Debug, PartialEq)]
pub struct MonteCarlo<T: Real> {
    /// The mean of the passes.
    pub mean: Tensor<T>,
    /// The biased variance of the passes: an estimate of the uncertainty.
    pub variance: Tensor<T>,
}

/// Monte-Carlo dropout (Gal and Ghahramani 2016): `passes` evaluations, with different masks, of a model whose dropout is
/// [`in_evaluation`](crate::Dropout::in_evaluation).
///
/// # Errors
/// An error on the tape; 0 passes.
#[track_caller]
pub fn monte_carlo<T: Real>(
    params: &Params<T>,
    model: &impl Module<T>,
    features: &Tensor<T>,
    passes: u64,
) -> Result<MonteCarlo<T>, Error> {
    at_least_one("passes", passes)?;
    let mut tape = Tape::new();
    // Welford's updates, so that memory does not grow with the passes.
    let mut mean = pass(&mut tape, params, model, features, 0)?;
    let mut variance = Tensor::try_from_fn(mean.shape(), |_| T::ZERO)?;
    for number in 1..passes {
        let output = pass(&mut tape, params, model, features, number)?;
        let count = T::from_f64(number as f64 + 1.0);
        let moments = mean.data_mut().iter_mut().zip(variance.data_mut());
        for ((mean, squares), &x) in moments.zip(output.data()) {
            let deviation = x - *mean;
            *mean += deviation / count;
            *squares += deviation * (x - *mean);
        }
    }
    let count = T::from_f64(passes as f64);
    variance.data_mut().iter_mut().for_each(|squares| *squares = *squares / count);
    Ok(MonteCarlo { mean, variance })
}

/// The output of one pass.
#[track_caller]
fn pass<T: Real>(
    tape: &mut Tape<T>,
    params: &Params<T>,
    model: &impl Module<T>,
    features: &Tensor<T>,
    number: u64,
) -> Result<Tensor<T>, Error> {
    let t = tape.start(params, Mode::Eval);
    t.set_pass(number);
    model.forward(t.input(features)).value()
}
