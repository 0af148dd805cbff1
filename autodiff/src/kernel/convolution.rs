//! Convolution of contiguous slices by matrix products on unfolded images (im2col): forward, and the two adjoints, which
//! backward and transposed convolution use.

use super::{Unfold, multiply, with_scratch};
use crate::scalar::Real;

/// Im2col plan: one matrix product per sample and group. `image` is the input of a convolution or the output of a transposed
/// one; `narrow` is the other side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution {
    pub(crate) samples: usize,
    pub(crate) groups: usize,
    /// Channels of the narrow side, in one group.
    pub(crate) narrow: usize,
    pub(crate) unfold: Unfold,
}

impl Convolution {
    /// For every sample and group: its index, and the offsets of its image, narrow side and weight.
    fn parts(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        let (groups, unfold) = (self.groups, self.unfold);
        let image = unfold.channels * unfold.image[0] * unfold.image[1];
        let (narrow, weight) = (self.narrow * unfold.columns(), self.narrow * unfold.rows());
        (0..self.samples * groups).map(move |part| [part * image, part * narrow, part % groups * weight])
    }

    fn image_size(&self) -> usize {
        self.unfold.channels * self.unfold.image[0] * self.unfold.image[1]
    }

    /// The columns of one image: the image itself if unfolding is the identity, otherwise computed in `scratch`.
    fn columns<'a, T: Real>(&self, image: &'a [T], scratch: &'a mut [T]) -> &'a [T] {
        if self.unfold.is_identity() {
            return image;
        }
        self.unfold.gather(image, scratch);
        scratch
    }

    fn scratch(&self) -> usize {
        if self.unfold.is_identity() { 0 } else { self.unfold.rows() * self.unfold.columns() }
    }

    /// `narrow = weight · columns(image)`, or `+=` if `accumulate`.
    pub(crate) fn forward<T: Real>(&self, image: &[T], weight: &[T], narrow: &mut [T], accumulate: bool) {
        let (rows, columns) = (self.unfold.rows(), self.unfold.columns());
        with_scratch(self.scratch(), |scratch| {
            for [i, o, w] in self.parts() {
                let seen = self.columns(&image[i..i + self.image_size()], scratch);
                multiply(
                    [self.narrow, rows, columns],
                    (&weight[w..], [rows, 1]),
                    (seen, [columns, 1]),
                    (&mut narrow[o..], accumulate),
                );
            }
        });
    }

    /// `image += the transpose of forward, applied to narrow`.
    pub(crate) fn backward_input<T: Real>(&self, narrow: &[T], weight: &[T], image: &mut [T]) {
        let (rows, columns) = (self.unfold.rows(), self.unfold.columns());
        let sizes = [rows, self.narrow, columns];
        with_scratch(self.scratch(), |scratch| {
            for [i, o, w] in self.parts() {
                let (weight, narrow) = ((&weight[w..], [1, rows]), (&narrow[o..], [columns, 1]));
                let image = &mut image[i..i + self.image_size()];
                if self.unfold.is_identity() {
                    multiply(sizes, weight, narrow, (image, true));
                } else {
                    multiply(sizes, weight, narrow, (scratch, false));
                    self.unfold.scatter_add(scratch, image);
                }
            }
        });
    }

    /// `weight += narrow · columns(image)ᵀ`, summed over samples: the gradient with respect to the weight.
    ///
    /// Computed as the transpose, `columns(image) · narrowᵀ`, so that the large matrix of columns is read in place.
    pub(crate) fn backward_weight<T: Real>(&self, image: &[T], narrow: &[T], weight: &mut [T]) {
        let (rows, columns) = (self.unfold.rows(), self.unfold.columns());
        let sizes = [rows, columns, self.narrow];
        with_scratch(self.scratch(), |scratch| {
            with_scratch(weight.len(), |transposed| {
                for [i, o, w] in self.parts() {
                    let seen = self.columns(&image[i..i + self.image_size()], scratch);
                    multiply(sizes, (seen, [columns, 1]), (&narrow[o..], [1, columns]), (&mut transposed[w..], true));
                }
                let each = (self.narrow * rows).max(1);
                for (weight, transposed) in weight.chunks_mut(each).zip(transposed.chunks(each)) {
                    for (k, sum) in weight.iter_mut().enumerate() {
                        *sum += transposed[k % rows * self.narrow + k / rows];
                    }
                }
            });
        });
    }
}
