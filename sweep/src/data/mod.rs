//! Training, validation, test and measurement data of a seed.

mod files;
mod gaussian;

use autodiff::{Real, Tensor};
use nn::data::{Dataset, Digits};

pub(crate) use files::{FileFormat, load_files};
pub(crate) use gaussian::gaussian;

use crate::blueprint::Blueprint;
use crate::error::Error;

/// Fraction of the samples used for training.
const TRAIN_SHARE: f64 = 0.75;
/// Of the samples for training, the fraction that is held out where the training may end early.
const VALIDATION_SHARE: f64 = 0.25;

/// The data of one seed.
#[derive(Debug)]
pub(crate) struct Data<T: Real> {
    pub(crate) train: Dataset<T>,
    /// Where the training may end early.
    pub(crate) validation: Option<Dataset<T>>,
    pub(crate) test: Dataset<T>,
    /// The batch on which gradients are measured, taken from `train`: features and labels.
    pub(crate) probe: (Tensor<T>, Tensor<T>),
    pub(crate) classes: usize,
}

impl<T: Real> Data<T> {
    /// Shuffles and splits the samples by the seed; a fourth is for testing.
    pub(crate) fn split(all: &Dataset<T>, blueprint: &Blueprint<T>, seed: u64) -> Result<Self, Error> {
        let (pool, test) = all.split(TRAIN_SHARE, seed)?;
        Data::new(&pool, test, blueprint, seed)
    }

    /// The data of samples to train on and samples to test on.
    pub(crate) fn new(pool: &Dataset<T>, test: Dataset<T>, blueprint: &Blueprint<T>, seed: u64) -> Result<Self, Error> {
        let labels = pool.labels().data().iter().chain(test.labels().data());
        let classes = labels.map(|label| label.to_f64() as usize + 1).max().unwrap_or(1);
        let wanted = blueprint.samples.unwrap_or(pool.len()).min(pool.len());
        let held_out = if blueprint.patience.is_some() {
            // Beside the samples that are trained on while there are more; otherwise a share of them.
            ((VALIDATION_SHARE * wanted as f64).ceil() as usize).max(1)
        } else {
            0
        };
        let train = pool.subset(&(0..wanted.min(pool.len() - held_out)).collect::<Vec<_>>())?;
        let validation = (held_out > 0).then(|| pool.subset(&(pool.len() - held_out..pool.len()).collect::<Vec<_>>()));
        let train = with_noise(train, blueprint.label_noise, classes)?;
        let largest = train.len();
        let probe = train.batches(blueprint.batch, seed)?.next().filter(|_| blueprint.batch <= largest);
        let probe = probe.ok_or_else(|| {
            Error::Setting(format!("--batch {}: there are {largest} training samples", blueprint.batch))
        })?;
        Ok(Data { train, validation: validation.transpose()?, test, probe, classes })
    }

    /// Number of features, or of channels of images.
    pub(crate) fn features(&self) -> usize {
        self.probe.0.shape()[1]
    }
}

/// The data with a share of the labels replaced by the next class, evenly spread over the samples, which are in random order.
fn with_noise<T: Real>(data: Dataset<T>, share: f64, classes: usize) -> Result<Dataset<T>, Error> {
    if share == 0.0 {
        return Ok(data);
    }
    let wrong = |k: usize| ((k + 1) as f64 * share).floor() > (k as f64 * share).floor();
    let label = |(k, label): (usize, &T)| (label.to_f64() as usize + usize::from(wrong(k))) % classes;
    let labels: Vec<usize> = data.labels().data().iter().enumerate().map(label).collect();
    Ok(Dataset::new(data.features().clone(), &labels)?)
}

/// The embedded digits, standardized; as images of 8×8 or as 64 features.
pub(crate) fn digits<T: Real>(blueprint: &Blueprint<T>, seed: u64) -> Result<Data<T>, Error> {
    let all = Digits::load()?.standardized();
    let all = if blueprint.images { all.reshaped([1, 8, 8])? } else { all };
    Data::split(&all, blueprint, seed)
}
