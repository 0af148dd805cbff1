//! Measures the gradient at every layer of a network.

use autodiff::{Error, Gradients, Mode, Params, Real, Tape, Tensor, Var};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

use crate::measure::{mean_and_std, norm};
use crate::network::Network;
use crate::types::{GradientProfile, GradientSource, Layer};

/// Near the end of the range of `f32`: a gradient at the bottom layer below this is recomputed, scaled up.
const SMALL: f64 = 1e-25;
/// Roughly the square root of the range of `f32`; a power of two, so that scaling is exact.
const LIFT: f64 = (1_u128 << 90) as f64;

/// Measures the gradient profile of a network on one batch.
///
/// δ is the gradient of each sample's own loss, so that of the mean loss is multiplied by the number of samples; the weights'
/// gradient is that of the mean loss. With [`GradientSource::Random`] a sample's loss is ⟨c, z_top⟩, c standard normal.
pub(crate) fn profile<T: Real>(
    network: &Network,
    params: &Params<T>,
    (features, labels): &(Tensor<T>, Tensor<T>),
    source: GradientSource,
    seed: u64,
) -> Result<GradientProfile, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let trace = network.trace(t.input(features));
    let samples = labels.data().len() as f64;
    let (root, cotangent) = match (source, trace.z.last()) {
        (GradientSource::Random, Some(&top)) => (top, standard_normal(top, seed)?),
        _ => {
            let mean_loss = nn::loss::cross_entropy(trace.logits, t.input(labels));
            (mean_loss, Tensor::scalar(T::from_f64(samples)))
        }
    };
    let mut grads = params.gradients();
    let scale = backward_in_range(root, &cotangent, &trace.z, &mut grads)?;
    let layers = network.hidden.iter().zip(trace.z).zip(trace.h).map(|((linear, z), h)| {
        let (activation_mean, activation_std) = mean_and_std(h.value()?.data());
        Ok(Layer {
            delta_norm: norm(grads.of(z)?.data()) / scale / samples.sqrt(),
            weight_grad_norm: norm(grads.parameter(params, linear.weight())?.data()) / scale / samples,
            activation_mean,
            activation_std,
        })
    });
    Ok(GradientProfile { layers: layers.collect::<Result<_, Error>>()? })
}

/// Fills `grads` from `cotangent` times the returned scale, which brings an underflowing gradient at the bottom layer
/// back into the scalar's range: that of deep sigmoid networks underflows in `f32`.
fn backward_in_range<T: Real>(
    root: Var<'_, T>,
    cotangent: &Tensor<T>,
    z: &[Var<'_, T>],
    grads: &mut Gradients<T>,
) -> Result<f64, Error> {
    root.backward_with(cotangent, grads)?;
    let bottom = z.first().map_or(Ok(1.0), |&z| grads.of(z).map(|delta| norm(delta.data())))?;
    let scale = match bottom {
        small if small < SMALL => LIFT,
        within if within.is_finite() => return Ok(1.0),
        _ => 1.0 / LIFT,
    };
    let scaled = Tensor::from_fn(cotangent.shape().clone(), |k| cotangent.data()[k] * T::from_f64(scale));
    root.backward_with(&scaled, grads)?;
    Ok(scale)
}

fn standard_normal<T: Real>(like: Var<'_, T>, seed: u64) -> Result<Tensor<T>, Error> {
    let mut rng = StdRng::seed_from_u64(seed);
    Ok(Tensor::from_fn(like.shape()?, |_| T::from_f64(StandardNormal.sample(&mut rng))))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::options::Options;
    use crate::types::Configuration;

    #[test]
    fn delta_is_that_of_each_samples_own_loss() -> Result<(), Error> {
        let options = Options::parse_from(["depth-sweep"]);
        let activation = options.activations[0];
        let configuration = Configuration { activation, weights: options.weights(activation), depth: 3 };
        let mut params = Params::<f64>::new(1);
        let network = Network::new(&mut params, &configuration, 2, 5);
        let features = [[0.5, -1.0], [2.0, 0.1]];
        let labels = [3.0, 8.0];
        let norms = |features: Tensor<f64>, labels: Tensor<f64>| -> Result<Vec<f64>, Error> {
            let profile = profile(&network, &params, &(features, labels), GradientSource::Loss, 0)?;
            Ok(profile.layers.iter().map(|layer| layer.delta_norm).collect())
        };
        let both = norms(features.into(), labels.into())?;
        let [one, two] = [0, 1].map(|k| norms([features[k]].into(), [labels[k]].into()));
        for ((both, one), two) in both.into_iter().zip(one?).zip(two?) {
            assert!((both - ((one * one + two * two) / 2.0).sqrt()).abs() < 1e-12 * both);
        }
        Ok(())
    }
}
