//! Pooling: the largest value or the mean of each window.

use autodiff::{Real, Tensor, Var, keep};

use smallvec::SmallVec;

use crate::module::Module;
use crate::refusal::refuse;

/// What is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The largest value. Values that tie share the gradient evenly.
    Max,
    /// The mean.
    Average,
}

/// Pooling over `N` axes: `[samples, channels, ..]` to the same with extents
/// `(extent + 2·padding − dilation·(kernel − 1) − 1)/stride + 1`, rounded down, or up by [`Pool::ceil`].
///
/// Padding stands for nothing under [`Pooling::Max`] and for zeros under [`Pooling::Average`], which counts them, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Pool<const N: usize> {
    pooling: Pooling,
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    ceil: bool,
    counts_padding: bool,
}

impl<const N: usize> Pool<N> {
    /// Windows of these extents, side by side.
    pub fn new(pooling: Pooling, kernel: [usize; N]) -> Self {
        let (padding, dilation) = ([0; N], [1; N]);
        Pool { pooling, kernel, stride: kernel, padding, dilation, ceil: false, counts_padding: true }
    }

    /// The largest value of windows of these extents, side by side.
    pub fn max(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Max, kernel)
    }

    /// The mean of windows of these extents, side by side.
    pub fn average(kernel: [usize; N]) -> Self {
        Pool::new(Pooling::Average, kernel)
    }

    /// Steps between windows, instead of their extents.
    #[must_use]
    pub fn stride(self, stride: [usize; N]) -> Self {
        Pool { stride, ..self }
    }

    /// Places added before and after: at most half a window.
    #[must_use]
    pub fn padding(self, padding: [usize; N]) -> Self {
        Pool { padding, ..self }
    }

    /// Steps between the places of a window, instead of 1.
    #[must_use]
    pub fn dilation(self, dilation: [usize; N]) -> Self {
        Pool { dilation, ..self }
    }

    /// A last window may reach past the end, if it starts before it.
    #[must_use]
    pub fn ceil(self) -> Self {
        Pool { ceil: true, ..self }
    }

    /// Means are over the places that lie in the value.
    #[must_use]
    pub fn without_padding_in_means(self) -> Self {
        Pool { counts_padding: false, ..self }
    }

    /// What stands around axis `axis` of this extent: padding before, padding after, and what the last window reaches past
    /// that. Nothing if no window fits.
    fn around(&self, axis: usize, extent: usize) -> Option<[usize; 3]> {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        let reach = self.dilation[axis].checked_mul(self.kernel[axis].checked_sub(1)?)?;
        if stride == 0 || self.dilation[axis] == 0 || padding > self.kernel[axis] / 2 {
            return None;
        }
        let spare = extent.checked_add(2 * padding)?.checked_sub(reach)?.checked_sub(1)?;
        // One more window if it starts inside the value or the padding before it.
        let more = self.ceil && !spare.is_multiple_of(stride) && (spare / stride + 1) * stride < extent + padding;
        let past = if more { (spare / stride + 1) * stride - spare } else { 0 };
        Some([padding, padding, past])
    }

    /// How many places of each window lie in the value, or in the padding if that counts, along one axis.
    fn counts(&self, axis: usize, extent: usize, [before, after, past]: [usize; 3]) -> Vec<f64> {
        let reach = self.dilation[axis] * (self.kernel[axis] - 1);
        let windows = (extent + before + after + past - reach - 1) / self.stride[axis] + 1;
        let counted = if self.counts_padding { 0..extent + before + after } else { before..before + extent };
        let places =
            |window: usize| (0..self.kernel[axis]).map(move |k| window * self.stride[axis] + k * self.dilation[axis]);
        (0..windows).map(|window| places(window).filter(|place| counted.contains(place)).count() as f64).collect()
    }
}

impl<T: Real, const N: usize> Module<T> for Pool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 {
            return refuse("pool", format!("takes [samples, channels, ..] with {N} axes behind"), x);
        }
        let outside = if self.pooling == Pooling::Max { f64::NEG_INFINITY } else { 0.0 };
        let (mut y, mut share) = (x, None::<Var<'t, T>>);
        for axis in 0..N {
            let extent = shape[2 + axis];
            let Some(around) = self.around(axis, extent) else {
                let reason = "no window fits: kernel, stride and dilation must be at least 1, the padding at most half the \
                              kernel, and the window no larger than the padded value";
                return refuse("pool", reason, x);
            };
            let [before, after, past] = around;
            if before + after + past > 0 {
                y = y.pad(2 + axis, before, after + past, outside);
            }
            y = y.windows(2 + axis, self.kernel[axis], self.stride[axis], self.dilation[axis]);
            if self.pooling == Pooling::Average {
                let counts = self.counts(axis, extent, around);
                let shares = Tensor::from_fn([counts.len()], |k| T::ONE / T::from_f64(counts[k]));
                let along = x.recording().constant(&shares);
                share = match share {
                    Some(share) => Some(share.unsqueeze(axis) * along),
                    None => Some(along),
                };
            }
        }
        let windows: SmallVec<[usize; 4]> = (N + 2..2 * N + 2).collect();
        match share {
            Some(share) => y.sum(&windows[..]) * share,
            None => y.max(&windows[..]),
        }
    }
}

/// Pooling over all axes behind the channels: `[samples, channels, ..]` to `[samples, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct GlobalPool(pub Pooling);

impl<T: Real> Module<T> for GlobalPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let behind: SmallVec<[usize; 4]> = (2..x.shape().map_or(2, |shape| shape.rank())).collect();
        match self.0 {
            Pooling::Max => x.max(&behind[..]),
            Pooling::Average => x.mean(&behind[..]),
        }
    }
}

/// Pooling to given extents, whatever those of the input are: window `i` of `places` covers `⌊i·extent/places⌋` up to
/// `⌈(i + 1)·extent/places⌉`, as in PyTorch. Windows overlap where the extent is no multiple.
#[derive(Clone, Copy, Debug)]
pub struct AdaptivePool<const N: usize> {
    /// What is taken of a window.
    pub pooling: Pooling,
    /// Extents of the output.
    pub places: [usize; N],
}

impl<T: Real, const N: usize> Module<T> for AdaptivePool<N> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.rank() != N + 2 || self.places.contains(&0) {
            let reason = format!("takes [samples, channels, ..] with {N} axes behind, and gives each at least 1 place");
            return refuse("adaptive_pool", reason, x);
        }
        // A window is a product of ranges, so the axes can be pooled one after the other.
        let mut y = x;
        for (axis, places) in self.places.into_iter().enumerate() {
            let (axis, extent) = (2 + axis, shape[2 + axis]);
            let mut windows = Vec::new();
            for i in 0..places {
                let window = y.narrow(axis, i * extent / places..((i + 1) * extent).div_ceil(places));
                windows.push(match self.pooling {
                    Pooling::Max => window.max(keep(axis)),
                    Pooling::Average => window.mean(keep(axis)),
                });
            }
            y = y.recording().concatenate(windows, axis);
        }
        y
    }
}
