//! One model with dropout, asked several times.

use autodiff::{Error, Mode, Params, Real, Tape, Tensor};

use super::average;
use crate::module::Module;

/// What several passes of a model with random parts give.
#[derive(Clone, Debug, PartialEq)]
pub struct MonteCarlo<T: Real> {
    /// The mean of the passes.
    pub mean: Tensor<T>,
    /// Their biased variance: how unsure the model is.
    pub variance: Tensor<T>,
}

/// Monte-Carlo dropout (Gal and Ghahramani 2016): `passes` evaluations of a model whose dropout is
/// [`in_evaluation`](crate::Dropout::in_evaluation), each with other masks.
///
/// # Errors
/// What goes wrong on the tape; no passes.
#[track_caller]
pub fn monte_carlo<T: Real>(
    params: &Params<T>,
    model: &impl Module<T>,
    features: &Tensor<T>,
    passes: u64,
) -> Result<MonteCarlo<T>, Error> {
    let mut tape = Tape::new();
    let mut outputs = Vec::new();
    for pass in 0..passes {
        let t = tape.start(params, Mode::Eval);
        t.set_pass(pass);
        outputs.push(model.forward(t.input(features)).value()?);
    }
    let mean = average(&outputs)?;
    let squares: Vec<Tensor<T>> = outputs
        .iter()
        .map(|output| {
            Tensor::from_fn(output.shape(), |k| {
                let deviation = output.data()[k] - mean.data()[k];
                deviation * deviation
            })
        })
        .collect();
    Ok(MonteCarlo { variance: average(&squares)?, mean })
}
