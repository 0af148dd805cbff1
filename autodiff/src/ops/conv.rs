//! Two-dimensional convolution and its transpose, which share three matrix products on unfolded images (im2col).
//!
//! As in every framework, "convolution" is cross-correlation: the kernel is not flipped. Backward unfolds the image again,
//! because saving the columns would take kernel-size times the memory of the input.

use super::prelude::*;
use crate::array::ViewMut;
use crate::kernel::{Convolution, Unfold, with_scratch};

/// Stride, padding, dilation and groups of a convolution. The first of two numbers is for the height, the second for the
/// width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvGeometry {
    /// Distance between neighboring windows, in elements.
    pub stride: [usize; 2],
    /// Zeros added before and after each axis.
    pub padding: [[usize; 2]; 2],
    /// Distance between neighboring elements of a window, in elements.
    pub dilation: [usize; 2],
    /// Number of groups of channels; an output channel depends only on the input channels of its group.
    pub groups: usize,
}

impl Default for ConvGeometry {
    /// Stride 1, no padding, dilation 1, one group.
    fn default() -> Self {
        ConvGeometry { stride: [1, 1], padding: [[0; 2]; 2], dilation: [1, 1], groups: 1 }
    }
}

/// Cross-correlation: `[samples, in, height, width]` and `[out, in/groups, kernel height, kernel width]` give
/// `[samples, out, ..]` with extents `(extent + padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down.
#[derive(Clone, Copy, Debug)]
pub struct Conv2d {
    /// Stride, padding, dilation and groups.
    pub geometry: ConvGeometry,
}

/// The transpose of [`Conv2d`] as a linear map: `[samples, in, height, width]` and
/// `[in, out/groups, kernel height, kernel width]` give `[samples, out, ..]` with extents
/// `(extent − 1)·stride − padding + dilation·(kernel − 1) + output_padding + 1`.
#[derive(Clone, Copy, Debug)]
pub struct ConvTranspose2d {
    /// Stride, padding, dilation and groups.
    pub geometry: ConvGeometry,
    /// Output padding: selects among the input sizes with the same strided output.
    pub output_padding: [usize; 2],
}

impl ConvGeometry {
    fn check(&self, x: &Shape, weight: &Shape) -> Result<([usize; 4], [usize; 4]), Mismatch> {
        let as_nchw = |shape: &Shape| <[usize; 4]>::try_from(&shape[..]).ok();
        let (Some(x), Some(weight)) = (as_nchw(x), as_nchw(weight)) else {
            return Err(Mismatch::new("a convolution over two axes takes a value and a weight of four axes"));
        };
        if self.stride.contains(&0) || self.dilation.contains(&0) || self.groups == 0 {
            return Err(Mismatch::new("stride, dilation and groups must be at least 1"));
        }
        if weight[2] == 0 || weight[3] == 0 {
            return Err(Mismatch::new("the kernel has extent 0"));
        }
        if !x[1].is_multiple_of(self.groups) || !weight[0].is_multiple_of(self.groups) {
            return Err(Mismatch::new(format!("channels do not divide into {} groups", self.groups)));
        }
        Ok((x, weight))
    }

    /// The distance from the first to the last element of a window along an axis.
    fn reach(&self, axis: usize, kernel: usize) -> Option<usize> {
        self.dilation[axis].checked_mul(kernel - 1)
    }

    fn padded(&self, axis: usize, extent: usize) -> Option<usize> {
        extent.checked_add(self.padding[axis][0])?.checked_add(self.padding[axis][1])
    }

    fn plan(&self, samples: usize, image: [usize; 3], kernel: [usize; 2], output: [usize; 3]) -> Convolution {
        let unfold = Unfold {
            channels: image[0] / self.groups,
            image: [image[1], image[2]],
            kernel,
            output_size: [output[1], output[2]],
            stride: self.stride,
            before: self.padding.map(|[before, _]| before),
            dilation: self.dilation,
        };
        Convolution { samples, groups: self.groups, narrow: output[0] / self.groups, unfold }
    }
}

/// Calls `work` with a contiguous slice to add to, and adds that to the gradient.
fn with_dense_grad<T: Real>(grad: ViewMut<'_, T>, work: impl FnOnce(&mut [T])) {
    if grad.layout().dense_range().is_some() {
        accumulate([], grad, {
            let mut work = Some(work);
            move |_, [], sums| work.take().into_iter().for_each(|work| work(sums))
        });
        return;
    }
    with_scratch(grad.layout().shape().size(), |sums| {
        work(sums);
        grad.add(sums);
    });
}

