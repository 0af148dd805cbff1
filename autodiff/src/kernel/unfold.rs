//! Unfolding an image into columns (im2col, Chellapilla 2006): for each element of a convolution's output, the window of the
//! input that it reads. The convolution is then a matrix product.

use crate::scalar::Real;

/// How windows over two axes lie on an image of several channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfold {
    pub(crate) channels: usize,
    /// Extents of the image, the window and the output.
    pub(crate) image: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) output_size: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Zeros before the image.
    pub(crate) before: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

/// One run of a row of columns: elements `to..to + length` read `from`, `from + stride`, …
struct Run {
    to: usize,
    from: usize,
    length: usize,
}

impl Unfold {
    /// Rows of the matrix of columns: elements of a window.
    pub(crate) fn rows(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    /// Columns of it: elements of the output.
    pub(crate) fn columns(&self) -> usize {
        self.output_size[0] * self.output_size[1]
    }

    /// Whether the image is its own matrix of columns.
    pub(crate) fn is_identity(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.output_size == self.image && self.before == [0, 0]
    }

    /// Along one axis, for element `offset` of the window: the first output for which it lies in the image, how many follow,
    /// and where in the image the first lies.
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

    /// Calls `visit(column index, image index, length)` for every run of neighboring elements that lie in the image.
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

    /// Writes the columns of `image`, `[rows, columns]`; what lies outside the image stays as it is.
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

    /// Adds each element of the columns to the element of the image that it came from.
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
