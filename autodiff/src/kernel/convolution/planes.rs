//! The geometry of direct convolution: an element of the result is a sum over taps, each at a fixed distance from the element's
//! position in planes that are padded with zeros.

use super::unfold::Unfold;

/// One axis of a [`Planes`].
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// Extent of the planes that are read, zeros before them, and their extent with all zeros.
    source: usize,
    before: usize,
    padded: usize,
    /// Number of elements of the result, the position of the first in the padded plane, and the distance of two.
    count: usize,
    start: usize,
    step: usize,
    kernel: usize,
    dilation: usize,
    /// Whether the kernel is read from its last element to its first.
    flipped: bool,
}

impl Axis {
    /// The axis of a convolution.
    fn forward(unfold: &Unfold, axis: usize) -> Option<Axis> {
        let (kernel, dilation) = (unfold.kernel[axis], unfold.dilation[axis]);
        let reach = (kernel - 1) * dilation;
        let (source, before, count) = (unfold.image[axis], unfold.before[axis], unfold.output_size[axis]);
        let (start, step, flipped) = (0, unfold.stride[axis], false);
        let last = count.checked_sub(1)?.checked_mul(step)?.checked_add(reach)?;
        let padded = source.checked_add(before)?.max(last.checked_add(1)?);
        Some(Axis { source, before, padded, count, start, step, kernel, dilation, flipped })
    }

    /// The axis of the adjoint of a convolution of stride 1: what the kernel's first element reads, its last one wrote.
    fn adjoint(unfold: &Unfold, axis: usize) -> Option<Axis> {
        let (kernel, dilation) = (unfold.kernel[axis], unfold.dilation[axis]);
        let reach = (kernel - 1) * dilation;
        let (source, before, count) = (unfold.output_size[axis], reach, unfold.image[axis]);
        let (start, step, flipped) = (unfold.before[axis], 1, true);
        let padded = start.checked_add(count)?.max(source).checked_add(reach)?;
        Some(Axis { source, before, padded, count, start, step, kernel, dilation, flipped })
    }

    /// The distance from a position to what is read there, for each element of the kernel.
    fn taps(self) -> impl Iterator<Item = usize> {
        (0..self.kernel).map(move |k| if self.flipped { self.kernel - 1 - k } else { k } * self.dilation)
    }
}

/// Planes that are read, and what is computed from them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    height: Axis,
    width: Axis,
}

impl Planes {
    /// The planes of an image, and all elements of its convolution. `None` if their extents exceed `usize`.
    pub(super) fn forward(unfold: &Unfold) -> Option<Planes> {
        Some(Planes { height: Axis::forward(unfold, 0)?, width: Axis::forward(unfold, 1)? })
    }

    /// The planes of the narrow side, and all elements of the image. `None` also unless the stride is 1.
    pub(super) fn adjoint(unfold: &Unfold) -> Option<Planes> {
        let planes = Planes { height: Axis::adjoint(unfold, 0)?, width: Axis::adjoint(unfold, 1)? };
        (unfold.stride == [1, 1]).then_some(planes)
    }

    /// Elements of one plane, without zeros.
    pub(super) fn source_size(&self) -> usize {
        self.height.source * self.width.source
    }

    /// Elements of one plane with zeros, unless they are too many.
    pub(super) fn padded_size(&self) -> Option<usize> {
        self.height.padded.checked_mul(self.width.padded)
    }

    /// Whether there are no zeros around the planes.
    pub(super) fn in_place(&self) -> bool {
        [self.height, self.width].iter().all(|axis| axis.padded == axis.source)
    }

    /// Number of elements of the result.
    pub(super) fn count(&self) -> usize {
        self.height.count * self.width.count
    }

    /// Copies planes into padded ones, whose zeros are there already.
    pub(super) fn pad<T: Copy>(&self, source: &[T], padded: &mut [T]) {
        let (height, width) = (&self.height, &self.width);
        let sources = source.chunks_exact((height.source * width.source).max(1));
        for (source, padded) in sources.zip(padded.chunks_exact_mut(height.padded * width.padded)) {
            let lines = padded.chunks_exact_mut(width.padded).skip(height.before);
            for (source, line) in source.chunks_exact(width.source).zip(lines) {
                line[width.before..][..width.source].copy_from_slice(source);
            }
        }
    }

    /// The positions of the result's elements in a padded plane.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> + use<> {
        let Planes { height, width } = *self;
        (0..height.count).flat_map(move |y| {
            let line = (height.start + y * height.step) * width.padded + width.start;
            (0..width.count).map(move |x| line + x * width.step)
        })
    }

    /// The distance from a position to what is read there, for each element of the kernel.
    pub(super) fn taps(&self) -> impl Iterator<Item = usize> + use<> {
        let Planes { height, width } = *self;
        height.taps().flat_map(move |down| width.taps().map(move |across| down * width.padded + across))
    }
}

/// Neighbors among numbered elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// The index of the chunk that they are of, and of the first in that chunk.
    pub(super) of: usize,
    pub(super) from: usize,
    /// The number of elements before them.
    pub(super) at: usize,
    pub(super) length: usize,
}

/// The runs of `length` elements from number `first` on, each within one chunk of `each` elements.
pub(super) fn runs(first: usize, length: usize, each: usize) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (of, from) = ((first + at) / each, (first + at) % each);
        let run = Run { of, from, at, length: (each - from).min(length - at) };
        at += run.length;
        (run.length > 0).then_some(run)
    })
}
