//! The data set.

use std::sync::Arc;

use autodiff::{Error, Real, Shape, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::memory::reserved;

/// Samples and their labels, in memory. A clone shares the memory, so batches can be computed on another thread.
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    pub(super) features: Arc<Tensor<T>>,
    labels: Arc<Tensor<T>>,
}

impl<T: Real> Dataset<T> {
    /// A data set of `features`, whose axis 0 is the samples (`[samples, features]`, `[samples, channels, height, width]`), and
    /// a label for each sample.
    ///
    /// # Errors
    /// Features that are a scalar, or of more or fewer samples than labels; a label that `T` cannot represent.
    pub fn new(features: Tensor<T>, labels: &[usize]) -> Result<Self, Error> {
        if features.shape().first() != Some(&labels.len()) {
            let reason = format!("{} labels do not go with features of shape {}", labels.len(), features.shape());
            return Err(invalid(reason));
        }
        Ok(Dataset { features: Arc::new(features), labels: Arc::new(Tensor::from_indices(labels)?) })
    }

    /// As [`Dataset::new`], with labels as a tensor, `[samples]`, in any scalar.
    ///
    /// # Errors
    /// Those of [`Dataset::new`]; labels that are not a vector of integers from 0, or that may not be exact in `L` (from 2²⁴ in
    /// `f32`).
    pub fn labeled<L: Real>(features: Tensor<T>, labels: &Tensor<L>) -> Result<Self, Error> {
        if labels.shape().rank() != 1 {
            return Err(invalid(format!("labels have shape {}: must be [samples]", labels.shape())));
        }
        let class = |(sample, label): (usize, &L)| {
            let label = label.to_f64();
            // The largest exact integer itself may be a rounded one.
            let whole = (0.0..L::LARGEST_EXACT_INTEGER).contains(&label) && label.fract() == 0.0;
            let error = || invalid(format!("label {label} of sample {sample} is not an integer from 0"));
            if whole { Ok(label as usize) } else { Err(error()) }
        };
        let classes: Vec<usize> = labels.data().iter().enumerate().map(class).collect::<Result<_, _>>()?;
        Dataset::new(features, &classes)
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.labels.data().len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The features, `[samples, ..]`.
    pub fn features(&self) -> &Tensor<T> {
        &self.features
    }

    /// The labels, `[samples]`.
    pub fn labels(&self) -> &Tensor<T> {
        &self.labels
    }

    /// The features, to be changed; they are copied if a clone of this data set shares them.
    pub(super) fn features_mut(&mut self) -> Result<&mut Tensor<T>, Error> {
        if Arc::get_mut(&mut self.features).is_none() {
            self.features = Arc::new(copied(&self.features)?);
        }
        Ok(Arc::make_mut(&mut self.features))
    }

    /// The same data with each sample reshaped: `[1, 8, 8]` turns the digits from `[samples, 64]` into `[samples, 1, 8, 8]`.
    ///
    /// # Errors
    /// A shape of more or fewer numbers than a sample has; no memory for a copy, which is made if a clone of this data set
    /// shares the features.
    pub fn reshaped(self, sample: impl Into<Shape>) -> Result<Self, Error> {
        let shape = sample.into().insert(0, self.len());
        let features = Arc::try_unwrap(self.features).or_else(|shared| copied(&shared))?.reshaped(shape)?;
        Ok(Dataset { features: Arc::new(features), labels: self.labels })
    }

    /// Splits the data at random, by `seed`, into `share` of the samples, rounded to a whole number, and the rest.
    ///
    /// # Errors
    /// A share outside 0 to 1; a part without samples whose share is above 0.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), Error> {
        if !(0.0..=1.0).contains(&share) {
            let requirement = "a share between 0 and 1";
            return Err(Error::Setting { name: "share", value: share.to_string(), requirement });
        }
        let count = (share * self.len() as f64).round() as usize;
        let parts = [(share, count), (1.0 - share, self.len() - count)];
        if parts.iter().any(|&(share, count)| share > 0.0 && count == 0) {
            let reason = format!("a share of {share} of {} samples leaves a part without any", self.len());
            return Err(invalid(reason));
        }
        let order = shuffled(self.len(), seed)?;
        let (first, second) = order.split_at(count);
        Ok((self.subset(first)?, self.subset(second)?))
    }

