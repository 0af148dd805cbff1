//! Convolution of contiguous slices: forward, and the two adjoints, which backward and transposed convolution use.
//!
//! There are two algorithms. [`Direct`] reads the image in place and is for `f32` and `f64`; [`im2col`] is for every scalar and
//! every shape. Which of them computes a convolution is chosen here, by what [`Direct::pays`] knows of the shape.
//!
//! Not Winograd's: with its products through matrixmultiply, a forward F(2×2, 3×3) is slower than [`Direct`] up to 128 channels and
//! 1.1 times as fast at 256, and F(4×4, 3×3) nowhere faster, with an error of 6e-6.

mod direct;
mod im2col;
mod plan;
mod planes;
#[cfg(test)]
mod tests;
mod tile;
mod transpose;
mod unfold;
mod weight;

pub(crate) use self::plan::Convolution;
pub(crate) use self::tile::Tiled;
pub(crate) use self::unfold::Unfold;

use self::direct::Direct;
use super::parts::for_each_part;
use super::scratch::with_scratch;
use crate::scalar::Real;

impl Convolution {
    /// `narrow = weight · columns(image)`, or `+=` if `accumulate`.
    pub(crate) fn forward<T: Real>(&self, image: &[T], weight: &[T], narrow: &mut [T], accumulate: bool) {
        match Direct::forward(self, T::tiles()).filter(Direct::pays) {
            Some(direct) => direct.run(image, weight, (narrow, accumulate)),
            None => self.forward_im2col(image, weight, (narrow, accumulate)),
        }
    }

    fn forward_im2col<T: Real>(&self, image: &[T], weight: &[T], (narrow, accumulate): (&mut [T], bool)) {
        let ([image_size, narrow_size, _], samples) = (self.sizes(), self.samples_per_part());
        for_each_part(narrow, samples * narrow_size, |part, narrow| {
            let plan = self.with_samples(narrow.len() / narrow_size);
            im2col::forward(&plan, &image[part * samples * image_size..], weight, narrow, accumulate);
        });
    }

    /// `image += the transpose of forward, applied to narrow`.
    pub(crate) fn backward_input<T: Real>(&self, narrow: &[T], weight: &[T], image: &mut [T]) {
        match Direct::adjoint(self, T::tiles()).filter(Direct::pays) {
            Some(direct) => direct.run(narrow, weight, (image, true)),
            None => self.backward_input_im2col(narrow, weight, image),
        }
    }

    fn backward_input_im2col<T: Real>(&self, narrow: &[T], weight: &[T], image: &mut [T]) {
        let ([image_size, narrow_size, _], samples) = (self.sizes(), self.samples_per_part());
        for_each_part(image, samples * image_size, |part, image| {
            let plan = self.with_samples(image.len() / image_size);
            im2col::backward_input(&plan, &narrow[part * samples * narrow_size..], weight, image);
        });
    }

    /// `weight += narrow · columns(image)ᵀ`, summed over samples: the gradient with respect to the weight.
    pub(crate) fn backward_weight<T: Real>(&self, image: &[T], narrow: &[T], weight: &mut [T]) {
        match Direct::forward(self, T::tiles()).filter(Direct::weight_pays) {
            Some(direct) => direct.backward_weight(image, narrow, weight),
            None => self.backward_weight_im2col(image, narrow, weight),
        }
    }

    fn backward_weight_im2col<T: Real>(&self, image: &[T], narrow: &[T], weight: &mut [T]) {
        let ([image_size, narrow_size, weight_size], samples) = (self.sizes(), self.samples_per_part());
        let parts = self.samples.div_ceil(samples);
        if parts <= 1 {
            return im2col::backward_weight(self, image, narrow, weight);
        }
        with_scratch(parts * weight_size, |sums| {
            for_each_part(sums, weight_size, |part, sums| {
                let plan = self.with_samples(samples.min(self.samples - part * samples));
                let (image, narrow) = (&image[part * samples * image_size..], &narrow[part * samples * narrow_size..]);
                im2col::backward_weight(&plan, image, narrow, sums);
            });
            for sums in sums.chunks(weight_size.max(1)) {
                weight.iter_mut().zip(sums).for_each(|(weight, &sum)| *weight += sum);
            }
        });
    }
}
