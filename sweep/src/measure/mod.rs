//! What is measured of a network on one batch.

mod gradient;
mod numbers;
mod rank;
mod slopes;
mod spectra;

use autodiff::{Error, Gradients, Mode, Params, Real, Tape, Tensor};

use gradient::{backward_in_range, signal_to_noise};
pub(crate) use gradient::{random_cotangent, update_ratios};
use numbers::{cosines, mean_and_std, mean_square, norm, norm_of};
pub(crate) use numbers::{geometric_mean, lengths, mean, std_of};
use rank::effective_rank;
use slopes::Slopes;
pub use spectra::Spectrum;
pub(crate) use spectra::spectra;

use crate::blueprint::{Blueprint, Probe};
use crate::data::Data;
use crate::network::Network;
use crate::results::{LayerMeasures, Profile};

/// The z of every layer, `[samples, values]` in row-major order.
pub(crate) type Taps<T> = Vec<Tensor<T>>;

/// Measures every layer of a network on the batch of the data, and returns what z was; `before` is what it was at
/// initialization.
///
/// δ is the gradient of each sample's own loss, so that of the mean loss is multiplied by the number of samples; the weights'
/// gradient is that of the mean loss. With [`Probe::Random`] a sample's loss is ⟨c, z_top⟩, c standard normal.
pub(crate) fn profile<T: Real>(
    network: &Network<T>,
    params: &Params<T>,
    blueprint: &Blueprint<T>,
    data: &Data<T>,
    seed: u64,
    before: Option<&Taps<T>>,
) -> Result<(Profile, Taps<T>), Error> {
    let (features, labels) = &data.probe;
    let samples = labels.data().len();
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let trace = network.trace(t.input(features));
    let (root, cotangent) = match (blueprint.probe, trace.logits, trace.layers.last()) {
        (Probe::Loss, Some(logits), _) => {
            let loss = (blueprint.loss)(logits, t.input(labels));
            (loss, Tensor::scalar(T::from_f64(samples as f64)))
        }
        (_, _, Some(top)) => (top.z, random_cotangent(&top.z.shape()?, seed)),
        (_, _, None) => return Ok((Profile::default(), Vec::new())),
    };
    let mut grads = params.gradients();
    let bottom = trace.layers.first().map(|layer| layer.z);
    let scale = backward_in_range(root, &cotangent, bottom, &mut grads)?;
    let noise = signal_to_noise(network, params, blueprint, data)?;
    let slopes = Slopes::new(&blueprint.activation)?;
    let weights = network.weights(params);
    let (mut layers, mut taps) = (Vec::with_capacity(trace.layers.len()), Vec::with_capacity(trace.layers.len()));
    for (index, layer) in trace.layers.iter().enumerate() {
        let (z, h) = (layer.z.value()?, layer.h.value()?);
        let (activation_mean, activation_std) = mean_and_std(h.data());
        let flat = layer.u.map(|u| slopes.measure(&u.value()?)).transpose()?;
        layers.push(LayerMeasures {
            delta_norm: norm(grads.of(layer.z)?.data()) / scale / (samples as f64).sqrt(),
            weight_grad_norm: norm_of(&gradients_of(&grads, params, &weights[index])?) / scale / samples as f64,
            activation_mean,
            activation_std,
            q: mean_square(z.data()),
            correlation: cosines(z.data(), samples),
            dead: flat.map(|(dead, _)| dead),
            saturated: flat.map(|(_, saturated)| saturated),
            effective_rank: effective_rank(h.data(), samples),
            gradient_snr: noise.as_ref().map(|noise| noise[index]),
            change: before.map(|taps| change(&taps[index], &z)),
            ..LayerMeasures::default()
        });
        taps.push(z);
    }
    Ok((Profile { layers }, taps))
}

/// Root mean square of the differences.
fn change<T: Real>(before: &Tensor<T>, after: &Tensor<T>) -> f64 {
    let differences: Vec<f64> =
        before.data().iter().zip(after.data()).map(|(before, after)| after.to_f64() - before.to_f64()).collect();
    mean_square(&differences).sqrt()
}

fn gradients_of<T: Real>(
    grads: &Gradients<T>,
    params: &Params<T>,
    ids: &[autodiff::ParamId],
) -> Result<Vec<Tensor<T>>, Error> {
    ids.iter().map(|&id| grads.parameter(params, id)).collect()
}
