//! One network: measures it, trains it, measures it again.

use autodiff::{Error, Mode, Params, Real, Tape};
use nn::loss::cross_entropy;
use nn::metrics::accuracy;
use optim::Sgd;

use crate::data::Data;
use crate::network::Network;
use crate::options::Options;
use crate::probe::profile;
use crate::types::{Configuration, Outcome, Score};

/// Builds the network, measures it, trains it, and measures it again.
pub(crate) fn run<T: Real>(
    options: &Options,
    configuration: Configuration,
    seed: u64,
    data: &Data<T>,
) -> Result<Outcome, Error> {
    let mut params = Params::new(seed);
    let network = Network::new(&mut params, &configuration, data.features(), options.width);
    let measured = |params: &Params<T>| profile(&network, params, &data.probe, options.probe, seed);
    let (init, before) = (measured(&params)?, score(&network, &params, data)?);
    let (mut trained, mut after) = (None, None);
    if options.steps > 0 {
        let finished = train(&network, &mut params, options, data, seed)?;
        trained = Some(measured(&params)?);
        after = Some(score(&network, &params, data)?).filter(|score| finished && score.loss.is_finite());
    }
    Ok(Outcome { configuration, seed, init, trained, before, after })
}

/// Trains for all steps, or until the loss is infinite or NaN; returns whether all steps were done.
fn train<T: Real>(
    network: &Network,
    params: &mut Params<T>,
    options: &Options,
    data: &Data<T>,
    seed: u64,
) -> Result<bool, Error> {
    let mut tape = Tape::new();
    let mut grads = params.gradients();
    let mut sgd = Sgd::new(options.lr).momentum(0.9);
    let (mut left, mut order) = (options.steps, seed << 32);
    while left > 0 {
        for (features, labels) in data.train.batches(options.batch, order)?.take(left) {
            let t = tape.start(params, Mode::Train);
            let loss = cross_entropy(network.trace(t.input(&features)).logits, t.input(&labels));
            if !loss.item()?.is_finite() {
                return Ok(false);
            }
            loss.backward(&mut grads)?;
            sgd.step(params, &grads)?;
            left -= 1;
        }
        order += 1;
    }
    Ok(true)
}

fn score<T: Real>(network: &Network, params: &Params<T>, data: &Data<T>) -> Result<Score, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Eval);
    let logits = network.trace(t.input(data.test.features())).logits;
    let loss = cross_entropy(logits, t.input(data.test.labels())).item()?.to_f64();
    Ok(Score { loss, accuracy: accuracy(&logits.value()?, data.test.labels())? })
}
