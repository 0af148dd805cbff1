//! Convolution by matrix products on unfolded images (im2col), one per sample and group: for every scalar and every shape.

use super::super::multiply;
use super::super::scratch::with_scratch;
use super::plan::Convolution;
use crate::scalar::Real;

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
}

/// `narrow = weight · columns(image)`, or `+=` if `accumulate`.
pub(super) fn forward<T: Real>(plan: &Convolution, image: &[T], weight: &[T], narrow: &mut [T], accumulate: bool) {
    let (rows, columns) = (plan.unfold.rows(), plan.unfold.columns());
    with_scratch(plan.scratch(), |scratch| {
        for [i, o, w] in plan.parts() {
            let seen = plan.columns(&image[i..i + plan.image_size()], scratch);
            multiply(
                [plan.narrow, rows, columns],
                (&weight[w..], [rows, 1]),
                (seen, [columns, 1]),
                (&mut narrow[o..], accumulate),
            );
        }
    });
}

/// `image += the transpose of forward, applied to narrow`.
pub(super) fn backward_input<T: Real>(plan: &Convolution, narrow: &[T], weight: &[T], image: &mut [T]) {
    let (rows, columns) = (plan.unfold.rows(), plan.unfold.columns());
    let sizes = [rows, plan.narrow, columns];
    with_scratch(plan.scratch(), |scratch| {
        for [i, o, w] in plan.parts() {
            let (weight, narrow) = ((&weight[w..], [1, rows]), (&narrow[o..], [columns, 1]));
            let image = &mut image[i..i + plan.image_size()];
            if plan.unfold.is_identity() {
                multiply(sizes, weight, narrow, (image, true));
            } else {
                multiply(sizes, weight, narrow, (scratch, false));
                plan.unfold.scatter_add(scratch, image);
            }
        }
    });
}

/// `weight += narrow · columns(image)ᵀ`, summed over samples: the gradient with respect to the weight.
///
/// Computed as the transpose, `columns(image) · narrowᵀ`, so that the large matrix of columns is read in place.
pub(super) fn backward_weight<T: Real>(plan: &Convolution, image: &[T], narrow: &[T], weight: &mut [T]) {
    let (rows, columns) = (plan.unfold.rows(), plan.unfold.columns());
    let sizes = [rows, columns, plan.narrow];
    with_scratch(plan.scratch(), |scratch| {
        with_scratch(weight.len(), |transposed| {
            for [i, o, w] in plan.parts() {
                let seen = plan.columns(&image[i..i + plan.image_size()], scratch);
                multiply(sizes, (seen, [columns, 1]), (&narrow[o..], [1, columns]), (&mut transposed[w..], true));
            }
            let each = (plan.narrow * rows).max(1);
            for (weight, transposed) in weight.chunks_mut(each).zip(transposed.chunks(each)) {
                for (k, sum) in weight.iter_mut().enumerate() {
                    *sum += transposed[k % rows * plan.narrow + k / rows];
                }
            }
        });
    });
}
