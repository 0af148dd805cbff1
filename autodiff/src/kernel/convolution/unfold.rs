//! Unfolding an image into columns (im2col, Chellapilla 2006): one column for each element of a convolution's output, with its
//! receptive field. The convolution is then a matrix product.

use crate::scalar::Real;

/// The geometry of two-dimensional windows on an image with channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfold {
    pub(crate) channels: usize,
    /// Height and width of the image, the kernel and the output.
    pub(crate) image: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) output_size: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Padding before the image.
    pub(crate) before: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

/// A run in a row of the columns: elements `to..to + length` are read at `from`, `from + stride`, …
struct Run {
    to: usize,
    from: usize,
    length: usize,
}

impl Unfold {
    /// Number of rows of the column matrix: elements of a window.
    pub(crate) fn rows(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    /// Number of columns: elements of the output.
    pub(crate) fn columns(&self) -> usize {
        self.output_size[0] * self.output_size[1]
    }

    /// Whether the image is its own column matrix (a 1×1 kernel with stride 1).
    pub(crate) fn is_identity(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.output_size == self.image && self.before == [0, 0]
    }

    /// Along one axis, for element `offset` of the window: the first output for which it is inside the image, the number of such
    /// outputs, and the index in the image for the first.
    fn valid(&self, axis: usize, offset: usize) -> Run {
        let (stride, before, shift) = (self.stride[axis], self.before[axis], offset * self.dilation[axis]);
        let to = before.saturating_sub(shift).div_ceil(stride);
        if to >= self.output_size[axis] {
            return Run { to: 0, from: 0, length: 0 };
        }
        let from = to * stride + shift; // counted with the zeros before
        let end = self.image[axis] + before;
        let length = if from < end { ((end - from - 1) / stride + 1).min(self.output_size[axis] - to) } else { 0 };
        Run { to, from: from.saturating_sub(before), length }
    }

    /// Calls `visit(column index, image index, length)` for every run of neighboring elements inside the image.
    fn for_each_run(&self, mut visit: impl FnMut(usize, usize, usize)) {
        if self.channels == 0 {
            return; // a window over nothing may be of any extent
        }
        let ([height, width], [kernel_height, kernel_width]) = (self.image, self.kernel);
        for y in 0..kernel_height {
            let vertical = self.valid(0, y);
            if vertical.length == 0 {
                continue;
            }
            for x in 0..kernel_width {
                let across = self.valid(1, x);
                if across.length == 0 {
                    continue;
                }
                for channel in 0..self.channels {
                    let row = (channel * kernel_height + y) * kernel_width + x;
                    let to = row * self.columns() + vertical.to * self.output_size[1] + across.to;
                    for line in 0..vertical.length {
                        let image_line = channel * height + vertical.from + line * self.stride[0];
                        visit(to + line * self.output_size[1], image_line * width + across.from, across.length);
                    }
                }
            }
        }
    }

    /// Writes the columns of `image`, `[rows, columns]`; leaves elements outside the image unchanged.
    pub(crate) fn gather<T: Real>(&self, image: &[T], columns: &mut [T]) {
        let stride = self.stride[1];
        self.for_each_run(|to, from, length| {
            let run = &mut columns[to..to + length];
            match stride {
                1 => run.copy_from_slice(&image[from..from + length]),
                _ => run.iter_mut().zip(image[from..].iter().step_by(stride)).for_each(|(to, &from)| *to = from),
            }
        });
    }

    /// The adjoint of [`Unfold::gather`]: adds each element of the columns to its element of the image.
    pub(crate) fn scatter_add<T: Real>(&self, columns: &[T], image: &mut [T]) {
        let stride = self.stride[1];
        self.for_each_run(|to, from, length| {
            let run = &columns[to..to + length];
            match stride {
                1 => image[from..from + length].iter_mut().zip(run).for_each(|(sum, &amount)| *sum += amount),
                _ => image[from..].iter_mut().step_by(stride).zip(run).for_each(|(sum, &amount)| *sum += amount),
            }
        });
    }
}
