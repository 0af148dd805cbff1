//! The convolution layer.

use autodiff::ops::Placement;
use autodiff::{ParamId, Real, Scope, Var};

use super::padding::Padding;
use super::{check_groups, check_windows, name, two};
use crate::initializers::Initial;
use crate::module::Module;
use crate::invalid::invalid_input;
use crate::layers::weight::Weight;

/// A convolution over `N` axes, 1 or 2: `[samples, in, ..]` to `[samples, out, ..]`, with extents
/// `(extent + 2·padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down. As everywhere, the window is not flipped.
///
/// Parameters: `weight`, `[out, in/groups, kernel..]`, and unless left out `bias`, `[out]`, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Conv<const N: usize> {
    kernel: [usize; N],
    stride: [usize; N],
    padding: Padding<N>,
    dilation: [usize; N],
    groups: usize,
    weight: Weight,
    bias: Option<ParamId>,
}

/// A convolution over `[samples, in, length]`.
pub type Conv1d = Conv<1>;

/// A convolution over `[samples, in, height, width]`.
pub type Conv2d = Conv<2>;

/// What a convolution has settings for.
#[derive(Clone, Copy, Debug)]
pub struct ConvSettings<const N: usize> {
    /// Steps between windows, at least 1.
    pub stride: [usize; N],
    /// What stands around the input.
    pub padding: Padding<N>,
    /// Steps between the places of a window, at least 1.
    pub dilation: [usize; N],
    /// Into how many groups the channels fall, a divisor of the input's and the output's; as many as channels make a
    /// depthwise convolution.
    pub groups: usize,
    /// How weights start.
    pub weight: Initial,
    /// How biases start; nothing for a layer without, as before a batch normalization, which takes them out again.
    pub bias: Option<Initial>,
}

impl<const N: usize> Default for ConvSettings<N> {
    /// Stride 1, no padding, dilation 1, one group, [`Initial::HeNormal`] weights (He 2015), biases 0.
    fn default() -> Self {
        ConvSettings {
            stride: [1; N],
            padding: Padding::Zeros([0; N]),
            dilation: [1; N],
            groups: 1,
            weight: Initial::HeNormal,
            bias: Some(Initial::Constant(0.0)),
        }
    }
}

impl<const N: usize> Conv<N> {
    /// With the default settings.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels_in: usize, channels_out: usize, kernel: [usize; N]) -> Self {
        Conv::with(scope, channels_in, channels_out, kernel, ConvSettings::default())
    }

    /// With these settings. Channels that do not divide into the groups are a mistake that the [`Params`](autodiff::Params)
    /// and every tape give; other settings are checked where the layer runs.
    pub fn with<T: Real>(
        mut scope: Scope<'_, T>,
        channels_in: usize,
        channels_out: usize,
        kernel: [usize; N],
        settings: ConvSettings<N>,
    ) -> Self {
        const { assert!(N == 1 || N == 2, "convolutions are over one axis or two") };
        let ConvSettings { stride, padding, dilation, groups, weight, bias } = settings;
        let shape: Vec<usize> =
            [channels_out, channels_in.checked_div(groups).unwrap_or(0)].into_iter().chain(kernel).collect();
        check_groups(&mut scope, channels_in, channels_out, groups);
        let weight = Weight::new(&mut scope, &shape, weight);
        let bias = bias.map(|bias| bias.register(&mut scope, "bias", &[channels_out], &shape));
        Conv { kernel, stride, padding, dilation, groups, weight, bias }
    }

    /// The same layer with its weight re-parametrized as [`Weight::normalized`]; `scope` is the layer's own.
    #[must_use]
    pub fn weight_norm<T: Real>(self, scope: Scope<'_, T>) -> Self {
        Conv { weight: self.weight.normalized(scope), ..self }
    }

    /// The same layer, which drops weights in training as [`Weight::dropped`].
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
        if let Err(reason) = check_windows(self.kernel, self.stride, self.dilation) {
            return invalid_input(name::<N>("conv1d", "conv2d"), reason, x);
        }
        let x = self.padding.wrap(x);
        let Ok(shape) = x.shape() else { return x };
        let zeros = std::array::from_fn(|axis| {
            let reach = self.dilation[axis].saturating_mul(self.kernel[axis].saturating_sub(1));
            self.padding.zeros(axis, shape.get(2 + axis).copied().unwrap_or(0), self.stride[axis], reach)
        });
        let placement = Placement {
            stride: two(self.stride, 1),
            padding: two::<N, _>(zeros, [0; 2]),
            dilation: two(self.dilation, 1),
            groups: self.groups,
        };
        let weight = with_two_axes::<T, N>(self.weight.record(recording));
        let y = with_two_axes::<T, N>(x).conv2d(weight, placement);
        finish::<T, N>(y, self.bias)
    }
}

/// What the operations take, which work over two axes: where there is one, an axis of extent 1 before it.
#[track_caller]
pub(super) fn with_two_axes<T: Real, const N: usize>(x: Var<'_, T>) -> Var<'_, T> {
    if N == 1 { x.unsqueeze(2) } else { x }
}

/// Undoes [`with_two_axes`], and adds a bias of `[channels]` along axis 1.
#[track_caller]
pub(super) fn finish<T: Real, const N: usize>(y: Var<'_, T>, bias: Option<ParamId>) -> Var<'_, T> {
    let y = if N == 1 { y.squeeze(2) } else { y };
    let Some(bias) = bias else { return y };
    let mut bias = y.recording().param(bias);
    for _ in 0..N {
        bias = bias.unsqueeze(1);
    }
    y + bias
}
