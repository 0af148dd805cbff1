//! Training, test and measurement data.

use autodiff::{Error, Real, Tensor};
use nn::data::{Dataset, Digits};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

use crate::options::Options;
use crate::types::{CLASSES, DataSource, Failure};

/// Total number of Gaussian samples, unless the batch needs more.
const SAMPLES: usize = 2048;
/// Fraction of the samples used for training.
const TRAIN_SHARE: f64 = 0.75;

/// The data of one seed.
#[derive(Debug)]
pub(crate) struct Data<T: Real> {
    pub(crate) train: Dataset<T>,
    pub(crate) test: Dataset<T>,
    /// The batch on which gradients are measured, taken from `train`: features and labels.
    pub(crate) probe: (Tensor<T>, Tensor<T>),
}

impl<T: Real> Data<T> {
    /// The data selected by the options, shuffled and split by the seed.
    pub(crate) fn load(options: &Options, seed: u64) -> Result<Self, Failure> {
        let all = match options.data {
            DataSource::Digits => Digits::load()?.standardized(),
            DataSource::Gaussian => gaussian(options.width, gaussian_samples(options.batch), seed)?,
        };
        let (train, test) = all.split(TRAIN_SHARE, seed)?;
        let largest = train.len();
        let probe = train.batches(options.batch, seed)?.next().filter(|_| options.batch <= largest);
        let probe = probe.ok_or_else(|| {
            let (batch, data) = (options.batch, options.data);
            Failure::Option(format!("--batch {batch}: {data} has {largest} training samples"))
        })?;
        Ok(Data { train, test, probe })
    }

    /// Number of features.
    pub(crate) fn features(&self) -> usize {
        self.probe.0.shape()[1]
    }
}

/// Number of Gaussian samples: enough for the training set to contain the batch.
pub(crate) fn gaussian_samples(batch: usize) -> usize {
    SAMPLES.max(2 * batch)
}

/// Standard normal features; the class is the argmax of ten random linear functions, so that it can be learned.
fn gaussian<T: Real>(width: usize, samples: usize, seed: u64) -> Result<Dataset<T>, Error> {
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
    Dataset::new(features, &labels)
}