    /// The samples of these indices, in this order; an index may occur more than once.
    ///
    /// # Errors
    /// An index that is out of range; more values than can be counted, or than fit into memory.
    pub fn subset(&self, samples: &[usize]) -> Result<Self, Error> {
        if let Some(missing) = samples.iter().find(|&&sample| sample >= self.len()) {
            return Err(invalid(format!("there is no sample {missing}, there are {}", self.len())));
        }
        if self.features.shape().with(0, samples.len()).checked_size().is_none() {
            return Err(invalid(format!("{} samples have too many values", samples.len())));
        }
        self.try_memory(samples.len())?;
        let (features, labels) = self.gather(samples, |sample, target| target.copy_from_slice(sample));
        Ok(Dataset { features: Arc::new(features), labels: Arc::new(labels) })
    }

    /// Features and labels of these samples, which must exist. `write` copies a sample to its target, which holds zeros.
    pub(super) fn gather(&self, samples: &[usize], mut write: impl FnMut(&[T], &mut [T])) -> (Tensor<T>, Tensor<T>) {
        let width = self.width();
        let mut features = Tensor::full(self.features.shape().with(0, samples.len()), T::ZERO);
        for (target, &sample) in features.data_mut().chunks_exact_mut(width.max(1)).zip(samples) {
            write(&self.features.data()[sample * width..][..width], target);
        }
        let labels: Vec<T> = samples.iter().map(|&sample| self.labels.data()[sample]).collect();
        (features, labels.into())
    }

    /// An error if there is no memory for this number of samples now.
    pub(super) fn try_memory(&self, samples: usize) -> Result<(), Error> {
        let count = samples.saturating_mul(self.width());
        reserved::<T>(count).map(drop).map_err(|error| invalid(error.to_string()))
    }

    /// The numbers of a sample.
    fn width(&self) -> usize {
        self.features.shape()[1..].iter().product()
    }
}

/// The indices below `len` in a random order, by `seed`.
pub(super) fn shuffled(len: usize, seed: u64) -> Result<Vec<usize>, Error> {
    let mut order = in_order(len)?;
    order.shuffle(&mut StdRng::seed_from_u64(seed));
    Ok(order)
}

pub(super) fn in_order(len: usize) -> Result<Vec<usize>, Error> {
    let mut order =
        reserved(len).map_err(|error| Error::InvalidInput { what: "data set", reason: error.to_string() })?;
    order.extend(0..len);
    Ok(order)
}

fn copied<T: Real>(features: &Tensor<T>) -> Result<Tensor<T>, Error> {
    let mut values = reserved(features.data().len()).map_err(|error| invalid(error.to_string()))?;
    values.extend_from_slice(features.data());
    Tensor::new(features.shape(), values)
}

