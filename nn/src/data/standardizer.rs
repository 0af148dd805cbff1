//! Standardization by the mean and standard deviation of a training set.

use std::sync::Arc;

use autodiff::{Error, Real, Tensor};

use super::dataset::Dataset;

/// A map that gives each feature, or each channel, mean 0 and variance 1 on the data it is fitted to. The same map is applied
/// to test data, so that these do not influence it.
///
/// A feature is an index of axis 1: a column of `[samples, features]`; a channel of `[samples, channels, height, width]`,
/// whose mean is over its pixels as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer {
    means: Vec<f64>,
    /// `1/σ`, and 1 for a constant feature.
    scales: Vec<f64>,
}

impl Standardizer {
    /// Computes the mean and the standard deviation (of the population, with `1/n`) of each feature of `data`, in `f64`. A
    /// constant feature is shifted to 0 and not scaled.
    ///
    /// # Errors
    /// Data without an axis 1, or without numbers; a feature with numbers that are not finite, or whose squares overflow.
    pub fn fit<T: Real>(data: &Dataset<T>) -> Result<Self, Error> {
        let (false, Some(&features)) = (data.features().data().is_empty(), data.features().shape().get(1)) else {
            return Err(invalid(format!("there are no features to fit in shape {}", data.features().shape())));
        };
        let fitted = Standardizer::fit_groups(data.features(), features);
        let mut moments = fitted.means.iter().zip(&fitted.scales);
        // An infinite variance gives a scale of 0.
        match moments.position(|(mean, scale)| !mean.is_finite() || !scale.is_normal()) {
            Some(feature) => {
                Err(invalid(format!("feature {feature} has numbers that are not finite, or too large to be squared")))
            }
            None => Ok(fitted),
        }
    }

    /// Applies the fitted map to `data`.
    ///
    /// # Errors
    /// Another number of features, or channels, than fitted; a finite number that becomes infinite in `T`; no memory for a
    /// copy, which is made if a clone of the data shares the features.
    pub fn apply<T: Real>(&self, mut data: Dataset<T>) -> Result<Dataset<T>, Error> {
        if data.features().shape().get(1) != Some(&self.means.len()) {
            let (fitted, shape) = (self.means.len(), data.features().shape());
            return Err(invalid(format!("fitted to {fitted} features: shape {shape} has another number")));
        }
        let features = data.features_mut()?;
        match self.standardize(features) {
            Some(feature) => Err(invalid(format!("feature {feature} has numbers too far from those fitted"))),
            None => Ok(data),
        }
    }

    /// Fits `groups` features: as many as axis 1 has, or 1 for all together.
    pub(super) fn fit_groups<T: Real>(features: &Tensor<T>, groups: usize) -> Self {
        let count = features.data().len() as f64 / groups.max(1) as f64;
        let mut means = vec![0.0; groups];
        let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); groups];
        let block = block(features);
        for (group, values) in (0..groups).cycle().zip(features.data().chunks(block)) {
            for x in values.iter().map(|x| x.to_f64()) {
                means[group] += x;
                ranges[group] = (ranges[group].0.min(x), ranges[group].1.max(x));
            }
        }
        means.iter_mut().for_each(|mean| *mean /= count);
        let mut squares = vec![0.0; groups];
        for (group, values) in (0..groups).cycle().zip(features.data().chunks(block)) {
            for x in values.iter().map(|x| x.to_f64() - means[group]) {
                squares[group] += x * x;
            }
        }
        // The mean of equal numbers may be rounded, which leaves a variance: hence the range.
        let scale = |(sum, (low, high)): (f64, (f64, f64))| {
            if low < high && sum > 0.0 { 1.0 / (sum / count).sqrt() } else { 1.0 }
        };
        Standardizer { means, scales: squares.into_iter().zip(ranges).map(scale).collect() }
    }

    /// Applies the map, and returns the last feature of which a finite number became infinite.
    pub(super) fn standardize<T: Real>(&self, features: &mut Tensor<T>) -> Option<usize> {
        let block = block(features);
        let groups = self.means.iter().zip(&self.scales).enumerate().cycle();
        let mut overflowed = None;
        for ((group, (mean, scale)), values) in groups.zip(features.data_mut().chunks_mut(block)) {
            for x in values {
                let standardized = T::from_f64((x.to_f64() - mean) * scale);
                if x.is_finite() && !standardized.is_finite() {
                    overflowed = Some(group);
                }
                *x = standardized;
            }
        }
        overflowed
    }
}

