//! The transposed convolution layer.

use autodiff::ops::ConvGeometry;
use autodiff::{ParamId, Real, Scope, Var};

use super::window::{check_groups, check_window, extents, finish, name, record, two, with_two_axes};
use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{Check, require};

/// A transposed convolution over `N` axes, 1 or 2. It maps extents back to those that a [`Conv`](crate::Conv) with the same
/// settings has as input.
///
/// # Shapes
/// Input `[samples, in, ..]`, output `[samples, out, ..]` with extents
/// `(extent − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1`.
///
/// Parameters: `weight`, `[in, out/groups, kernel..]`, and `bias`, `[out]`, unless left out; as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct ConvTranspose<const N: usize> {
    settings: ConvTransposeSettings<N>,
    weight: ParamId,
    bias: Option<ParamId>,
}

/// A transposed convolution over `[samples, in, length]`.
pub type ConvTranspose1d = ConvTranspose<1>;

/// A transposed convolution over `[samples, in, height, width]`.
pub type ConvTranspose2d = ConvTranspose<2>;

/// How the kernel of a transposed convolution moves over its output.
///
/// The default is stride 1, no padding, dilation 1 and one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTransposeSettings<const N: usize> {
    /// Steps between neighboring windows, at least 1.
    pub stride: [usize; N],
    /// The zero padding of the convolution that this transposes: as many elements are cut off each side of the output.
    pub padding: [usize; N],
    /// Output padding, below the stride or the dilation: selects among the input sizes with the same strided output.
    pub output_padding: [usize; N],
    /// Steps between neighboring elements of the kernel, at least 1.
    pub dilation: [usize; N],
    /// The number of groups that channels are divided into, a divisor of the input's and the output's channels.
    pub groups: usize,
}

impl<const N: usize> Default for ConvTransposeSettings<N> {
    fn default() -> Self {
        let (ones, zeros) = ([1; N], [0; N]);
        ConvTransposeSettings { stride: ones, padding: zeros, output_padding: zeros, dilation: ones, groups: 1 }
    }
}

impl<const N: usize> ConvTransposeSettings<N> {
    fn check(&self, kernel: [usize; N]) -> Check {
        check_window(kernel, self.stride, self.dilation)?;
        let below = (0..N).all(|axis| self.output_padding[axis] < self.stride[axis].max(self.dilation[axis]));
        let value = format_args!("{:?}", self.output_padding);
        require("output_padding", value, below, "below the stride or the dilation")
    }
}

impl<const N: usize> ConvTranspose<N> {
    /// A layer with the default settings, [`Initial::HeNormal`] weights (He 2015) and zero biases.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels_in: usize, channels_out: usize, kernel: [usize; N]) -> Self {
        ConvTranspose::with(scope, channels_in, channels_out, kernel, ConvTransposeSettings::default())
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
        settings: ConvTransposeSettings<N>,
    ) -> Self {
        let bias = Some(Initial::Constant(0.0));
        ConvTranspose::with_initializers(scope, channels_in, channels_out, kernel, settings, Initial::HeNormal, bias)
    }

    /// As [`ConvTranspose::with`], with these initializers. Without one for the bias there is none.
    pub fn with_initializers<T: Real>(
        mut scope: Scope<'_, T>,
        channels_in: usize,
        channels_out: usize,
        kernel: [usize; N],
        settings: ConvTransposeSettings<N>,
        weight: Initial,
        bias: Option<Initial>,
    ) -> Self {
        const { assert!(N == 1 || N == 2, "convolutions are over one axis or two") };
        let [in_group, out_group] =
            [channels_in, channels_out].map(|channels| channels.checked_div(settings.groups).unwrap_or(0));
        let shape: Vec<usize> = [channels_in, out_group].into_iter().chain(kernel).collect();
        // A unit reads `in/groups` channels: the fans are those of the transposed axes.
        let fans: Vec<usize> = [channels_out, in_group].into_iter().chain(kernel).collect();
        check_groups(&mut scope, channels_in, channels_out, settings.groups);
        let weight = weight.register(&mut scope, "weight", &shape, &fans);
        let bias = bias.map(|bias| bias.register(&mut scope, "bias", &[channels_out], &fans));
        ConvTranspose { settings, weight, bias }
    }

    /// The weight, `[in, out/groups, kernel..]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias, `[out]`, unless left out.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl<T: Real, const N: usize> Module<T> for ConvTranspose<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        let bias = record(self.bias, recording);
        conv_transpose(x, recording.param(self.weight), bias, self.settings)
    }
}

/// A transposed convolution over one axis: the function of a [`ConvTranspose1d`] layer.
///
/// # Shapes
/// `x` is `[samples, in, length]`, `weight` `[in, out/groups, kernel]`, `bias` `[out]`; the result is
/// `[samples, out, length]` with the length of [`ConvTranspose`].
#[track_caller]
#[must_use]
pub fn conv_transpose1d<'t, T: Real>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvTransposeSettings<1>,
) -> Var<'t, T> {
    conv_transpose(x, weight, bias, settings)
}

/// A transposed convolution over two axes: the function of a [`ConvTranspose2d`] layer.
///
/// # Shapes
/// `x` is `[samples, in, height, width]`, `weight` `[in, out/groups, kernel height, kernel width]`, `bias` `[out]`; the
/// result is `[samples, out, height, width]` with the extents of [`ConvTranspose`].
#[track_caller]
#[must_use]
pub fn conv_transpose2d<'t, T: Real>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvTransposeSettings<2>,
) -> Var<'t, T> {
    conv_transpose(x, weight, bias, settings)
}

#[track_caller]
fn conv_transpose<'t, T: Real, const N: usize>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    settings: ConvTransposeSettings<N>,
) -> Var<'t, T> {
    if x.shape().is_err() || weight.shape().is_err() {
        return x + weight;
    }
    let checked = extents::<T, N>("the weight", "[in, out/groups, ..]", weight)
        .and_then(|kernel| settings.check(kernel))
        .and_then(|()| extents::<T, N>("the input", "[samples, channels, ..]", x));
    let operation = name::<N>("conv_transpose1d", "conv_transpose2d");
    if let Err(reason) = checked {
        return invalid_input(operation, reason, x);
    }
    let ConvTransposeSettings { stride, padding, output_padding, dilation, groups } = settings;
    let geometry = ConvGeometry {
        stride: two(stride, 1),
        padding: two::<N, _>(padding.map(|zeros| [zeros; 2]), [0; 2]),
        dilation: two(dilation, 1),
        groups,
    };
    let (x, weight) = (with_two_axes::<T, N>(x), with_two_axes::<T, N>(weight));
    finish::<T, N>(operation, x.conv_transpose2d(weight, geometry, two(output_padding, 0)), bias)
}
