//! Random changes of images that preserve their labels.

use autodiff::{Error, Real, Shape};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Random changes of each image of `[samples, channels, height, width]` (He et al. 2016, section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augmentation {
    /// Random crop: the image is padded with this number of zeros on each side, and a random window of the size of the image
    /// is cut out. Less than the height and the width; 0 for no crop.
    pub padding: usize,
    /// Random horizontal flip of half of the images.
    pub flip: bool,
}

/// An augmentation of images of one size, with its random number generator.
#[derive(Debug)]
pub(super) struct Augmenter {
    augmentation: Augmentation,
    height: usize,
    width: usize,
    generator: StdRng,
}

impl Augmenter {
    pub(super) fn new(augmentation: Augmentation, features: &Shape, seed: u64) -> Result<Self, Error> {
        let &[_, _, height @ (1..), width @ (1..)] = &features[..] else {
            let reason =
                format!("features of shape {features} are not images: must be [samples, channels, height, width]");
            return Err(Error::InvalidInput { what: "augmentation", reason });
        };
        if augmentation.padding >= height.min(width) {
            let requirement = "less than the images' height and width";
            return Err(Error::Setting { name: "padding", value: augmentation.padding.to_string(), requirement });
        }
        Ok(Augmenter { augmentation, height, width, generator: StdRng::seed_from_u64(seed) })
    }

    /// Writes the changed `image` to `target`, which holds zeros.
    pub(super) fn write<T: Real>(&mut self, image: &[T], target: &mut [T]) {
        let (up, down) = self.shift();
        let (left, right) = self.shift();
        let flip = self.augmentation.flip && self.generator.random();
        let kept = self.width - left - right;
        let plane = self.height * self.width;
        for (from, to) in image.chunks_exact(plane).zip(target.chunks_exact_mut(plane)) {
            let rows = from.chunks_exact(self.width).skip(up);
            for (from, to) in rows.zip(to.chunks_exact_mut(self.width).skip(down)) {
                to[right..][..kept].copy_from_slice(&from[left..][..kept]);
                if flip {
                    to.reverse();
                }
            }
        }
    }

    /// The shift of the image along an axis, back and forth; one of the two is 0.
    fn shift(&mut self) -> (usize, usize) {
        let padding = self.augmentation.padding;
        let start = self.generator.random_range(0..=padding.saturating_mul(2));
        (start.saturating_sub(padding), padding.saturating_sub(start))
    }
}

#[cfg(test)]
mod tests {
    use autodiff::Tensor;

    use super::*;
    use crate::data::{Batches, Dataset};

    /// Many copies of an image of two channels, augmented.
    fn augmented(augmentation: Augmentation) -> Vec<Vec<f64>> {
        let image = |k: usize| (k % 12 + 1) as f64;
        let data = Dataset::new(Tensor::from_fn([400, 2, 2, 3], image), &[0; 400]).unwrap();
        let (images, _) = Batches::new(400).augmented(augmentation, 5).epoch(&data, 0).unwrap().next().unwrap();
        images.data().chunks(12).map(<[f64]>::to_vec).collect()
    }

    #[test]
    fn a_crop_is_a_window_of_the_padded_image() {
        let windows = augmented(Augmentation { padding: 1, flip: false });
        let mut counts = [0; 9];
        for window in windows {
            let pixel = |channel: usize, y: usize, x: usize| {
                let inside = (1..3).contains(&y) && (1..4).contains(&x);
                if inside { (6 * channel + 3 * (y - 1) + x) as f64 } else { 0.0 }
            };
            let at = |top: usize, left: usize| -> Vec<f64> {
                (0..12).map(|k| pixel(k / 6, k % 6 / 3 + top, k % 3 + left)).collect()
            };
            counts[(0..9).find(|start| at(start / 3, start % 3) == window).unwrap()] += 1;
        }
        // 400/9 = 44 expected of each of the nine, standard deviation 6.3.
        assert!(counts.iter().all(|count| (20..70).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_flip_mirrors_half_of_the_images() {
        let plain: Vec<f64> = (1..=12).map(f64::from).collect();
        let mirrored = [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0, 12.0, 11.0, 10.0];
        let images = augmented(Augmentation { padding: 0, flip: true });
        assert!(images.iter().all(|image| *image == plain || *image == mirrored));
        // 200 expected, standard deviation 10.
        assert!((150..250).contains(&images.iter().filter(|image| **image == plain).count()));
        assert!(augmented(Augmentation::default()).iter().all(|image| *image == plain));
    }

    #[test]
    fn features_that_are_not_images_and_padding_past_them_are_errors() {
        let data = Dataset::<f32>::new(Tensor::full([2, 4], 0.0), &[0, 1]).unwrap();
        let error_of = |data: &Dataset<f32>| {
            let augmentation = Augmentation { padding: 2, flip: true };
            Batches::new(1).augmented(augmentation, 0).epoch(data, 0).unwrap_err().to_string()
        };
        let due = "augmentation: features of shape [2, 4] are not images: must be [samples, channels, height, width]";
        assert_eq!(error_of(&data), due);
        let images = data.reshaped([1, 2, 2]).unwrap();
        assert_eq!(error_of(&images), "padding is 2: must be less than the images' height and width");
    }
}