impl<T: Real> Dataset<T> {
    /// The same data with mean 0 and variance 1 over all samples and features together. Features that are constant over the
    /// samples, such as the white corners of the digits, need no care. [`Standardizer`] standardizes each feature on its own.
    ///
    /// A number that is not finite makes all numbers NaN, as there is one mean; for [`Standardizer::fit`] it is an error.
    #[must_use]
    pub fn standardized(mut self) -> Self {
        let standardizer = Standardizer::fit_groups(&self.features, 1);
        standardizer.standardize(Arc::make_mut(&mut self.features));
        self
    }
}

/// The consecutive numbers that belong to one feature.
fn block<T: Real>(features: &Tensor<T>) -> usize {
    features.shape().iter().skip(2).product::<usize>().max(1)
}

fn invalid(reason: String) -> Error {
    Error::InvalidInput { what: "standardizer", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(features: Tensor<f64>) -> Dataset<f64> {
        let labels = vec![0; features.shape()[0]];
        Dataset::new(features, &labels).unwrap()
    }

    #[test]
    fn each_column_is_standardized_by_the_data_that_were_fitted() {
        let standardizer = Standardizer::fit(&data([[1.0, 10.0], [3.0, 50.0]].into())).unwrap();
        let other = standardizer.apply(data([[1.0, 30.0], [3.0, 70.0], [4.0, 30.0]].into())).unwrap();
        assert_eq!(other.features(), &[[-1.0, 0.0], [1.0, 2.0], [2.0, 0.0]].into());
    }

    #[test]
    fn a_channel_is_one_feature_over_all_its_pixels() {
        let images = Tensor::from([[[1.0, 3.0], [10.0, 10.0]], [[3.0, 1.0], [30.0, 30.0]]]);
        let images = data(images).reshaped([2, 1, 2]).unwrap();
        let standardized = Standardizer::fit(&images).unwrap().apply(images).unwrap();
        assert_eq!(standardized.features().data(), [-1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_constant_feature_is_not_scaled() {
        // Three times 0.1 is not three tenths: the rounded mean leaves a variance of 1e-34.
        let constant = data([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]].into());
        let standardized = Standardizer::fit(&constant).unwrap().apply(constant).unwrap();
        assert!(standardized.features().data().iter().step_by(2).all(|x| x.abs() < 1e-16));
        assert!(data(Tensor::full([3, 1], 0.1)).standardized().features().data().iter().all(|x| x.abs() < 1e-16));
    }

    #[test]
    fn other_features_than_those_fitted_are_rejected() {
        let standardizer = Standardizer::fit(&data(Tensor::full([2, 3], 1.0))).unwrap();
        let error = standardizer.apply(data(Tensor::full([2, 4], 1.0))).unwrap_err().to_string();
        assert_eq!(error, "standardizer: fitted to 3 features: shape [2, 4] has another number");
        for nothing in [Tensor::full([0, 3], 0.0), Tensor::full([3], 0.0), Tensor::full([2, 1 << 50, 0], 0.0)] {
            let error = Standardizer::fit(&data(nothing)).unwrap_err().to_string();
            assert!(error.starts_with("standardizer: there are no features to fit in shape ["), "{error}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_standardized_are_rejected_by_their_feature() {
        for wrong in [f64::NAN, f64::INFINITY, -1e200, f64::MAX] {
            let error = Standardizer::fit(&data([[1.0, 0.0], [2.0, wrong]].into())).unwrap_err().to_string();
            let due = "standardizer: feature 1 has numbers that are not finite, or too large to be squared";
            assert_eq!(error, due, "{wrong}");
        }
        let single = |high: f32| Dataset::new(Tensor::from([[1.0, 0.0], [1.0, high]]), &[0, 1]).unwrap();
        let standardizer = Standardizer::fit(&single(1e-30)).unwrap();
        let error = standardizer.apply(single(1e30)).unwrap_err().to_string();
        assert_eq!(error, "standardizer: feature 1 has numbers too far from those fitted");
        assert!(standardizer.apply(single(f32::NAN)).is_ok());
    }
}
