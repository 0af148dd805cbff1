//! Trains a network and keeps what happens on the way.

use autodiff::{Mode, Params, Real, Tape, Tensor};
use nn::data::Dataset;
use nn::metrics::accuracy;
use optim::{EarlyStopping, StoppingStatus};

use crate::blueprint::Blueprint;
use crate::data::Data;
use crate::error::Error;
use crate::measure::update_ratios;
use crate::network::Network;
use crate::results::{CurvePoint, Score, Scores};
use crate::stop::Stop;

/// Points of the training curve.
const POINTS: usize = 20;

/// What happened in a training.
#[derive(Debug, Default)]
pub(crate) struct Training {
    pub(crate) curve: Vec<CurvePoint>,
    /// Of each layer, the norm of the first step over that of the weights.
    pub(crate) first_update: Vec<f64>,
    /// The same of the last step.
    pub(crate) last_update: Vec<f64>,
    /// The step and the operation that first gave an infinite or NaN value or gradient.
    pub(crate) non_finite: Option<String>,
}

/// Trains for all steps, until the validation loss rises, or until a value is infinite or NaN.
///
/// # Errors
/// A mistake of the network; [`Error::Stopped`] if the sweep was asked to stop.
pub(crate) fn train<T: Real>(
    network: &Network<T>,
    params: &mut Params<T>,
    blueprint: &Blueprint<T>,
    data: &Data<T>,
    seed: u64,
    stop: &Stop,
) -> Result<Training, Error> {
    let mut tape = Tape::new();
    let mut grads = params.gradients();
    let mut optimizer = (blueprint.optimizer)(blueprint);
    let schedule = (blueprint.schedule)(blueprint.steps as u64);
    let mut stopping = blueprint.patience.map(EarlyStopping::new);
    let weights = network.weights(params);
    let every = (blueprint.steps / POINTS).max(1);
    let mut training = Training::default();
    let (mut step, mut order, mut sum) = (0, seed << 32, 0.0);
    'steps: while step < blueprint.steps {
        for (features, labels) in data.train.batches(blueprint.batch, order)?.take(blueprint.steps - step) {
            stop.check()?;
            let t = tape.start(params, Mode::Train);
            let Some(logits) = network.trace(t.input(&features)).logits else { break 'steps };
            let loss = (blueprint.loss)(logits, t.input(&labels));
            if !loss.item()?.is_finite() {
                training.non_finite = loss.check_finite().err().map(|error| format!("step {step}: {error}"));
                break 'steps;
            }
            sum += loss.item()?.to_f64();
            loss.backward(&mut grads)?;
            if grads.check_finite().is_err() {
                training.non_finite =
                    t.check_finite_gradients(&grads).err().map(|error| format!("step {step}: {error}"));
                break 'steps;
            }
            optimizer.set_rate(blueprint.rate * schedule.factor(step as u64));
            let measured = step == 0 || step + 1 == blueprint.steps;
            let before = measured.then(|| params.clone());
            optimizer.step(params, &grads)?;
            if let Some(before) = before {
                training.last_update = update_ratios(&weights, &before, params)?;
                if step == 0 {
                    training.first_update = training.last_update.clone();
                }
            }
            step += 1;
            if step % every == 0 || step == blueprint.steps {
                let accuracy = score(network, params, blueprint, &data.test)?.accuracy;
                let steps = if step % every == 0 { every } else { step % every };
                training.curve.push(CurvePoint { step, loss: sum / steps as f64, accuracy: Some(accuracy) });
                sum = 0.0;
                if let (Some(stopping), Some(validation)) = (&mut stopping, &data.validation) {
                    let loss = score(network, params, blueprint, validation)?.loss;
                    if stopping.observe(loss, params) == StoppingStatus::Stop {
                        break 'steps;
                    }
                }
            }
        }
        order += 1;
    }
    if let Some((_, best)) = stopping.as_ref().and_then(EarlyStopping::best) {
        *params = best.clone();
    }
    Ok(training)
}

/// Samples that are evaluated at a time, which bounds the memory.
const EVALUATED: usize = 256;

/// The logits of a network on a data set, in evaluation; `None` without a head.
pub(crate) fn logits<T: Real>(
    network: &Network<T>,
    params: &Params<T>,
    data: &Dataset<T>,
) -> Result<Option<Tensor<T>>, Error> {
    let mut tape = Tape::new();
    let (mut values, mut classes) = (Vec::new(), 0);
    for start in (0..data.len()).step_by(EVALUATED) {
        let part = data.features().narrow(0, start..(start + EVALUATED).min(data.len()))?;
        let t = tape.start(params, Mode::Eval);
        let Some(logits) = network.trace(t.input(&part)).logits else { return Ok(None) };
        let logits = logits.value()?;
        classes = logits.shape()[1];
        values.extend_from_slice(logits.data());
    }
    Ok(Some(Tensor::new([data.len(), classes], values)?))
}

/// The loss and the accuracy of these logits on a data set.
pub(crate) fn score_of<T: Real>(
    blueprint: &Blueprint<T>,
    logits: &Tensor<T>,
    data: &Dataset<T>,
) -> Result<Score, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    let loss = (blueprint.loss)(t.input(logits), t.input(data.labels())).item()?.to_f64();
    Ok(Score { loss, accuracy: accuracy(logits, data.labels())? })
}

/// Loss and accuracy of a network on a data set, in evaluation; NaN without a head.
fn score<T: Real>(
    network: &Network<T>,
    params: &Params<T>,
    blueprint: &Blueprint<T>,
    data: &Dataset<T>,
) -> Result<Score, Error> {
    match logits(network, params, data)? {
        Some(logits) => score_of(blueprint, &logits, data),
        None => Ok(Score { loss: f64::NAN, accuracy: f64::NAN }),
    }
}

/// The scores of a network on training and test data.
pub(crate) fn scores<T: Real>(
    network: &Network<T>,
    params: &Params<T>,
    blueprint: &Blueprint<T>,
    data: &Data<T>,
) -> Result<Scores, Error> {
    Ok(Scores {
        train: score(network, params, blueprint, &data.train)?,
        test: score(network, params, blueprint, &data.test)?,
    })
}
