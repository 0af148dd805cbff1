//! The gradient at every layer, its signal and noise, and the steps that an optimizer makes of it.

use autodiff::{Error, Gradients, Mode, ParamId, Params, Real, Shape, Tape, Tensor, Var};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

use super::numbers::norm;
use super::{gradients_of, norm_of};
use crate::blueprint::{Blueprint, Probe};
use crate::data::Data;
use crate::network::Network;

/// Near the end of the range of `f32`: a gradient at the bottom layer below this is recomputed, scaled up.
const SMALL: f64 = 1e-25;
/// Roughly the square root of the range of `f32`; a power of two, so that scaling is exact.
const LIFT: f64 = (1_u128 << 90) as f64;
/// Micro-batches that the gradient's noise is measured over.
const MICRO_BATCHES: usize = 8;

/// Fills `grads` from `cotangent` times the returned scale, which brings an underflowing gradient at the bottom layer
/// back into the scalar's range: that of deep sigmoid networks underflows in `f32`.
pub(super) fn backward_in_range<T: Real>(
    root: Var<'_, T>,
    cotangent: &Tensor<T>,
    bottom: Option<Var<'_, T>>,
    grads: &mut Gradients<T>,
) -> Result<f64, Error> {
    root.backward_with(cotangent, grads)?;
    let bottom = bottom.map_or(Ok(1.0), |z| grads.of(z).map(|delta| norm(delta.data())))?;
    let scale = match bottom {
        small if small < SMALL => LIFT,
        within if within.is_finite() => return Ok(1.0),
        _ => 1.0 / LIFT,
    };
    root.backward_with(&cotangent.map(|value| value * T::from_f64(scale)), grads)?;
    Ok(scale)
}

/// A standard normal cotangent of this shape.
pub(crate) fn random_cotangent<T: Real>(shape: &Shape, seed: u64) -> Tensor<T> {
    let mut rng = StdRng::seed_from_u64(seed);
    Tensor::from_fn(shape.clone(), |_| T::from_f64(StandardNormal.sample(&mut rng)))
}

/// For each layer, the norm of the mean over micro-batches of the gradient by the weights, over its standard deviation;
/// `None` without a loss, and if the batch does not divide into micro-batches of two samples or more.
pub(super) fn signal_to_noise<T: Real>(
    network: &Network<T>,
    params: &Params<T>,
    blueprint: &Blueprint<T>,
    data: &Data<T>,
) -> Result<Option<Vec<f64>>, Error> {
    let (features, labels) = &data.probe;
    let size = labels.data().len() / MICRO_BATCHES;
    if blueprint.probe == Probe::Random || size < 2 {
        return Ok(None);
    }
    let weights = network.weights(params);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut layers: Vec<Spread> = weights.iter().map(|_| Spread::default()).collect();
    for part in 0..MICRO_BATCHES {
        let range = part * size..(part + 1) * size;
        let t = tape.start(params, Mode::Train);
        let Some(logits) = network.trace(t.input(&features.narrow(0, range.clone())?)).logits else { return Ok(None) };
        (blueprint.loss)(logits, t.input(&labels.narrow(0, range)?)).backward(&mut grads)?;
        for (layer, ids) in layers.iter_mut().zip(&weights) {
            layer.add(&gradients_of(&grads, params, ids)?);
        }
    }
    Ok(Some(layers.iter().map(Spread::signal_to_noise).collect()))
}

/// Mean and variance of vectors that come one after the other (Welford 1962), in units of the first one's norm, as squares may
/// underflow.
#[derive(Default)]
struct Spread {
    count: f64,
    unit: f64,
    mean: Vec<f64>,
    /// The sum of squared distances from the mean.
    squares: f64,
}

impl Spread {
    fn add<T: Real>(&mut self, tensors: &[Tensor<T>]) {
        if self.count == 0.0 {
            self.unit = norm_of(tensors);
            self.mean = vec![0.0; tensors.iter().map(|tensor| tensor.data().len()).sum()];
        }
        self.count += 1.0;
        let values = tensors.iter().flat_map(|tensor| tensor.data());
        for (mean, value) in self.mean.iter_mut().zip(values) {
            let value = value.to_f64() / self.unit;
            let distance = value - *mean;
            *mean += distance / self.count;
            self.squares += distance * (value - *mean);
        }
    }

    /// The norm of the mean over the standard deviation.
    fn signal_to_noise(&self) -> f64 {
        norm(&self.mean) / (self.squares / (self.count - 1.0)).sqrt()
    }
}

/// For each layer, the norm of the step from `before` to `after` over the norm of the weights.
pub(crate) fn update_ratios<T: Real>(
    weights: &[Vec<ParamId>],
    before: &Params<T>,
    after: &Params<T>,
) -> Result<Vec<f64>, Error> {
    let of_layer = |ids: &Vec<ParamId>| {
        let pairs = ids.iter().map(|&id| Ok((before.value(id)?, after.value(id)?)));
        let pairs = pairs.collect::<Result<Vec<_>, Error>>()?;
        let steps = pairs.iter().map(|(old, new)| new.zip_with(old, |new, old| new - old));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        let old: Vec<_> = pairs.into_iter().map(|(old, _)| old).collect();
        Ok(norm_of(&steps) / norm_of(&old))
    };
    weights.iter().map(of_layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_is_the_mean_and_the_noise_the_deviation() {
        let mut spread = Spread::default();
        for vector in [[3e-200, 0.0], [5e-200, 0.0], [4e-200, 1e-200], [4e-200, -1e-200]] {
            spread.add(&[Tensor::<f64>::from(vector)]);
        }
        let expected = 4.0 / (4.0_f64 / 3.0).sqrt();
        assert!((spread.signal_to_noise() - expected).abs() < 1e-12, "{}", spread.signal_to_noise());
    }
}
