//! The transposed convolution layer.

use autodiff::ops::Placement;
use autodiff::{ParamId, Real, Scope, Var};

use super::conv::{finish, with_two_axes};
use super::{check_groups, check_windows, name, two};
use crate::initializers::Initial;
use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::{Check, require};

/// A transposed convolution over `N` axes, 1 or 2, which undoes the extents of a [`Conv`](crate::Conv) with the same
/// settings: `[samples, in, ..]` to `[samples, out, ..]`, with extents
/// `(extent − 1)·stride − 2·padding + dilation·(kernel − 1) + extra + 1`.
///
/// Parameters: `weight`, `[in, out/groups, kernel..]`, and unless left out `bias`, `[out]`, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct ConvTranspose<const N: usize> {
    kernel: [usize; N],
    settings: TransposedSettings<N>,
    weight: ParamId,
    bias: Option<ParamId>,
}

/// A transposed convolution over `[samples, in, length]`.
pub type ConvTranspose1d = ConvTranspose<1>;

/// A transposed convolution over `[samples, in, height, width]`.
pub type ConvTranspose2d = ConvTranspose<2>;

/// What a transposed convolution has settings for.
#[derive(Clone, Copy, Debug)]
pub struct TransposedSettings<const N: usize> {
    /// Steps between windows, at least 1.
    pub stride: [usize; N],
    /// Zeros around the input of the convolution that this transposes: places cut off here.
    pub padding: [usize; N],
    /// Added to the extents (PyTorch's `output_padding`); below the stride or the dilation.
    pub extra: [usize; N],
    /// Steps between the places of a window, at least 1.
    pub dilation: [usize; N],
    /// Into how many groups the channels fall, a divisor of the input's and the output's.
    pub groups: usize,
    /// How weights start.
    pub weight: Initial,
    /// How biases start; nothing for a layer without.
    pub bias: Option<Initial>,
}

impl<const N: usize> Default for TransposedSettings<N> {
    /// Stride 1, no padding, dilation 1, one group, [`Initial::HeNormal`] weights (He 2015), biases 0.
    fn default() -> Self {
        TransposedSettings {
            stride: [1; N],
            padding: [0; N],
            extra: [0; N],
            dilation: [1; N],
            groups: 1,
            weight: Initial::HeNormal,
            bias: Some(Initial::Constant(0.0)),
        }
    }
}

impl<const N: usize> ConvTranspose<N> {
    /// With the default settings.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels_in: usize, channels_out: usize, kernel: [usize; N]) -> Self {
        ConvTranspose::with(scope, channels_in, channels_out, kernel, TransposedSettings::default())
    }

    /// With these settings. Channels that do not divide into the groups are a mistake that the [`Params`](autodiff::Params)
    /// and every tape give; other settings are checked where the layer runs.
    pub fn with<T: Real>(
        mut scope: Scope<'_, T>,
        channels_in: usize,
        channels_out: usize,
        kernel: [usize; N],
        settings: TransposedSettings<N>,
    ) -> Self {
        const { assert!(N == 1 || N == 2, "convolutions are over one axis or two") };
        let of_group = channels_out.checked_div(settings.groups).unwrap_or(0);
        let shape: Vec<usize> = [channels_in, of_group].into_iter().chain(kernel).collect();
        // A unit reads `in/groups` channels: the fans are those of the transposed axes.
        let in_group = channels_in.checked_div(settings.groups).unwrap_or(0);
        let fans: Vec<usize> = [channels_out, in_group].into_iter().chain(kernel).collect();
        check_groups(&mut scope, channels_in, channels_out, settings.groups);
        let weight = settings.weight.register(&mut scope, "weight", &shape, &fans);
        let bias = settings.bias.map(|bias| bias.register(&mut scope, "bias", &[channels_out], &fans));
        ConvTranspose { kernel, settings, weight, bias }
    }

    fn check(&self) -> Check {
        let TransposedSettings { stride, extra, dilation, .. } = self.settings;
        check_windows(self.kernel, stride, dilation)?;
        let below = (0..N).all(|axis| extra[axis] < stride[axis].max(dilation[axis]));
        require("extra", format_args!("{extra:?}"), below, "below the stride or the dilation")
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
        if let Err(reason) = self.check() {
            return invalid_input(name::<N>("conv_transpose1d", "conv_transpose2d"), reason, x);
        }
        let TransposedSettings { stride, padding, extra, dilation, groups, .. } = self.settings;
        let placement = Placement {
            stride: two(stride, 1),
            padding: two::<N, _>(padding.map(|zeros| [zeros; 2]), [0; 2]),
            dilation: two(dilation, 1),
            groups,
        };
        let weight = with_two_axes::<T, N>(x.recording().param(self.weight));
        let y = with_two_axes::<T, N>(x).conv_transpose2d(weight, placement, two(extra, 0));
        finish::<T, N>(y, self.bias)
    }
}
