//! The convolution layer.

use autodiff::ops::ConvGeometry;
use autodiff::{ParamId, Real, Scope, Var};

use super::padding::Padding;
use super::window::{check_groups, check_window, extents, finish, name, record, two, with_two_axes};
use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::layers::weight::Weight;
use crate::module::Module;

/// A convolution over `N` axes, 1 or 2 (a cross-correlation: the kernel is not flipped).
///
/// # Shapes
/// Input `[samples, in, ..]`, output `[samples, out, ..]` with extents
/// `(extent + 2·padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down.
///
/// Parameters: `weight`, `[out, in/groups, kernel..]`, and `bias`, `[out]`, unless left out; as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Conv<const N: usize> {
    settings: ConvSettings<N>,
    weight: Weight,
    bias: Option<ParamId>,
}

/// A convolution over `[samples, in, length]`.
pub type Conv1d = Conv<1>;

/// A convolution over `[samples, in, height, width]`.
pub type Conv2d = Conv<2>;

/// How the kernel of a convolution moves over its input.
///
/// The default is stride 1, no padding, dilation 1 and one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvSettings<const N: usize> {
    /// Steps between neighboring windows, at least 1.
    pub stride: [usize; N],
    /// What surrounds the input.
    pub padding: Padding<N>,
    /// Steps between neighboring elements of the kernel, at least 1.
    pub dilation: [usize; N],
    /// The number of groups that channels are divided into, a divisor of the input's and the output's channels. Each
    /// output channel depends on the input channels of its group; with as many groups as channels, the convolution is
    /// depthwise.
    pub groups: usize,
}

impl<const N: usize> Default for ConvSettings<N> {
    fn default() -> Self {
        ConvSettings { stride: [1; N], padding: Padding::Zeros([0; N]), dilation: [1; N], groups: 1 }
    }
}

impl<const N: usize> Conv<N> {
    /// A layer with the default settings, [`Initial::HeNormal`] weights (He 2015) and zero biases.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels_in: usize, channels_out: usize, kernel: [usize; N]) -> Self {
        Conv::with(scope, channels_in, channels_out, kernel, ConvSettings::default())
    }

    /// A layer with these settings, [`Initial::HeNormal`] weights (He 2015) and zero biases.
    ///
    /// Channels that do not divide into the groups are an error of the [`Params`](autodiff::Params) and of every tape that
    /// uses them; other settings are checked when the layer runs.
    pub fn with<T: Real>(
        scope: Scope<'_, T>,
        channels_in: usize,
        channels_out: usize,
        kernel: [usize; N],
        settings: ConvSettings<N>,
    ) -> Self {
        let bias = Some(Initial::Constant(0.0));
        Conv::with_initializers(scope, channels_in, channels_out, kernel, settings, Initial::HeNormal, bias)
    }

    /// As [`Conv::with`], with these initializers. Without one for the bias there is none, as before a batch
    /// normalization, which would remove it again.
    pub fn with_initializers<T: Real>(
        mut scope: Scope<'_, T>,
        channels_in: usize,
        channels_out: usize,
        kernel: [usize; N],
        settings: ConvSettings<N>,
        weight: Initial,
        bias: Option<Initial>,
    ) -> Self {
        const { assert!(N == 1 || N == 2, "convolutions are over one axis or two") };
        let channels_in_group = channels_in.checked_div(settings.groups).unwrap_or(0);
        let shape: Vec<usize> = [channels_out, channels_in_group].into_iter().chain(kernel).collect();
        check_groups(&mut scope, channels_in, channels_out, settings.groups);
        let weight = Weight::new(&mut scope, &shape, weight);
        let bias = bias.map(|bias| bias.register(&mut scope, "bias", &[channels_out], &shape));
        Conv { settings, weight, bias }
    }

    /// The same layer with weight normalization: see [`Weight::normalized`]. `scope` must be the layer's own.
    #[must_use]
    pub fn weight_norm<T: Real>(self, scope: Scope<'_, T>) -> Self {
        Conv { weight: self.weight.normalized(scope), ..self }
    }

    /// The same layer with DropConnect: see [`Weight::dropped`]. `rate` is at least 0 and below 1.
    #[must_use]
    pub fn drop_connect(self, rate: f64) -> Self {
        Conv { weight: self.weight.dropped(rate), ..self }
    }

    /// The weight, `[out, in/groups, kernel..]`.
    pub fn weight(&self) -> ParamId {
        self.weight.id()
    }

    /// The bias, `[out]`, unless left out.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl<T: Real, const N: usize> Module<T> for Conv<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        let bias = record(self.bias, recording);
        conv(x, self.weight.record(recording), bias, self.settings)
    }
}

/// A convolution over one axis: the function of a [`Conv1d`] layer.
///
/// # Shapes
/// `x` is `[samples, in, length]`, `weight` `[out, in/groups, kernel]`, `bias` `[out]`; the result is
/// `[samples, out, length]` with the length of [`Conv`].
#[track_caller]
#[must_use]
pub fn conv1d<'t, T: Real>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvSettings<1>,
) -> Var<'t, T> {
    conv(x, weight, bias, settings)
}

/// A convolution over two axes: the function of a [`Conv2d`] layer.
///
/// # Shapes
/// `x` is `[samples, in, height, width]`, `weight` `[out, in/groups, kernel height, kernel width]`, `bias` `[out]`; the
/// result is `[samples, out, height, width]` with the extents of [`Conv`].
#[track_caller]
#[must_use]
pub fn conv2d<'t, T: Real>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvSettings<2>,
) -> Var<'t, T> {
    conv(x, weight, bias, settings)
}

#[track_caller]
fn conv<'t, T: Real, const N: usize>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvSettings<N>,
) -> Var<'t, T> {
    let ConvSettings { stride, padding, dilation, groups } = settings;
    if x.shape().is_err() || weight.shape().is_err() {
        return x + weight;
    }
    let checked = extents::<T, N>("the weight", "[out, in/groups, ..]", weight)
        .and_then(|kernel| check_window(kernel, stride, dilation).map(|()| kernel))
        .and_then(|kernel| extents::<T, N>("the input", "[samples, channels, ..]", x).map(|_| kernel));
    let kernel = match checked {
        Ok(kernel) => kernel,
        Err(reason) => return invalid_input(name::<N>("conv1d", "conv2d"), reason, x),
    };
    let x = padding.wrap(x);
    let Ok(shape) = x.shape() else { return x };
    let zeros = std::array::from_fn(|axis| {
        let reach = dilation[axis].saturating_mul(kernel[axis].saturating_sub(1));
        padding.zeros(axis, shape[2 + axis], stride[axis], reach)
    });
    let geometry = ConvGeometry {
        stride: two(stride, 1),
        padding: two::<N, _>(zeros, [0; 2]),
        dilation: two(dilation, 1),
        groups,
    };
    let y = with_two_axes::<T, N>(x).conv2d(with_two_axes::<T, N>(weight), geometry);
    finish::<T, N>(name::<N>("conv1d", "conv2d"), y, bias)
}