/// An error if the size of one sample's columns, the product of these extents, exceeds `usize`.
fn countable(columns: [usize; 5]) -> Result<(), Mismatch> {
    let size = columns.iter().try_fold(1_usize, |size, &extent| size.checked_mul(extent));
    size.map(|_| ()).ok_or_else(|| Mismatch::new("kernel and output together are too large to fit into memory"))
}

fn as_nchw(shape: &Shape) -> [usize; 4] {
    <[usize; 4]>::try_from(&shape[..]).unwrap_or_default()
}

impl Conv2d {
    fn plan(&self, x: &Shape, weight: &Shape, y: &Shape) -> Convolution {
        let ([n, channels, h, w], [_, _, kh, kw], [_, out, oh, ow]) = (as_nchw(x), as_nchw(weight), as_nchw(y));
        self.geometry.plan(n, [channels, h, w], [kh, kw], [out, oh, ow])
    }
}

impl<T: Real> Op<T> for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, weight] = expect_inputs(inputs)?;
        let geometry = &self.geometry;
        let (x, weight) = geometry.check(x, weight)?;
        if x[1] / geometry.groups != weight[1] {
            let seen = x[1] / geometry.groups;
            return Err(Mismatch::new(format!("the weight sees {} channels, each group has {seen}", weight[1])));
        }
        let extent = |axis: usize| {
            let room = geometry.padded(axis, x[2 + axis])?.checked_sub(geometry.reach(axis, weight[2 + axis])?)?;
            Some(room.checked_sub(1)? / geometry.stride[axis] + 1)
        };
        let (Some(height), Some(width)) = (extent(0), extent(1)) else {
            return Err(Mismatch::new("the kernel is larger than the padded value"));
        };
        countable([weight[1], weight[2], weight[3], height, width])?;
        Ok(Shape::new(&[x[0], weight[0], height, width]))
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        if output.is_empty() {
            return;
        }
        let (x, weight) = (inputs.view(0), inputs.view(1));
        let plan = self.plan(x.shape(), weight.shape(), inputs.output_shape());
        x.with_dense(|x| weight.with_dense(|weight| plan.forward(x, weight, output, false)));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if cotangent.is_empty() {
            return;
        }
        let (x, weight) = (at.inputs.view(0), at.inputs.view(1));
        let plan = self.plan(x.shape(), weight.shape(), at.inputs.output_shape());
        if let Some(grad) = grads.view(0) {
            weight.with_dense(|weight| with_dense_grad(grad, |grad| plan.backward_input(cotangent, weight, grad)));
        }
        if let Some(grad) = grads.view(1) {
            x.with_dense(|x| with_dense_grad(grad, |grad| plan.backward_weight(x, cotangent, grad)));
        }
    }
}

impl ConvTranspose2d {
    /// The convolution of which this is the transpose: it maps this operation's output to its input.
    fn plan(&self, x: &Shape, weight: &Shape, y: &Shape) -> Convolution {
        let ([n, channels, h, w], [_, _, kh, kw], [_, out, oh, ow]) = (as_nchw(x), as_nchw(weight), as_nchw(y));
        self.geometry.plan(n, [out, oh, ow], [kh, kw], [channels, h, w])
    }
}

impl<T: Real> Op<T> for ConvTranspose2d {
    fn name(&self) -> &'static str {
        "conv_transpose2d"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, weight] = expect_inputs(inputs)?;
        let geometry = &self.geometry;
        let (x, weight) = geometry.check(x, weight)?;
        if x[1] != weight[0] {
            return Err(Mismatch::new(format!("the weight takes {} channels, the value has {}", weight[0], x[1])));
        }
        let extent = |axis: usize| {
            if self.output_padding[axis] >= geometry.stride[axis].max(geometry.dilation[axis]) {
                return None;
            }
            let spread = x[2 + axis].checked_sub(1)?.checked_mul(geometry.stride[axis])?;
            let full = spread
                .checked_add(geometry.reach(axis, weight[2 + axis])?)?
                .checked_add(self.output_padding[axis] + 1)?;
            full.checked_sub(geometry.padded(axis, 0)?).filter(|&extent| extent > 0)
        };
        let (Some(height), Some(width)) = (extent(0), extent(1)) else {
            let reason = "the output would be empty: extents must be positive, the padding less than what the kernel \
                          covers, and output_padding less than the stride or the dilation";
            return Err(Mismatch::new(reason));
        };
        let out = weight[1].checked_mul(geometry.groups).ok_or_else(|| Mismatch::new("too many channels"))?;
        countable([weight[1], weight[2], weight[3], x[2], x[3]])?;
        Ok(Shape::new(&[x[0], out, height, width]))
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        if output.is_empty() {
            return;
        }
        let (x, weight) = (inputs.view(0), inputs.view(1));
        let plan = self.plan(x.shape(), weight.shape(), inputs.output_shape());
        output.fill(T::ZERO);
        x.with_dense(|x| weight.with_dense(|weight| plan.backward_input(x, weight, output)));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if cotangent.is_empty() {
            return;
        }
        let (x, weight) = (at.inputs.view(0), at.inputs.view(1));
        let plan = self.plan(x.shape(), weight.shape(), at.inputs.output_shape());
        if let Some(grad) = grads.view(0) {
            weight.with_dense(|weight| {
                with_dense_grad(grad, |grad| plan.forward(cotangent, weight, grad, true));
            });
        }
        if let Some(grad) = grads.view(1) {
            x.with_dense(|x| with_dense_grad(grad, |grad| plan.backward_weight(cotangent, x, grad)));
        }
    }
}