fn invalid(reason: String) -> Error {
    Error::InvalidInput { what: "data set", reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Digits, Standardizer};

    #[test]
    fn standardized_features_have_mean_zero_and_variance_one() {
        let data = Digits::load::<f64>().unwrap().standardized();
        let x = data.features().data();
        let n = x.len() as f64;
        // Rounding of 115,008 terms added one by one.
        assert!((x.iter().sum::<f64>() / n).abs() < 1e-10);
        assert!((x.iter().map(|x| x * x).sum::<f64>() / n - 1.0).abs() < 1e-10);
    }

    #[test]
    fn a_split_and_its_batches_hold_every_sample_once() {
        let samples: Vec<f64> = (0..10).map(f64::from).collect();
        let data = Dataset::new(Tensor::new([10, 1], samples).unwrap(), &[0; 10]).unwrap();
        let (first, second) = data.split(0.7, 5).unwrap();
        assert_eq!((first.len(), second.len()), (7, 3));
        let batches = first.batches(3, 1).unwrap().chain(second.batches(2, 1).unwrap());
        let mut seen: Vec<f64> = batches.flat_map(|(features, _)| features.into_vec()).collect();
        seen.sort_by(f64::total_cmp);
        assert_eq!(seen, (0..10).map(f64::from).collect::<Vec<_>>());
        assert!(data.split(1.5, 0).is_err());
    }

    #[test]
    fn samples_have_any_shape_and_keep_their_labels() {
        let digits = Digits::load::<f32>().unwrap();
        let flat = digits.features().clone();
        let images = digits.reshaped([1, 8, 8]).unwrap();
        assert_eq!(images.features().shape().to_vec(), [1797, 1, 8, 8]);
        assert_eq!(images.features().data(), flat.data());
        let some = images.subset(&[3, 0, 3]).unwrap();
        assert_eq!(some.features().shape().to_vec(), [3, 1, 8, 8]);
        assert_eq!(some.labels().data(), [3.0, 0.0, 3.0]);
        assert_eq!(some.features().data()[64..128], flat.data()[..64]);
        let numbers = Dataset::new(Tensor::from([5.0_f32, 6.0]), &[0, 1]).unwrap();
        assert_eq!(numbers.subset(&[1]).unwrap().features(), &Tensor::from([6.0]));
        let nothing = Dataset::<f32>::new(Tensor::full([2, 0], 0.0), &[0, 1]).unwrap();
        assert_eq!(nothing.subset(&[1, 1]).unwrap().features().shape().to_vec(), [2, 0]);
    }

    #[test]
    fn features_and_labels_that_do_not_match_are_errors() {
        let error = Dataset::<f64>::new(Tensor::full([2, 2], 0.0), &[1]).unwrap_err().to_string();
        assert_eq!(error, "data set: 1 labels do not go with features of shape [2, 2]");
        assert!(Dataset::<f64>::new(Tensor::scalar(1.0), &[]).is_err());
        let pair = Dataset::<f64>::new(Tensor::full([2, 2], 0.0), &[0, 1]).unwrap();
        assert_eq!(pair.subset(&[0, 2]).unwrap_err().to_string(), "data set: there is no sample 2, there are 2");
        let wide = Dataset::<f64>::new(Tensor::full([1, 1 << 62, 0], 0.0), &[0]).unwrap();
        assert_eq!(wide.subset(&[0; 5]).unwrap_err().to_string(), "data set: 5 samples have too many values");
        for wide in [[usize::MAX, 2], [1 << 63, 1], [0, usize::MAX]] {
            assert!(pair.clone().reshaped(wide).is_err());
        }
        let error = pair.reshaped([3]).unwrap_err().to_string();
        assert!(error.contains("[2, 3]") && error.contains("[2, 2]"), "{error}");
    }

    #[test]
    fn labels_of_a_file_are_integers_from_zero() {
        let labeled = |labels: Tensor<f64>| Dataset::labeled(Tensor::full([2, 1], 0.0_f32), &labels);
        assert_eq!(labeled([3.0, 0.0].into()).unwrap().labels().data(), [3.0, 0.0]);
        for wrong in [-1.0, 0.5, f64::NAN, f64::INFINITY] {
            let error = labeled([0.0, wrong].into()).unwrap_err().to_string();
            assert_eq!(error, format!("data set: label {wrong} of sample 1 is not an integer from 0"));
        }
        let error = labeled([[0.0], [1.0]].into()).unwrap_err().to_string();
        assert_eq!(error, "data set: labels have shape [2, 1]: must be [samples]");
    }

    #[test]
    fn a_split_without_samples_on_a_side_that_should_have_some_is_rejected() {
        let samples = |count: usize| Dataset::<f64>::new(Tensor::full([count, 1], 0.0), &vec![0; count]).unwrap();
        for wrong in [f64::NAN, f64::INFINITY, -1e-300, 1.0 + f64::EPSILON] {
            let error = samples(4).split(wrong, 0).unwrap_err().to_string();
            assert_eq!(error, format!("share is {wrong}: must be a share between 0 and 1"));
        }
        for (count, share) in [(0, 0.5), (0, 1.0), (0, 0.0), (1, 0.5), (10, 0.01), (10, 0.99)] {
            let error = samples(count).split(share, 0).unwrap_err().to_string();
            let due = format!("data set: a share of {share} of {count} samples leaves a part without any");
            assert_eq!(error, due);
        }
        for (share, first) in [(0.0, 0), (1.0, 4), (0.2, 1)] {
            assert_eq!(samples(4).split(share, u64::MAX).unwrap().0.len(), first);
        }
    }

    #[test]
    fn a_label_that_may_have_been_rounded_is_rejected() {
        let labeled = |label: f32| Dataset::labeled(Tensor::full([1, 1], 0.0_f64), &[label].into());
        assert_eq!(labeled(16_777_215.0).unwrap().labels().data(), [16_777_215.0]);
        // What 16777217 is in `f32`.
        assert!(labeled(16_777_216.0).is_err());
        assert!(labeled(f32::MAX).is_err());
    }

    #[test]
    fn what_changes_a_copy_leaves_the_other() {
        let first = Dataset::<f64>::new([[1.0], [3.0]].into(), &[0, 1]).unwrap();
        let standardized = Standardizer::fit(&first).unwrap().apply(first.clone()).unwrap();
        assert_eq!((first.features().data(), standardized.features().data()), (&[1.0, 3.0][..], &[-1.0, 1.0][..]));
        assert_eq!(first.clone().reshaped([1, 1]).unwrap().features().shape().to_vec(), [2, 1, 1]);
    }
}
