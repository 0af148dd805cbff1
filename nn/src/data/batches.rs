//! Batches of a data set.

use autodiff::{Error, Real, Tensor};

use super::augmentation::{Augmentation, Augmenter};
use super::dataset::{Dataset, in_order, shuffled};

/// How a data set is divided into batches: in order and without omissions by default.
///
/// ```
/// use nn::data::{Batches, Digits};
///
/// let digits = Digits::load::<f32>()?;
/// let batches = Batches::new(32).shuffled(0).drop_last();
/// for epoch in 0..2 {
///     assert_eq!(batches.epoch(&digits, epoch)?.count(), 1797 / 32);
/// }
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batches {
    size: usize,
    seed: Option<u64>,
    drop_last: bool,
    augmentation: Option<(Augmentation, u64)>,
}

impl Batches {
    /// Batches of `size` samples, in order; the last batch may be smaller.
    pub fn new(size: usize) -> Self {
        Batches { size, seed: None, drop_last: false, augmentation: None }
    }

    /// The number of samples in a batch.
    pub fn size(&self) -> usize {
        self.size
    }

    /// With the samples shuffled anew in every epoch, by `seed`.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Without a last batch that is smaller than the others.
    #[must_use]
    pub fn drop_last(mut self) -> Self {
        self.drop_last = true;
        self
    }

    /// With random changes of every image, anew in every epoch. They depend on `seed`, the epoch, and the position of the
    /// image in the epoch, but not on the batch size.
    #[must_use]
    pub fn augmented(mut self, augmentation: Augmentation, seed: u64) -> Self {
        self.augmentation = Some((augmentation, seed));
        self
    }

    /// The batches of an epoch: features `[size, ..]` and labels `[size]`. The same epoch of the same data gives the same bits.
    ///
    /// # Errors
    /// A size of 0; an augmentation that does not apply to the features; no memory for a batch.
    pub fn epoch<T: Real>(&self, data: &Dataset<T>, epoch: u64) -> Result<BatchIter<T>, Error> {
        if self.size == 0 {
            return Err(Error::Setting { name: "batch size", value: "0".into(), requirement: "at least 1" });
        }
        let mut order = match self.seed {
            Some(seed) => shuffled(data.len(), epoch_seed(seed, epoch))?,
            None => in_order(data.len())?,
        };
        // Reserved here on trial, as an iterator cannot return an error.
        data.try_memory(self.size.min(order.len()))?;
        if self.drop_last {
            order.truncate(data.len() - data.len() % self.size);
        }
        let augmenter = match self.augmentation {
            // Inverted, so that order and augmentation of one seed are independent.
            Some((kind, seed)) => Some(Augmenter::new(kind, data.features().shape(), epoch_seed(!seed, epoch))?),
            None => None,
        };
        Ok(BatchIter { data: data.clone(), order, next: 0, size: self.size, augmenter })
    }
}

impl<T: Real> Dataset<T> {
    /// All samples once, shuffled by `seed`, in batches of `size` (the last may be smaller): features `[size, ..]` and labels
    /// `[size]`. [`Batches`] has more settings.
    ///
    /// # Errors
    /// A size of 0; no memory for a batch.
    pub fn batches(&self, size: usize, seed: u64) -> Result<BatchIter<T>, Error> {
        Batches::new(size).shuffled(seed).epoch(self, 0)
    }
}

/// An iterator over the batches of an epoch, from [`Batches::epoch`] or [`Dataset::batches`].
#[derive(Debug)]
pub struct BatchIter<T: Real> {
    data: Dataset<T>,
    order: Vec<usize>,
    next: usize,
    size: usize,
    augmenter: Option<Augmenter>,
}

impl<T: Real> Iterator for BatchIter<T> {
    type Item = (Tensor<T>, Tensor<T>);

    fn next(&mut self) -> Option<Self::Item> {
        let samples = self.order[self.next..].chunks(self.size).next()?;
        self.next += samples.len();
        Some(match &mut self.augmenter {
            Some(augmenter) => self.data.gather(samples, |image, target| augmenter.write(image, target)),
            None => self.data.gather(samples, |sample, target| target.copy_from_slice(sample)),
        })
    }
}

