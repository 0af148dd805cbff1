//! One network: measures it, trains it, measures it again.

use std::time::Instant;

use autodiff::{Dual, Params, Tensor};
use nn::data::Dataset;
use nn::ensemble::average;

use crate::axis::Scalar;
use crate::blueprint::Blueprint;
use crate::configuration::Configuration;
use crate::data::Data;
use crate::error::Error;
use crate::measure::{Spectrum, profile, spectra};
use crate::network::Network;
use crate::prediction::{mean_field, predict};
use crate::results::{Profile, RunRecord, Scores};
use crate::stop::Stop;
use crate::training::{Training, logits, score_of, scores, train};

/// Builds the network of this configuration and seed, measures it, trains it, and measures it again.
pub(crate) fn run<T: Scalar>(
    blueprint: &Blueprint<T>,
    configuration: &Configuration,
    seed: u64,
    wanted: &[Spectrum],
    stop: &Stop,
) -> Result<RunRecord, Error> {
    let start = Instant::now();
    let data = (blueprint.data)(blueprint, seed)?;
    let mut params = Params::new(seed);
    let network = Network::new(&mut params, blueprint, data.features(), data.classes);
    let (mut init, taps) = profile(&network, &params, blueprint, &data, seed, None)?;
    // Of a layer of the user's no theory is known.
    let theory = if configuration.custom { None } else { mean_field(&configuration.blueprint()?)? };
    let band = predict(theory.as_ref(), &mut init, &taps, data.probe.1.data().len())?;
    let spectra = if wanted.is_empty() {
        None
    } else {
        let dual = configuration.blueprint::<Dual<f64>>()?;
        Some(spectra(wanted, &configuration.blueprint::<f64>()?, &dual, seed)?)
    };
    let mut record = RunRecord {
        configuration: configuration.index,
        seed,
        init,
        trained: None,
        before: blueprint.head.then(|| scores(&network, &params, blueprint, &data)).transpose()?,
        after: None,
        band,
        curve: Vec::new(),
        non_finite: None,
        spectra,
        seconds: 0.0,
    };
    if blueprint.steps > 0 {
        let training = train(&network, &mut params, blueprint, &data, seed, stop)?;
        let (mut trained, _) = profile(&network, &params, blueprint, &data, seed, Some(&taps))?;
        set_updates(&mut record.init, &training.first_update);
        set_updates(&mut trained, &training.last_update);
        record.trained = Some(trained);
        let Training { curve, non_finite, .. } = training;
        let finished = non_finite.is_none();
        (record.curve, record.non_finite) = (curve, non_finite);
        if finished {
            let after = match blueprint.members {
                1 => scores(&network, &params, blueprint, &data)?,
                _ => ensemble((network, params), blueprint, &data, seed, stop)?,
            };
            record.after = Some(after).filter(|scores| scores.test.loss.is_finite());
        }
    }
    record.seconds = start.elapsed().as_secs_f64();
    Ok(record)
}

fn set_updates(profile: &mut Profile, ratios: &[f64]) {
    for (layer, &ratio) in profile.layers.iter_mut().zip(ratios) {
        layer.update_ratio = Some(ratio);
    }
}

/// The scores of the mean logits of this trained network and as many more as make the ensemble.
fn ensemble<T: Scalar>(
    first: (Network<T>, Params<T>),
    blueprint: &Blueprint<T>,
    data: &Data<T>,
    seed: u64,
    stop: &Stop,
) -> Result<Scores, Error> {
    let mut members = vec![first];
    for member in 1..blueprint.members as u64 {
        // Far from the seeds of the sweep.
        let seed = seed + (member << 32);
        let mut params = Params::new(seed);
        let network = Network::new(&mut params, blueprint, data.features(), data.classes);
        train(&network, &mut params, blueprint, data, seed, stop)?;
        members.push((network, params));
    }
    let score = |set: &Dataset<T>| {
        let outputs = members.iter().filter_map(|(network, params)| logits(network, params, set).transpose());
        let mean: Tensor<T> = average(&outputs.collect::<Result<Vec<_>, Error>>()?)?;
        score_of(blueprint, &mean, set)
    };
    Ok(Scores { train: score(&data.train)?, test: score(&data.test)? })
}
