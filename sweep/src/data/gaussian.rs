//! Standard normal features, as theory supposes.

use autodiff::{Real, Tensor};
use nn::data::Dataset;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

use super::Data;
use crate::blueprint::Blueprint;
use crate::error::Error;

/// Number of samples, unless the batch needs more.
const SAMPLES: usize = 2048;
const CLASSES: usize = 10;
/// Height and width of images.
const SIDE: usize = 8;

/// As many standard normal features, or channels of images, as the layers are wide; the class is the argmax of ten random
/// linear functions, so that it can be learned.
pub(crate) fn gaussian<T: Real>(blueprint: &Blueprint<T>, seed: u64) -> Result<Data<T>, Error> {
    let samples = SAMPLES.max(2 * blueprint.batch);
    let width = blueprint.width * if blueprint.images { SIDE * SIDE } else { 1 };
    let mut random = StdRng::seed_from_u64(seed);
    let mut normal = |count: usize| -> Vec<f64> { StandardNormal.sample_iter(&mut random).take(count).collect() };
    let teacher = normal(CLASSES * width);
    let features = normal(samples * width);
    let score = |sample: &[f64], class: usize| -> f64 {
        teacher[class * width..][..width].iter().zip(sample).map(|(weight, x)| weight * x).sum()
    };
    let class_of = |sample: &[f64]| {
        (1..CLASSES).fold(0, |best, class| if score(sample, class) > score(sample, best) { class } else { best })
    };
    let labels: Vec<_> = features.chunks_exact(width).map(class_of).collect();
    let features = Tensor::new([samples, width], features.into_iter().map(T::from_f64).collect())?;
    let all = Dataset::new(features, &labels)?;
    let all = if blueprint.images { all.reshaped([blueprint.width, SIDE, SIDE])? } else { all };
    Data::split(&all, blueprint, seed)
}