/// A seed for each epoch; the first is `seed` itself. The odd factor (2⁶⁴ divided by the golden ratio) separates them, so
/// that the second epoch of a seed is not the first epoch of the next seed.
fn epoch_seed(seed: u64, epoch: u64) -> u64 {
    seed.wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Dataset<f64> {
        let labels: Vec<usize> = (0..count).collect();
        Dataset::new(Tensor::from_fn([count, 2], |k| (k / 2) as f64), &labels).unwrap()
    }

    fn labels(epoch: BatchIter<f64>) -> Vec<Vec<f64>> {
        epoch.map(|(_, labels)| labels.into_vec()).collect()
    }

    #[test]
    fn batches_are_in_order_and_complete_by_default() {
        let data = numbers(5);
        let in_order = Batches::new(2);
        assert_eq!(labels(in_order.epoch(&data, 3).unwrap()), [vec![0.0, 1.0], vec![2.0, 3.0], vec![4.0]]);
        assert_eq!(labels(in_order.drop_last().epoch(&data, 0).unwrap()), [[0.0, 1.0], [2.0, 3.0]]);
        assert_eq!(Batches::new(5).drop_last().epoch(&data, 0).unwrap().count(), 1);
        assert_eq!(Batches::new(usize::MAX).epoch(&data, 0).unwrap().count(), 1);
        assert_eq!(Batches::new(1).epoch(&numbers(0), 0).unwrap().count(), 0);
        let error = Batches::new(0).epoch(&data, 0).unwrap_err().to_string();
        assert_eq!(error, "batch size is 0: must be at least 1");
    }

    #[test]
    fn every_epoch_has_its_order_and_every_size_of_batch_the_same() {
        let data = numbers(50);
        let order =
            |size: usize, seed, epoch| labels(Batches::new(size).shuffled(seed).epoch(&data, epoch).unwrap()).concat();
        assert_eq!(order(7, 1, 2), order(50, 1, 2));
        let orders = [order(7, 1, 0), order(7, 1, 1), order(7, 2, 0), order(7, 2, 1)];
        for (k, one) in orders.iter().enumerate() {
            assert!(orders[..k].iter().all(|other| other != one));
            let mut sorted = one.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(sorted.into_iter().eq((0..50).map(f64::from)));
        }
    }

    #[test]
    fn features_stay_with_their_labels() {
        for (features, labels) in numbers(9).batches(4, 3).unwrap() {
            let of_labels: Vec<f64> = labels.data().iter().flat_map(|&label| [label, label]).collect();
            assert_eq!(features.data(), of_labels);
        }
    }

    #[test]
    fn augmentation_depends_on_the_epoch_and_not_on_the_size_of_the_batches() {
        let images = Dataset::new(Tensor::from_fn([40, 1, 2, 3], |k| k as f64), &[0; 40]).unwrap();
        let augmented = |size: usize, epoch| {
            let batches = Batches::new(size).augmented(Augmentation { padding: 1, flip: true }, 1);
            batches.epoch(&images, epoch).unwrap().flat_map(|(images, _)| images.into_vec()).collect::<Vec<_>>()
        };
        assert_eq!(augmented(7, 0), augmented(40, 0));
        assert_ne!(augmented(7, 0), augmented(7, 1));
    }

    #[test]
    fn extremes_give_batches_or_an_error() {
        let data = numbers(5);
        assert_eq!(Batches::new(usize::MAX).drop_last().epoch(&data, u64::MAX).unwrap().count(), 0);
        assert_eq!(Batches::new(1).shuffled(u64::MAX).epoch(&data, u64::MAX).unwrap().count(), 5);
        assert_eq!(Batches::new(usize::MAX).drop_last().epoch(&numbers(0), 0).unwrap().count(), 0);
        for (shape, labels) in
            [(vec![2, 1, 3, 3], 2), (vec![2, 1, 0, 3], 2), (vec![0, 1, 3, 3], 0), (vec![2, 0, 3, 3], 2)]
        {
            let images = Dataset::<f64>::new(Tensor::full(&shape[..], 1.0), &vec![0; labels]).unwrap();
            for padding in [3, usize::MAX / 2 + 1, usize::MAX] {
                let augmented = Batches::new(2).augmented(Augmentation { padding, flip: true }, 0);
                assert!(augmented.epoch(&images, 0).is_err());
            }
            let epoch = Batches::new(2).augmented(Augmentation { padding: 2, flip: true }, u64::MAX).epoch(&images, 1);
            assert_eq!(epoch.map(|epoch| epoch.count()).ok(), (shape[2] > 0).then_some(labels / 2));
        }
    }
}