/// # Convolutions
impl<'t, T: Real> Var<'t, T> {
    /// Two-dimensional convolution (cross-correlation). Input `[samples, in, height, width]` and weight
    /// `[out, in/groups, kernel height, kernel width]` give `[samples, out, height', width']`, where an extent becomes
    /// `(extent + padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down.
    #[track_caller]
    #[must_use]
    pub fn conv2d(self, weight: Var<'t, T>, geometry: ConvGeometry) -> Var<'t, T> {
        self.recording().apply(Conv2d { geometry }, [self, weight])
    }

    /// Two-dimensional transposed convolution. Input `[samples, in, height, width]` and weight
    /// `[in, out/groups, kernel height, kernel width]` give `[samples, out, height', width']`, where an extent becomes
    /// `(extent − 1)·stride − padding + dilation·(kernel − 1) + output_padding + 1`. `output_padding` selects among the
    /// input sizes that a strided [`Var::conv2d`] maps to the same output size.
    #[track_caller]
    #[must_use]
    pub fn conv_transpose2d(
        self,
        weight: Var<'t, T>,
        geometry: ConvGeometry,
        output_padding: [usize; 2],
    ) -> Var<'t, T> {
        self.recording().apply(ConvTranspose2d { geometry, output_padding }, [self, weight])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] =
    &[Entry { name: "conv2d", draw: draw_conv }, Entry { name: "conv_transpose2d", draw: draw_transpose }];

#[cfg(feature = "catalogue")]
fn draw_geometry(choices: &mut Choices<'_>) -> ConvGeometry {
    let mut two = |bound: usize, least: usize| [(); 2].map(|()| least + choices.below(bound));
    let (stride, dilation) = (two(3, 1), two(2, 1));
    let padding = [two(3, 0), two(3, 0)];
    ConvGeometry { stride, padding, dilation, groups: 1 + choices.below(2) }
}

/// Few channels, or so many that vectors are worth it.
#[cfg(feature = "catalogue")]
fn draw_channels(choices: &mut Choices<'_>) -> usize {
    [0, 1, 2, 5][choices.below(4)]
}

#[cfg(feature = "catalogue")]
fn draw_conv(choices: &mut Choices<'_>) -> Case {
    let geometry = draw_geometry(choices);
    let (samples, seen, out) = (choices.below(4), draw_channels(choices), draw_channels(choices));
    let kernel = [(); 2].map(|()| 1 + choices.below(3));
    // Large enough for the kernel without padding.
    let image = [0, 1].map(|axis| geometry.dilation[axis] * (kernel[axis] - 1) + 1 + choices.below(4));
    let x = [samples, seen * geometry.groups, image[0], image[1]];
    let weight = [out * geometry.groups, seen, kernel[0], kernel[1]];
    Case::new(Conv2d { geometry }, [Domain::REAL.sample(x), Domain::REAL.sample(weight)])
}

#[cfg(feature = "catalogue")]
fn draw_transpose(choices: &mut Choices<'_>) -> Case {
    let mut geometry = draw_geometry(choices);
    let (samples, seen, out) = (choices.below(4), draw_channels(choices), draw_channels(choices));
    let kernel = [(); 2].map(|()| 1 + choices.below(3));
    let reach = [0, 1].map(|axis| geometry.dilation[axis] * (kernel[axis] - 1));
    geometry.padding = [0, 1].map(|axis| geometry.padding[axis].map(|zeros| zeros.min(reach[axis] / 2)));
    let output_padding = geometry.stride.map(|stride| choices.below(stride));
    let x = [samples, seen * geometry.groups, choices.positive().min(4), choices.positive().min(4)];
    let weight = [seen * geometry.groups, out, kernel[0], kernel[1]];
    Case::new(ConvTranspose2d { geometry, output_padding }, [Domain::REAL.sample(x), Domain::REAL.sample(weight)])
}
