//! Labelled data in memory, and the embedded UCI optical digits.

use std::io::Read;

use autodiff::{Error, Real, Tensor};
use flate2::read::GzDecoder;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// 1797 rows of 64 pixels and a label; see `data/LICENSE-digits.md`.
const DIGITS: &[u8] = include_bytes!("../data/digits.bin.gz");

/// The UCI optical digits: 1797 images of 8×8 pixels in ten classes (Alpaydin and Kaynak 1998, CC BY 4.0).
#[derive(Clone, Copy, Debug)]
pub struct Digits;

impl Digits {
    /// The images as rows of 64 numbers, 0 (white) to 16 (black), and their labels, 0 to 9.
    ///
    /// # Errors
    /// Embedded data that are damaged.
    pub fn load<T: Real>() -> Result<Dataset<T>, Error> {
        const ROW: usize = 65;
        let mut bytes = Vec::new();
        let damaged = |what: String| Error::Foreign { what: "the embedded digits", reason: what };
        GzDecoder::new(DIGITS).read_to_end(&mut bytes).map_err(|e| damaged(e.to_string()))?;
        let rows = bytes.chunks_exact(ROW);
        if !rows.remainder().is_empty() {
            return Err(damaged(format!("{} bytes are not a multiple of {ROW}", bytes.len())));
        }
        let pixels = rows.clone().flat_map(|row| &row[..ROW - 1]).map(|&pixel| T::from_f64(pixel.into()));
        let features = Tensor::new([bytes.len() / ROW, ROW - 1], pixels.collect())?;
        let labels: Vec<usize> = rows.map(|row| row[ROW - 1].into()).collect();
        Dataset::new(features, &labels)
    }
}

/// Rows of features with a label each.
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    features: Tensor<T>,
    labels: Tensor<T>,
}

impl<T: Real> Dataset<T> {
    /// `features`, `[samples, features]`, with a label for each sample.
    ///
    /// # Errors
    /// Features that are not a matrix with as many rows as there are labels.
    pub fn new(features: Tensor<T>, labels: &[usize]) -> Result<Self, Error> {
        if features.shape().rank() != 2 || features.shape()[0] != labels.len() {
            let reason = format!("{} labels do not go with features of shape {}", labels.len(), features.shape());
            return Err(Error::Foreign { what: "data set", reason });
        }
        Ok(Dataset { features, labels: Tensor::from_indices(labels)? })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.data().len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The features, `[samples, features]`.
    pub fn features(&self) -> &Tensor<T> {
        &self.features
    }

    /// The labels, `[samples]`.
    pub fn labels(&self) -> &Tensor<T> {
        &self.labels
    }

    /// The same data with mean 0 and variance 1 over all samples and features together: the scale is set, and what is
    /// constant over the samples (the digits' white corners) divides by nothing.
    #[must_use]
    pub fn standardised(mut self) -> Self {
        let n = self.features.data().len().max(1) as f64;
        let values = || self.features.data().iter().map(|x| x.to_f64());
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        let scale = if variance > 0.0 { 1.0 / variance.sqrt() } else { 1.0 };
        self.features.data_mut().iter_mut().for_each(|x| *x = T::from_f64((x.to_f64() - mean) * scale));
        self
    }

    /// A share of the samples, drawn by `seed`, and the others.
    ///
    /// # Errors
    /// A share that is not between 0 and 1.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), Error> {
        if !(0.0..=1.0).contains(&share) {
            let requirement = "a share between 0 and 1";
            return Err(Error::Setting { name: "share", value: share.to_string(), requirement });
        }
        let order = self.shuffled(seed);
        let (first, second) = order.split_at((share * self.len() as f64).round() as usize);
        Ok((self.subset(first)?, self.subset(second)?))
    }

    /// All samples once, in an order drawn by `seed`, in batches of `size` (the last may be smaller): features
    /// `[size, features]` and labels `[size]`.
    ///
    /// # Errors
    /// A size of 0.
    pub fn batches(&self, size: usize, seed: u64) -> Result<impl Iterator<Item = (Tensor<T>, Tensor<T>)>, Error> {
        if size == 0 {
            return Err(Error::Setting { name: "batch size", value: "0".into(), requirement: "at least 1" });
        }
        let order = self.shuffled(seed);
        let mut next = 0;
        Ok(std::iter::from_fn(move || {
            let batch = order.get(next..next + size.min(order.len() - next)).filter(|batch| !batch.is_empty())?;
            next += batch.len();
            self.subset(batch).ok().map(|batch| (batch.features, batch.labels))
        }))
    }

    fn shuffled(&self, seed: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(seed));
        order
    }

    fn subset(&self, samples: &[usize]) -> Result<Self, Error> {
        let width = self.features.shape()[1];
        let row = |&sample: &usize| self.features.data()[sample * width..(sample + 1) * width].iter().copied();
        let features = Tensor::new([samples.len(), width], samples.iter().flat_map(row).collect())?;
        let labels = samples.iter().map(|&sample| self.labels.data()[sample]).collect::<Vec<_>>().into();
        Ok(Dataset { features, labels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_the_repository() {
        let digits = Digits::load::<f64>().unwrap();
        assert_eq!(digits.features().shape().to_vec(), [1797, 64]);
        let of_class = |class: f64| digits.labels().data().iter().filter(|&&label| label == class).count();
        let counts: Vec<usize> = (0..10).map(|class| of_class(f64::from(class))).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.features().data()[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        assert_eq!(digits.features().data().iter().sum::<f64>(), 561_718.0);
    }

    #[test]
    fn standardised_features_have_mean_zero_and_variance_one() {
        let data = Digits::load::<f64>().unwrap().standardised();
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
        let sizes: Vec<usize> = first.batches(3, 1).unwrap().map(|(_, labels)| labels.data().len()).collect();
        assert_eq!(sizes, [3, 3, 1]);
        let batches = first.batches(3, 1).unwrap().chain(second.batches(2, 1).unwrap());
        let mut seen: Vec<f64> = batches.flat_map(|(features, _)| features.into_vec()).collect();
        seen.sort_by(f64::total_cmp);
        assert_eq!(seen, (0..10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(data.batches(usize::MAX, 0).unwrap().count(), 1);
        assert!(data.split(1.5, 0).is_err() && data.batches(0, 0).is_err());
        let error = Dataset::<f64>::new(Tensor::full([2, 2], 0.0), &[1]).unwrap_err().to_string();
        assert_eq!(error, "data set: 1 labels do not go with features of shape [2, 2]");
    }
}
