//! The convolution layer.

use autodiff::ops::Placement;
use autodiff::{ParamId, Real, Scope, Var};

use super::padding::Padding;
use super::two;
use crate::initialisers::Initial;
use crate::module::Module;
use crate::weight::Weight;

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
    /// Steps between windows.
    pub stride: [usize; N],
    /// What stands around the input.
    pub padding: Padding<N>,
    /// Steps between the places of a window.
    pub dilation: [usize; N],
    /// Into how many groups the channels fall; as many as channels make a depthwise convolution.
    pub groups: usize,
    /// How weights start.
    pub weight: Initial,
    /// How biases start; nothing for a layer without, as before a batch normalisation, which takes them out again.
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

    /// With these settings.
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
        let weight = Weight::new(&mut scope, &shape, weight);
        let bias = bias
            .map(|bias| scope.parameter("bias", [channels_out], |values, random| bias.fill(&shape, values, random)));
        Conv { kernel, stride, padding, dilation, groups, weight, bias }
    }

    /// The same layer with its weight re-parametrised as [`Weight::normalised`]; `scope` is the layer's own.
    #[must_use]
    pub fn weight_norm<T: Real>(self, scope: Scope<'_, T>) -> Self {
        Conv { weight: self.weight.normalised(scope), ..self }
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
        let y = over_two_axes::<T, N>(x, self.weight.record(recording), |x, weight| x.conv2d(weight, placement));
        add_bias::<T, N>(y, self.bias)
    }
}

/// Runs an operation over two axes; where there is one, with an axis of extent 1 before it.
#[track_caller]
pub(super) fn over_two_axes<'t, T: Real, const N: usize>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    run: impl FnOnce(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
) -> Var<'t, T> {
    match N {
        1 => run(x.unsqueeze(2), weight.unsqueeze(2)).squeeze(2),
        _ => run(x, weight),
    }
}

/// Adds a bias of `[channels]` along axis 1.
#[track_caller]
pub(super) fn add_bias<'t, T: Real, const N: usize>(y: Var<'t, T>, bias: Option<ParamId>) -> Var<'t, T> {
    let Some(bias) = bias else { return y };
    y + (0..N).fold(y.recording().param(bias), |bias, _| bias.unsqueeze(1))
}
